"""What is looked at beside a run, every second: processes, queues, and what the relays have not published yet."""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Self

from amqp.exceptions import AMQPError, NotFound
from kombu import Connection
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.bench import proc
from tests.bench.judging import Noise
from tests.bench.track import Track

EVERY_SECONDS: Final = 1.0
SUPERVISOR, BENCH = "supervisor", "bench"
Families = Mapping[str, Sequence[int]]
_PENDING: Final = {"pending_since": {"$exists": True}}
_MEGABYTE: Final = 1e6
_NO_LAG: Final = (0, 0.0)


@dataclass(frozen=True)
class Look:
    """Everything at one instant; `cpu` in seconds since each process began."""

    at: float
    cpu: dict[str, float]
    rss: dict[str, int]
    machine: float
    stolen: float


@dataclass(frozen=True)
class Backlog:
    """What nobody has come to yet at one instant: messages ready in the queues of each service, histories with
    something unpublished, and for how many seconds the first of these has waited.
    """

    depths: Mapping[str, int]
    waiting: int
    lag_seconds: float


def families(pids: Mapping[str, int]) -> Families:
    """The processes of each program by its name, those that it started among them."""
    known, found = proc.children(), defaultdict[str, list[int]](list)
    for label, pid in pids.items():
        found[label.partition(":")[0]] += family_of(label, pid, known)
    return found


def look(members: Families) -> Look:
    """All programs at this instant."""
    return Look(
        at=time.time(),
        cpu={name: sum(map(proc.cpu_seconds, pids)) for name, pids in members.items()},
        rss={name: sum(map(proc.rss_bytes, pids)) for name, pids in members.items()},
        machine=proc.machine_cpu_seconds(),
        stolen=proc.stolen_seconds(),
    )


def family_of(label: str, pid: int, known: proc.Children) -> list[int]:
    """A program with its children; those of the supervisor and of ourselves are programs of their own."""
    return [pid] if label in {SUPERVISOR, BENCH} else list(proc.family(pid, known))


def used(before: Look, after: Look) -> dict[str, float]:
    """Processor seconds of each program between two looks."""
    return {name: max(0.0, seconds - before.cpu.get(name, 0.0)) for name, seconds in after.cpu.items()}


def others_percent(before: Look, after: Look) -> float:
    """The share of the machine that programs had which are none of ours: a noisy neighbour."""
    ours, whole = sum(used(before, after).values()), after.machine - before.machine
    return _of_machine(whole - ours, before, after)


def busy_percent(before: Look, after: Look) -> float:
    """How much of the machine anybody used."""
    return _of_machine(after.machine - before.machine, before, after)


def stolen_percent(before: Look, after: Look) -> float:
    """The share of the machine that its host gave to others while it was wanted: who waits then waits for the host."""
    return _of_machine(after.stolen - before.stolen, before, after)


def _of_machine(seconds: float, before: Look, after: Look) -> float:
    available = (after.at - before.at) * (os.cpu_count() or 1)
    return round(max(0.0, 100 * seconds / available), 1) if available > 0 else 0.0


class Queues:
    """How many messages are ready in each of some queues, over one kept connection.

    That is all a client is told: what a service has taken and not acknowledged, at most its prefetch, is not in it.
    """

    def __init__(self, uri: str, names: Mapping[str, Sequence[str]]) -> None:
        self._uri, self._names = uri, names
        self._connection: Connection | None = None
        self._channel: Any = None

    def depths(self) -> dict[str, int]:
        """By consuming service, all its queues together; those that are not there have no depth."""
        found = {who: [self._depth(name) for name in names] for who, names in self._names.items()}
        known = {who: [depth for depth in depths if depth is not None] for who, depths in found.items()}
        return {who: sum(depths) for who, depths in known.items() if depths}

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            with suppress(Exception):
                connection.release()

    def _depth(self, name: str) -> int | None:
        if self._channel is None or not self._channel.is_open:
            self._connection = self._connection or Connection(self._uri)
            self._channel = self._connection.channel()
        try:
            return int(self._channel.queue_declare(name, passive=True).message_count)
        except NotFound:
            return None


class Unpublished:
    """What the histories in some collections (`database.collection`) have not published yet."""

    def __init__(self, uri: str, journals: Sequence[str]) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(uri, tz_aware=True)
        self._journals = [self._client[name.partition(".")[0]][name.partition(".")[2]] for name in journals]

    def lag(self) -> tuple[int, float]:
        """How many aggregates wait, and for how many seconds the first of them has."""
        waiting = sum(journal.count_documents(_PENDING) for journal in self._journals)
        firsts = [self._oldest(journal) for journal in self._journals] if waiting else []
        oldest = min((first for first in firsts if first), default=None)
        return waiting, max(0.0, (datetime.now(UTC) - oldest).total_seconds()) if oldest else 0.0

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    @staticmethod
    def _oldest(journal: Any) -> datetime | None:
        found = journal.find_one(_PENDING, {"pending_since": 1}, sort=[("pending_since", 1)])
        return found["pending_since"] if found else None


class Sampler:
    """Looks on in a thread of its own while a run is on."""

    def __init__(self, pids: Mapping[str, int], queues: Queues, unpublished: Unpublished | None) -> None:
        self._members, self._queues, self._unpublished = families(pids), queues, unpublished
        self._looks: list[Look] = []
        self._backlogs: list[Backlog | None] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sampler", daemon=True)

    def __enter__(self) -> Self:
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._sample()
        self._queues.close()
        if self._unpublished:
            self._unpublished.close()

    @property
    def ends(self) -> tuple[Look, Look]:
        """The first and the last look."""
        return self._looks[0], self._looks[-1]

    @property
    def noise(self) -> Noise:
        """What others had of the machine between these."""
        return Noise(others_percent(*self.ends), stolen_percent(*self.ends))

    def track(self) -> Track:
        """All of it as lists over time."""
        names = sorted({name for one in self._looks for name in one.cpu})
        steps = list(zip(self._looks, self._looks[1:], strict=False))
        seen = self._backlogs[1:]
        queues = sorted({name for one in seen if one for name in one.depths})
        return Track(
            at=[round(one.at - self._looks[0].at, 2) for one in self._looks[1:]],
            cpu_percent={name: [_percent(name, *step) for step in steps] for name in names},
            rss_mb={name: [round(step[1].rss.get(name, 0) / _MEGABYTE, 1) for step in steps] for name in names},
            queued={name: [one.depths.get(name, 0) if one else None for one in seen] for name in queues},
            unpublished=[one.waiting if one else None for one in seen] if self._unpublished else [],
            lag_seconds=[one.lag_seconds if one else None for one in seen] if self._unpublished else [],
        )

    def _watch(self) -> None:
        while not self._done.wait(EVERY_SECONDS):
            self._sample()

    def _sample(self) -> None:
        self._looks.append(look(self._members))
        self._backlogs.append(self._backlog())

    def _backlog(self) -> Backlog | None:
        """None where a server is too busy to be asked."""
        try:
            waiting, seconds = self._unpublished.lag() if self._unpublished else _NO_LAG
            return Backlog(self._queues.depths(), waiting, round(seconds, 3))
        except (AMQPError, OSError, PyMongoError):
            self._queues.close()
            return None


def _percent(name: str, before: Look, after: Look) -> float:
    seconds = after.cpu.get(name, 0.0) - before.cpu.get(name, 0.0)
    return round(max(0.0, 100 * seconds / max(1e-6, after.at - before.at)), 1)
