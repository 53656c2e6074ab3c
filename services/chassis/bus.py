"""One consuming connection a process: raw messages in, acks out, and a stop that hands back what is not in work yet.

nameko's own QueueConsumer acks what it cannot decode and closes its connection before the workers are done; this one
decodes nothing, and keeps the connection until every worker had time to ack.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

from amqp.exceptions import AMQPError, NotFound, PreconditionFailed, RecoverableConnectionError
from eventlet.event import Event as GreenEvent
from kombu import Connection, Consumer, Queue
from kombu.message import Message
from kombu.mixins import ConsumerMixin
from nameko.extensions import ProviderCollector, SharedExtension

from services.chassis import brokers, metrics, topology, wire
from services.chassis.errors import Unavailable
from services.chassis.logs import log
from services.chassis.publish import bound_waits, connect
from services.chassis.settings import Settings

HEARTBEAT_SECONDS = 10  # a frozen broker is left after two of them
SLOWEST_RECONNECT = 3
SETTINGS = "MOTCUA_SETTINGS"
PUBLISHERS = "MOTCUA_PUBLISHERS"
HAS_PUBLISHED = "MOTCUA_HAS_PUBLISHED"
_EMPTY = "broker_came_back_empty"
metrics.begin(metrics.NEEDS_HAND, [_EMPTY])


class Receiver(Protocol):
    """An entrypoint that takes messages off a queue. `receive` may not raise, nor block."""

    queue: Queue

    def receive(self, message: Message) -> None:
        """Take one raw message in hand."""


class _StopConnecting(Exception):
    """The process is to stop while the broker cannot be reached."""


class Bus(SharedExtension, ProviderCollector, ConsumerMixin):
    """The consuming side of a service's broker connection, shared by all its entrypoints."""

    def __init__(self) -> None:
        self._consumers: list[Consumer] = []
        self._channel: Any = None
        self._thread: Any = None
        self._consuming = GreenEvent()
        self._cancelled = GreenEvent()
        self._draining = threading.Event()
        self._acking = threading.Lock()
        self.connected = False  # consuming, as far as anybody here knows
        self.address = ""
        self.lives = 0  # how often it was connected
        super().__init__()

    @property
    def settings(self) -> Settings:
        """The settings of the service that runs in this container."""
        settings: Settings = self.container.config[SETTINGS]
        return settings

    def start(self) -> None:
        """Connect, declare and consume; returns when messages can come."""
        if self._thread is None:
            self._thread = self.container.spawn_managed_thread(self._consume)
        self._consuming.wait()

    def unregister_provider(self, provider: Any) -> None:
        """Take nothing more from any queue; returns when the broker has been told."""
        self._draining.set()
        if self._thread is not None and not self._thread.dead:
            self._cancelled.wait()
        super().unregister_provider(provider)

    def stop(self) -> None:
        """Close the connection: what was delivered but not begun goes back to its queue."""
        self.should_stop = True
        self._draining.set()
        if self._thread is not None:
            self._thread.wait()

    def kill(self) -> None:
        """As `stop`, without waiting."""
        self.should_stop = True
        self._draining.set()

    def is_stopping_within(self, seconds: float) -> bool:
        """Wait, but no longer than until a stop is asked for: whether it was."""
        return self._draining.wait(seconds)

    def ack(self, message: Message) -> None:
        """The effect of this message is durable."""
        self._settle(message.ack)

    def hand_back(self, message: Message) -> None:
        """Somebody else shall take this message."""
        self._settle(partial(message.reject, requeue=True))

    def _settle(self, act: Any) -> None:
        try:
            with self._acking:
                act()
        except (AMQPError, OSError, AttributeError):  # connection gone: the broker has taken it back already
            log.info("message_settled_too_late")

    # What kombu's ConsumerMixin calls.

    @property
    def connection(self) -> Connection:
        """Parameters for the next connection."""
        return connect(self.settings.amqp_uri, heartbeat=HEARTBEAT_SECONDS)

    @contextmanager
    def establish_connection(self) -> Iterator[Connection]:
        """Connect, for as long as it takes; never more than a few seconds behind the broker's return."""
        with self.create_connection() as connection:
            connection.ensure_connection(partial(self._unreached, connection), None, 1, 1, SLOWEST_RECONNECT)
            self.address = brokers.address_of(connection, self.settings.amqp_uri)
            try:
                yield bound_waits(connection)
            except (AMQPError, OSError):
                self.connected = False
                brokers.shun(connection)
                connection.collect()  # without a farewell: a frozen broker would not answer it
                raise

    def get_consumers(self, consumer_class: Any, channel: Any) -> list[Consumer]:
        """Declare what we need and set up a consumer for each queue; called after every (re)connection."""
        self._channel, self._consumers = wire.leave_raw(channel), []
        if self._draining.is_set():
            return []
        publishers = self.container.config[PUBLISHERS]
        if is_unknown(channel.connection.client, self.container.service_name) and self._had_a_broker():
            metrics.needs_hand(_EMPTY)
            log.error(_EMPTY)  # `motcua relay again` is what helps
        declare(channel, self.container.service_name, self.settings.retry_ladder, publishers)
        for receiver in self._providers:
            if receiver.queue.exchange == topology.RPC_EXCHANGE:
                declare_requests(channel.connection.client, receiver.queue)
        self._consumers = [self._consumer(consumer_class, receiver) for receiver in self._providers]
        return self._consumers

    def on_consume_ready(self, *_args: Any, **_kwargs: Any) -> None:
        """Messages can come now."""
        self.connected = True
        self.lives += 1
        log.info("bus_connected", queues=len(self._consumers))
        if not self._consuming.ready():
            self._consuming.send(None)

    def on_iteration(self) -> None:
        """Between messages: cancel the consumers once a stop was asked for.

        Where a worker's ack was the first to find the line dead, kombu silently puts another in its place, on which
        nobody consumes.
        """
        line = self._channel.connection
        if line is None or not line.connected:
            raise RecoverableConnectionError("the line of the consumers is gone")
        if self._draining.is_set() and not self._cancelled.ready():
            for consumer in self._consumers:  # without the lock: what still arrives meanwhile may be acked in here
                consumer.cancel()
            self._cancelled.send(None)

    def on_connection_error(self, exc: Exception, interval: float) -> None:
        """The broker cannot be reached: wait and try again, unless we are to stop."""
        self.connected = False
        log.warning("broker_unreachable", reason=type(exc).__name__, next_try_seconds=interval)
        if self._draining.is_set():
            raise _StopConnecting

    def on_decode_error(self, message: Any, exc: Exception) -> None:
        """kombu would ack it, and so lose it: what cannot even be looked at rests in the dead letters."""
        log.error("message_unreadable", reason=type(exc).__name__)
        message.channel.basic_reject(message.delivery_tag, requeue=False)

    def on_connection_revived(self) -> None:
        """kombu's word for: connecting again after a loss."""
        self.connected = False

    def _had_a_broker(self) -> bool:
        """Whether events of this service may have been on their way: a new installation has never published any."""
        try:
            return bool(self.lives or self.container.config[HAS_PUBLISHED]())
        except Unavailable:
            return True

    def _unreached(self, connection: Connection, exc: Exception, interval: float) -> None:
        brokers.shun(connection)
        self.on_connection_error(exc, interval)

    def _consumer(self, consumer_class: Any, receiver: Receiver) -> Consumer:
        consumer: Consumer = consumer_class(queues=[receiver.queue], on_message=receiver.receive)
        consumer.qos(prefetch_count=self.settings.prefetch)
        return consumer

    def _consume(self) -> None:
        try:
            self.run()
        except _StopConnecting:
            log.info("stopped_while_unconnected")
        finally:
            self.connected = False
            for event in (self._consuming, self._cancelled):
                if not event.ready():
                    event.send(None)


def declare(channel: Any, service: str, ladder: Iterable[float], publishers: Iterable[str]) -> None:
    """Declare everything of a service but its work queues (whose consumers declare them)."""
    for queue in topology.of_service(service, tuple(ladder), tuple(publishers)):
        queue(channel).declare()
    topology.events_exchange(service)(channel).declare()
    topology.RPC_EXCHANGE(channel).declare()


def is_unknown(connection: Connection, service: str) -> bool:
    """Whether the broker does not even know where the dead letters of a service rest."""
    channel = connection.channel()
    try:
        channel.queue_declare(topology.dead_name(service), passive=True)
    except NotFound as error:
        return topology.RECOVERING not in str(error.reply_text)
    channel.close()
    return False


def declare_requests(connection: Connection, queue: Queue) -> None:
    """Declare a queue of requests, anew where there was one of another kind: the brokers were fewer, or more.

    While somebody consumes from that one it stays.
    """
    try:
        queue(connection.channel()).declare()
    except PreconditionFailed:
        if connection.channel().queue_declare(queue.name, passive=True).consumer_count:
            return
        log.warning("requests_declared_anew", queue=queue.name)
        connection.channel().queue_delete(queue.name)
        queue(connection.channel()).declare()
