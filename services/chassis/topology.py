"""Exchanges and queues as values: what a service needs on the broker, declared before it says or hears anything.

<service>.events              topic exchange, nameko's own convention
events.log                    stream bound to every exchange with '#': no event is ever unroutable
<service>.<handler>           quorum queue: delivery limit, dead letter kept at least once
<service>.retry.<delay>s      fan-out exchange + quorum queue of fixed expiry; what expires returns to the work
                              queue that its routing key names
<service>.dead                quorum queue where failures rest, visible and replayable
rpc-<service>                 requests, on several brokers in a quorum queue; nobody waits longer than nameko keeps a
                              reply queue (300 s)
"""

from collections.abc import Iterable, Sequence

from kombu import Exchange, Queue
from kombu.entity import binding

from services.chassis import brokers

DELIVERY_LIMIT = 10
LOOKS_AT_THE_DEAD = 1_000_000_000
LOG = "events.log"
LOG_BYTES = 2_000_000_000
RPC_SECONDS = 300
RECOVERING = "down or inaccessible"  # said of a durable queue that is there, but not yet (3.10 to 4.x)
_PERSISTENT = 2

RPC_EXCHANGE = Exchange("nameko-rpc", type="topic", durable=True)


def events_exchange(service: str) -> Exchange:
    """Where `service` publishes; the same arguments as a stock nameko service declares."""
    return Exchange(f"{service}.events", type="topic", durable=True, delivery_mode=_PERSISTENT)


def events_log(publishers: Iterable[str]) -> Queue:
    """The stream that keeps every event of every publisher."""
    arguments = {"x-queue-type": "stream", "x-max-length-bytes": LOG_BYTES}
    bindings = [binding(events_exchange(name), routing_key="#") for name in publishers]
    return Queue(LOG, bindings=bindings, durable=True, queue_arguments=arguments)


def dead_queue(service: str) -> Queue:
    """Where a service's failed messages rest, however often they are looked at: RabbitMQ 4 drops after 20 by itself."""
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": LOOKS_AT_THE_DEAD}
    return Queue(dead_name(service), durable=True, queue_arguments=arguments)


def dead_name(service: str) -> str:
    """The name of a service's dead letter queue."""
    return f"{service}.dead"


def work_queue(service: str, handler: str, source: str, types: Sequence[str]) -> Queue:
    """The queue of one subscription: several event types of one publisher."""
    exchange = events_exchange(source)
    return Queue(
        f"{service}.{handler}",
        bindings=[binding(exchange, routing_key=type_) for type_ in types],
        durable=True,
        queue_arguments={
            **_lossless(dead_name(service)),
            "x-delivery-limit": DELIVERY_LIMIT,
        },
    )


def rpc_queue(service: str, uri: str) -> Queue:
    """The queue of a service's commands and queries.

    Where `uri` names several brokers, each has a copy of it, so that one may be lost. On one broker a copy would save
    nothing, and cost each request a write: callers ask again.
    """
    kind = {"x-queue-type": "quorum"} if brokers.are_several(uri) else {}
    return Queue(
        f"rpc-{service}",
        exchange=RPC_EXCHANGE,
        routing_key=f"{service}.*",
        durable=True,
        queue_arguments={**kind, "x-message-ttl": RPC_SECONDS * 1000},
    )


def rung_exchange(service: str, seconds: float) -> Exchange:
    """The way onto one rung of a service's retry ladder."""
    return Exchange(f"{service}.retry.{seconds:g}s", type="fanout", durable=True, delivery_mode=_PERSISTENT)


def rung_queue(service: str, seconds: float) -> Queue:
    """One rung: what expires goes to the default exchange under its own routing key, the work queue's name."""
    arguments = {**_lossless(None), "x-message-ttl": int(seconds * 1000)}
    name = f"{service}.retry.{seconds:g}s"
    return Queue(name, exchange=rung_exchange(service, seconds), durable=True, queue_arguments=arguments)


def of_service(service: str, ladder: Sequence[float], publishers: Iterable[str]) -> list[Queue]:
    """Everything but the work queues that `service` needs, in an order that can be declared."""
    return [events_log(publishers), dead_queue(service), *(rung_queue(service, seconds) for seconds in ladder)]


def _lossless(dead_letter_to: str | None) -> dict[str, object]:
    arguments: dict[str, object] = {
        "x-queue-type": "quorum",
        "x-dead-letter-exchange": "",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
    return {**arguments, "x-dead-letter-routing-key": dead_letter_to} if dead_letter_to else arguments
