"""`@subscribe`: a method that handles events of another service, at least once, its effect once.

    @subscribe("routing", "case_accepted", "case_rejected")
    def mirror_case(self, message: Received) -> None: ...

The message is acked after the method returns. When it raises, `retry` says where the message goes; the ack follows
the broker's confirm. An event that cannot be read rests in the dead letters with its reason.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from kombu import Queue
from kombu.message import Message
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint, SharedExtension
from prometheus_client import Gauge

from services.chassis import cause, clock, codec, metrics, reach, retry, spans, topology
from services.chassis.bus import SETTINGS, Bus
from services.chassis.cause import Cause
from services.chassis.errors import Invalid, ServiceError, Unavailable
from services.chassis.failpoint import failpoint
from services.chassis.logs import about, log
from services.chassis.publish import Outgoing, Publisher
from services.contracts import events
from services.contracts.envelope import BadEnvelope, Envelope, read_headers
from services.contracts.event import Event

F = TypeVar("F", bound=Callable[..., Any])
LONGEST_EVENT = 1_000_000
_SECONDS_BETWEEN_TRIES = 3.0


@dataclass(frozen=True, slots=True)
class Received:
    """An event as its handler gets it: what was said, about which dossier, and the cause that it is.

    `replay` names the act of a person who sent it back from the dead letters: to him it may mean more than that it
    comes once more. It comes as often as the message does.
    """

    event: Event
    envelope: Envelope
    cause: Cause
    replay: str | None = None

    @property
    def dossier_code(self) -> str:
        """The subject of the event."""
        return self.envelope.subject


class Forwarder(SharedExtension):
    """Confirmed publishing of failed messages, one connection a process."""

    publisher: Publisher

    def setup(self) -> None:
        """Make the publisher; it connects when it is first needed. What it sends up the ladder is looked at."""
        settings, service = self.container.config[SETTINGS], self.container.service_name
        self.publisher = Publisher(settings.amqp_uri)
        rungs = (topology.rung_queue(service, seconds) for seconds in settings.retry_ladder)
        reach.watched.update(("retry", rung.name) for rung in rungs)

    def stop(self) -> None:
        """Close its connection."""
        self.publisher.close()


class Subscribe(Entrypoint):
    """The entrypoint behind `@subscribe`."""

    bus = Bus()
    forwarder = Forwarder()
    queue: Queue

    def __init__(self, source: str, *types: str) -> None:
        super().__init__()
        self.source, self.types = source, types

    def setup(self) -> None:
        """Name the queue after the service and the handler, and register it."""
        self.queue = topology.work_queue(self.container.service_name, self.method_name, self.source, self.types)
        reach.watched.add(("work", self.queue.name))
        self.bus.register_provider(self)

    def stop(self) -> None:
        """Take no more messages."""
        self.bus.unregister_provider(self)

    def receive(self, message: Message) -> None:
        """Read one raw message and give it to a worker."""
        try:
            received = self._wanted(read_event(message))
        except Exception as error:  # noqa: BLE001 – whatever it is, it must not stop the ones behind
            self.container.spawn_managed_thread(partial(self._forward, message, error))
            return
        self._in_hand.inc()
        try:
            settle = partial(self._settle, message, received, perf_counter())
            self.container.spawn_worker(self, (received,), {}, context_data={}, handle_result=settle)
        except ContainerBeingKilled:
            self._in_hand.dec()
            self.bus.hand_back(message)

    def _wanted(self, received: Received) -> Received:
        """What this handler subscribed to, not what a binding of an earlier version still brings. Raises Invalid."""
        envelope = received.envelope
        if envelope.source != self.source or envelope.type not in self.types:
            raise Invalid("message.not_subscribed", "Nothing here handles such events.", "Không xử lý sự kiện này.")
        return received

    def _settle(
        self, message: Message, received: Received, began: float, _worker: Any, result: Any, exc_info: Any
    ) -> Any:
        with about(correlation=received.cause.correlation, dossier=received.dossier_code, event=received.envelope.id):
            if exc_info is None:
                failpoint("subscribe.before_ack")
                self.bus.ack(message)
                self._count("done", began)
                self._tell_age(received.envelope)
                spans.handled(self.queue.name, message.headers, received.cause.trace, began, "done")
            else:
                self._forward(message, exc_info[1], began, received.cause.trace)
        self._in_hand.dec()
        return result, None

    @property
    def _in_hand(self) -> Gauge:
        return metrics.IN_HAND.labels(self.queue.name)

    def _tell_age(self, envelope: Envelope) -> None:
        """Since it was written: none by a clock that was ahead, and not to be told where that cannot be read."""
        with suppress(ValueError, TypeError):
            age = clock.now() - datetime.fromisoformat(envelope.time)
            metrics.EVENT_AGES.labels(self.queue.name).observe(max(0.0, age.total_seconds()))

    def _count(self, outcome: str, began: float) -> None:
        metrics.MESSAGES.labels(self.queue.name, outcome).observe(perf_counter() - began)

    def _forward(
        self, message: Message, error: BaseException, began: float | None = None, trace: str | None = None
    ) -> None:
        """Send a failed message on its way, and ack it once the broker has confirmed that.

        While the broker takes nothing (an alarm may last for hours) the message waits in hand: to hand it back at once
        would use up its deliveries for what is not its fault.
        """
        failed = retry.Failed(
            id=str(message.properties.get("message_id") or message.delivery_tag),
            queue=self.queue.name,
            body=as_bytes(message.body),
            headers=message.headers or {},
            content_type=message.content_type or "application/octet-stream",
        )
        ladder, service = self.bus.settings.retry_ladder, self.container.service_name
        onward = retry.next_step(service, ladder, failed, error, clock.now().isoformat())
        _log_failure(onward, error)
        outcome, began = retry.outcome_of(onward, error), perf_counter() if began is None else began
        self._count(outcome, began)
        spans.handled(self.queue.name, failed.headers, trace, began, outcome, error)
        try:
            confirmed = self._sent_on(onward)
        except Exception:  # noqa: BLE001 – headers that came but cannot be sent: after ten deliveries it rests
            log.exception("message_not_forwarded")
            confirmed = False
        (self.bus.ack if confirmed else self.bus.hand_back)(message)

    def _sent_on(self, onward: Outgoing) -> bool:
        while True:
            with suppress(Unavailable):
                if self.forwarder.publisher.publish([onward])[0]:
                    return True
            if self.bus.is_stopping_within(_SECONDS_BETWEEN_TRIES):
                return False


def subscribe(source: str, *types: str) -> Callable[[F], F]:
    """Handle the events `types` of `source`; see the module."""
    return Subscribe.decorator(source, *types)


def read_event(message: Message) -> Received:
    """The event a raw message carries. Raises Invalid, naming the reason."""
    try:
        envelope = read_headers(message.headers or {})
        data = codec.decode(as_bytes(message.body), LONGEST_EVENT)
        event = events.read(envelope.source, envelope.type, envelope.v, data)
    except (BadEnvelope, events.UnknownEvent, events.BadEvent) as error:
        raise Invalid("message.not_an_event", str(error), "Thông điệp không hợp lệ.") from error
    replay = (message.headers or {}).get(retry.REPLAY)
    return Received(event, envelope, cause.of_event(envelope), replay if isinstance(replay, str) else None)


def as_bytes(body: Any) -> bytes:
    """A message body as it came: kombu hands text where the sender declared an encoding."""
    return body.encode() if isinstance(body, str) else bytes(body)


def _log_failure(onward: Outgoing, error: BaseException) -> None:
    known = isinstance(error, ServiceError)
    where = "dead" if retry.is_dead(onward) else "ladder"
    report = log.warning if known else log.error
    report(
        "message_failed",
        queue=onward.headers[retry.QUEUE],
        attempt=onward.headers[retry.ATTEMPT],
        outages=onward.headers.get(retry.OUTAGES, 0),
        goes_to=where,
        reason=onward.headers[retry.REASON],
        exc_info=None if known else (type(error), error, error.__traceback__),
    )
