"""The broker in memory: what the relays publish goes to every handler that asked for it, as often as the weather wants.

Handlers are found where nameko finds them: in the `@subscribe` marks of the service classes.
"""

import inspect
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Final

from services.chassis import retry, topology
from services.chassis.errors import Conflict, NotFound, Unavailable
from services.chassis.publish import Outgoing
from services.chassis.service import Service
from services.chassis.subscribe import Received, Subscribe, read_event
from tests.unit.simulation import faults
from tests.unit.simulation.chance import Chance

MOST_TRIES: Final = 200
_WAITS_FOR_SOMETHING: Final = (NotFound, Conflict, Unavailable)


class Stuck(BaseException):
    """A message that no handler will ever take. Nothing that catches errors for a living may catch this."""


@dataclass(frozen=True, eq=False)  # there is one of each
class Handler:
    """A method that hears events of one source."""

    service: str
    verb: str
    source: str
    types: tuple[str, ...]

    @property
    def queue(self) -> str:
        """The queue it works on."""
        return topology.work_queue(self.service, self.verb, self.source, self.types).name


@dataclass
class Delivery:
    """One copy of an event on its way to one handler."""

    handler: Handler
    message: Outgoing
    tries: int = 0

    def __str__(self) -> str:
        return f"{self.handler.service}.{self.handler.verb} ← {self.message.routing_key} {about(self.message)}"


class Bus:
    """Everything published, and what is still to be delivered of it."""

    def __init__(self, handlers: Sequence[Handler], chance: Chance) -> None:
        self._chance = chance
        self._hearing: dict[tuple[str, str], list[Handler]] = {}
        for handler in handlers:
            for type_ in handler.types:
                self._hearing.setdefault((f"{handler.source}.events", type_), []).append(handler)
        self.published: dict[str, Outgoing] = {}
        self._read: dict[str, Received] = {}
        self.ready: list[Delivery] = []
        self.waiting: list[Delivery] = []  # on the retry ladder

    def hear_late(self, messages: Iterable[Outgoing], services: Collection[str]) -> None:
        """Some services have not heard these yet."""
        for message in messages:
            for _ in range(self._chance.weather.copies):
                self.ready += [copy for copy in self._copies(message) if copy.handler.service in services]
        self._chance.felt[faults.CATALOGUE_HEARD_LATE] += len(self.ready)

    def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """As a `Publisher`: whether the broker confirmed each message."""
        return [self._hand_over(message) for message in messages]

    def check(self) -> None:
        """As a `Publisher`."""

    def close(self) -> None:
        """As a `Publisher`."""

    def send_again(self) -> None:
        """Everything that was ever published comes once more."""
        for message in self.published.values():
            self.ready += self._copies(message)

    def next(self) -> Delivery:
        """The next delivery, out of those that are ready."""
        place = self._chance.draw(len(self.ready))
        self._chance.felt[faults.OUT_OF_ORDER] += place > 0
        return self.ready.pop(place)

    def read(self, message: Outgoing) -> Received:
        """What a handler gets; each message is read from the wire once."""
        if message.id not in self._read:
            self._read[message.id] = received(message)
        return self._read[message.id]

    def _hand_over(self, message: Outgoing) -> bool:
        """Whether it is confirmed: what is not may have been lost on its way there, or its confirm on its way back."""
        if not self._chance.happens(self._chance.weather.faults):
            self._take(message)
            return True
        is_taken = self._chance.draw(2) == 1
        if is_taken:
            self._take(message)
        self._chance.felt[faults.NOT_CONFIRMED_THOUGH_TAKEN if is_taken else faults.NOT_CONFIRMED] += 1
        self._chance.note(f"! not confirmed{', though taken' if is_taken else ''}: {message.routing_key}")
        return False

    def put_off(self, delivery: Delivery, error: Exception) -> None:
        """A handler failed: the message waits on its ladder. Raises Stuck where it could only rest in the dead letters.

        A mistake of ours (any error that does not say «wait») would be tried again in life; here it is found at once.
        """
        delivery.tries += 1
        failed = retry.Failed(delivery.message.id, delivery.handler.queue, b"", {}, "application/json")
        onward = retry.next_step(delivery.handler.service, (1.0,), failed, error, "")
        if onward.exchange == "" or not isinstance(error, _WAITS_FOR_SOMETHING) or delivery.tries > MOST_TRIES:
            raise Stuck(f"{delivery}: {retry.reason_of(error)}") from error
        self._chance.note(f"  waits: {delivery}: {retry.reason_of(error)}")
        self.waiting.append(delivery)

    def come_back(self) -> None:
        """What waited is ready again."""
        self.ready += self.waiting
        self.waiting = []

    def _take(self, message: Outgoing) -> None:
        first = message.id not in self.published
        self.published[message.id] = message
        for _ in range(self._chance.weather.copies if first else 1):
            self.ready += self._copies(message)

    def _copies(self, message: Outgoing) -> Iterator[Delivery]:
        hearing = self._hearing.get((message.exchange, message.routing_key), ())
        return (Delivery(handler, message) for handler in hearing)


def handlers_of(kind: type[Service]) -> list[Handler]:
    """The handlers of a service class."""
    return [
        Handler(kind.name, verb, entrypoint.source, entrypoint.types)
        for verb, method in sorted(inspect.getmembers(kind, inspect.isfunction))
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if isinstance(entrypoint, Subscribe)
    ]


def received(message: Outgoing) -> Received:
    """The message as `@subscribe` reads it from the wire."""
    wire: Any = SimpleNamespace(headers=message.headers, body=message.body)
    return read_event(wire)


def about(message: Outgoing) -> str:
    """The subject of an event."""
    return str(message.headers["cloudEvents:subject"])
