"""What every subscriber could hear: the stream `events.log`, read to its end and compared with the books.

The stream is bound as any subscriber's queue is, and nothing is ever taken from it: what is missing there, comes twice
or comes too early, is so for everybody.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from services.chassis import topology
from services.chassis.publish import connect
from tests.integration.books import JOURNALS, Books

_AT_ONCE: Final = 500
_SILENCE_SECONDS: Final = 0.5
_READ_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the stream: whose it is, and its place in that history."""

    id: str
    aggregate: str
    sequence: int


class Ledger:
    """Which events were heard, and what was wrong with how they came."""

    def __init__(self) -> None:
        self.times: dict[str, int] = {}
        self.duplicates = 0
        self._last: dict[str, int] = {}

    def note(self, heard: Heard) -> str:
        """One more message; what is wrong with when it comes, or nothing."""
        again = self.times.get(heard.id, 0)
        self.times[heard.id] = again + 1
        if again:
            self.duplicates += 1
            return ""
        last = self._last.get(heard.aggregate, 0)
        self._last[heard.aggregate] = heard.sequence
        wanted = last + 1
        return "" if heard.sequence == wanted else f"{heard.aggregate}: number {heard.sequence} came for {wanted}"

    def compare(self, written: Iterable[str]) -> Iterator[str]:
        """What was written and never heard, and what was heard and never written."""
        known = set(written)
        lost, ghosts = known - self.times.keys(), self.times.keys() - known
        yield from (f"event {id_} was written and never published" for id_ in sorted(lost))
        yield from (f"event {id_} was published and is in no history" for id_ in sorted(ghosts))


class Stream:
    """The stream of one stack, read from its beginning."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env
        self._next: Any = "first"
        self.ledger = Ledger()
        self.strange: list[str] = []  # what came too early
        self.planted: set[str] = set()  # ids that the rig itself has published, and nobody wrote

    def read(self) -> int:
        """Read to the end; how many events were told more than once since the last time."""
        before = self.ledger.duplicates
        with connect(self._env["MOTCUA_AMQP_URI"]) as connection:
            channel: Any = connection.channel()
            channel.basic_qos(0, _AT_ONCE, False)
            channel.basic_consume(topology.LOG, callback=self._take, arguments={"x-stream-offset": self._next})
            self._drain(channel.connection)
        return self.ledger.duplicates - before

    def wrong(self) -> list[str]:
        """What does not agree with the histories; read it first."""
        with Books(self._env) as books:
            missing = list(self.ledger.compare(_written(books)))
        return [*self.strange, *missing]

    def _drain(self, connection: Any) -> None:
        until = time.monotonic() + _READ_SECONDS
        with suppress(TimeoutError):
            while time.monotonic() < until:
                connection.drain_events(timeout=_SILENCE_SECONDS)

    def _take(self, message: Any) -> None:
        headers = message.headers
        self._next = headers["x-stream-offset"] + 1
        message.channel.basic_ack(message.delivery_tag)
        id_ = str(message.properties.get("message_id", ""))
        if id_ in self.planted:
            return
        heard = Heard(id_, str(headers.get("cloudEvents:aggregate")), int(headers.get("cloudEvents:sequence", 0)))
        if wrong := self.ledger.note(heard):
            self.strange.append(wrong)


def _written(books: Books) -> Iterator[str]:
    """The id of every event in every history."""
    for name in JOURNALS:
        for document in books.collection(name).find({}, {"history.id": 1}):
            yield from (entry["id"] for entry in document["history"])
