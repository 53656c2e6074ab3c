"""What every subscriber could hear: the stream `events.log`, read to its end and compared with the books.

The stream is bound as any subscriber's queue is, and nothing is ever taken from it: what is missing there, comes twice
or comes too early, is so for everybody.
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Final

from services.chassis import topology
from services.chassis.publish import connect
from tests.chaos.rebuilt import Rebuilt
from tests.integration.books import JOURNALS, Books

_AT_ONCE: Final = 500
_SILENCE_SECONDS: Final = 0.5
_LOOKS: Final = 3  # for what seems to be missing: a busy broker may be silent for longer amid its stream
_READ_SECONDS: Final = 120.0


def digest(type_: str, aggregate_id: str, sequence: int, data: Any, hash_: str = "") -> bytes:
    """Of all that an event says: its type, whose it is, its place in that history, its data, and its link there."""
    told = json.dumps([type_, aggregate_id, sequence, data, hash_], sort_keys=True, ensure_ascii=False)
    return blake2b(told.encode("utf-8", "replace"), digest_size=16).digest()


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of the stream: who published it, whose it is, its place in that history, and a digest of it all."""

    id: str
    source: str
    aggregate: str
    sequence: int
    said: bytes


class Ledger:
    """Which events were heard, and what was wrong with how they came.

    Where the past of the stream was lost, a history counts from the moment when it is told from its beginning: what
    came of it before that is the rest of what was lost, and must come again.
    """

    def __init__(self, *, past_is_lost: bool = False) -> None:
        self._past_is_lost = past_is_lost
        self.rests = 0  # how many events came without what was before them
        self.times: dict[str, int] = {}
        self.twice = Counter[str]()  # how many came once more, by who published them
        self._said: dict[str, bytes] = {}
        self._last: dict[str, int] = {}

    def note(self, heard: Heard) -> str:
        """One more message; what is wrong with when it comes, or nothing."""
        if self._past_is_lost and heard.sequence > 1 and heard.aggregate not in self._last:
            self.rests += 1
            return ""
        again = self.times.get(heard.id, 0)
        self.times[heard.id] = again + 1
        if again:
            self.twice[heard.source] += 1
            return "" if heard.said == self._said[heard.id] else f"event {heard.id} was told in two ways"
        self._said[heard.id] = heard.said
        last = self._last.get(heard.aggregate, 0)
        self._last[heard.aggregate] = heard.sequence
        wanted = last + 1
        return "" if heard.sequence == wanted else f"{heard.aggregate}: number {heard.sequence} came for {wanted}"

    def compare(self, written: Mapping[str, bytes]) -> Iterator[str]:
        """What was written (a digest by id) and never heard, heard and never written, or heard in other words."""
        lost, ghosts = written.keys() - self.times.keys(), self.times.keys() - written.keys()
        altered = [id_ for id_ in written.keys() & self._said.keys() if written[id_] != self._said[id_]]
        yield from (f"event {id_} was written and never published" for id_ in sorted(lost))
        yield from (f"event {id_} was published and is in no history" for id_ in sorted(ghosts))
        yield from (f"event {id_} was published otherwise than it was written" for id_ in sorted(altered))


class Stream:
    """The stream of one stack, read from its beginning."""

    def __init__(self, env: Mapping[str, str], *, past_is_lost: bool = False) -> None:
        self._env = env
        self._next: Any = "first"
        self.ledger = Ledger(past_is_lost=past_is_lost)
        self._rebuilt = Rebuilt()
        self.strange: list[str] = []  # what came too early

    def read(self, silence: float = _SILENCE_SECONDS) -> int:
        """Read until it is silent for so many seconds; how many events were told more than once since the last time."""
        before = self.ledger.twice.total()
        with connect(self._env["MOTCUA_AMQP_URI"]) as connection:
            channel: Any = connection.channel()
            channel.basic_qos(0, _AT_ONCE, False)
            channel.basic_consume(topology.LOG, callback=self._take, arguments={"x-stream-offset": self._next})
            self._drain(channel.connection, silence)
        return self.ledger.twice.total() - before

    def wrong(self) -> list[str]:
        """What does not agree with the histories, or makes another registry than is stored; read it first."""
        with Books(self._env) as books:
            written = dict(_written(books))
            for _ in range(_LOOKS):
                if not list(self.ledger.compare(written)):
                    break
                self.read(silence=10 * _SILENCE_SECONDS)
            return [*self.strange, *self.ledger.compare(written), *self._rebuilt.compare(books)]

    def _drain(self, connection: Any, silence: float) -> None:
        until = time.monotonic() + _READ_SECONDS
        with suppress(TimeoutError):
            while time.monotonic() < until:
                connection.drain_events(timeout=silence)

    def _take(self, message: Any) -> None:
        headers = message.headers
        self._next = headers["x-stream-offset"] + 1
        message.channel.basic_ack(message.delivery_tag)
        id_ = str(message.properties.get("message_id", ""))
        self._rebuilt.note(headers, message.body)
        if wrong := self.ledger.note(heard(id_, headers, message.body)):
            self.strange.append(wrong)


def heard(id_: str, headers: Mapping[str, Any], body: Any) -> Heard:
    """A message as it came; what is no JSON is like nothing that was ever written."""
    told = {name: headers.get(f"cloudEvents:{name}") for name in ("source", "type", "aggregate", "sequence")}
    aggregate, sequence = str(told["aggregate"]), int(told["sequence"] or 0)
    try:
        data = json.loads(body)
    except ValueError:
        data = None
    link = str(headers.get("cloudEvents:hash", ""))
    said = digest(str(told["type"]), aggregate.partition("/")[2], sequence, data, link)
    return Heard(id_, str(told["source"]).removeprefix("/"), aggregate, sequence, said)


def _written(books: Books) -> Iterator[tuple[str, bytes]]:
    """Every event in every history: its id, and a digest of it."""
    shown = {f"history.{name}": 1 for name in ("id", "type", "seq", "data", "hash")}
    for name in JOURNALS:
        for document in books.collection(name).find({}, shown):
            for entry in document["history"]:
                said = (entry["type"], str(document["_id"]), entry["seq"], entry["data"], entry.get("hash", ""))
                yield entry["id"], digest(*said)
