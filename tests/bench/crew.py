"""Driver processes: clients by the dozen, a thread each, apart from what is measured and from each other."""

import multiprocessing
import os
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, Final, Self

from tests.bench.client import Client, Lived
from tests.bench.ears import Ears
from tests.bench.world import Offer, World

_SPAWN: Final = multiprocessing.get_context("spawn")
_HEAD_START_SECONDS: Final = 0.5
Turns = tuple[tuple[float | None, ...], ...]  # of each client, when each of its dossiers should begin


class CrewError(Exception):
    """A driver process failed; the message is its traceback."""


@dataclass(frozen=True)
class Job:
    """What the clients of one process are to do."""

    what: str  # "live", or the door of submissions alone: "rpc", "http"
    turns: Turns


class Crew:
    """The clients of one procedure before one system, spread over processes."""

    def __init__(self, world: World, offer: Offer, clients: int, processes: int) -> None:
        self.world, self.offer, self.clients = world, offer, clients
        numbers = [range(first, clients, processes) for first in range(processes)]
        self._members = [_Member(world, offer, tuple(own)) for own in numbers]
        self._all("ready")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for member in self._members:
            member.end()

    @property
    def pids(self) -> dict[str, int]:
        """The driver processes."""
        return {f"driver:{number}": member.pid for number, member in enumerate(self._members)}

    def prepare(self, each: int) -> None:
        """Have the papers of `each` dossiers of every client ready."""
        self._all("prepare", each)

    def closed(self, each: int, what: str = "live") -> list[Lived]:
        """Every client does `each` dossiers, one after the other."""
        return self._run(what, [(None,) * each] * self.clients)

    def open(self, rate: float, seconds: float, what: str = "live") -> list[Lived]:
        """Dossiers begin at an even rate, whatever became of those before."""
        start = time.time() + _HEAD_START_SECONDS
        return self._run(what, [tuple(start + at for at in own) for own in arrivals(rate, seconds, self.clients)])

    def _run(self, what: str, turns: Sequence[tuple[float | None, ...]]) -> list[Lived]:
        jobs = [Job(what, tuple(turns[number] for number in member.numbers)) for member in self._members]
        for member, job in zip(self._members, jobs, strict=True):
            member.tell("run", job)
        return [lived for member in self._members for lived in member.answer()]

    def _all(self, method: str, *arguments: Any) -> None:
        for member in self._members:
            member.tell(method, *arguments)
        for member in self._members:
            member.answer()


def arrivals(rate: float, seconds: float, clients: int) -> list[tuple[float, ...]]:
    """Seconds after the start at which each client's dossiers begin: one after the other takes the next."""
    count = max(1, round(rate * seconds))
    return [tuple(number / rate for number in range(client, count, clients)) for client in range(clients)]


class _Member:
    """One process, as its parent sees it."""

    def __init__(self, world: World, offer: Offer, numbers: tuple[int, ...]) -> None:
        self.numbers = numbers
        self._line, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, world, offer, numbers), daemon=True)
        self._process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        return int(self._process.pid or 0)

    def tell(self, method: str, *arguments: Any) -> None:
        self._line.send((method, arguments))

    def answer(self) -> Any:
        try:
            well, said = self._line.recv()
        except EOFError:
            raise CrewError("a driver process is gone") from None
        if not well:
            raise CrewError(said)
        return said

    def end(self) -> None:
        self._line.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()


def _serve(line: Connection, world: World, offer: Offer, numbers: tuple[int, ...]) -> None:
    """The process itself: does what it is told until nobody is left to tell it."""
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    gang: _Gang | None = None
    while True:
        try:
            method, arguments = line.recv()
        except EOFError:
            break
        try:
            gang = gang or _Gang(world, offer, numbers)
            line.send((True, getattr(gang, method)(*arguments)))
        except Exception:  # noqa: BLE001 – told to the parent, which raises it
            line.send((False, traceback.format_exc()))
    if gang is not None:
        gang.close()


class _Gang:
    """The clients of one process."""

    def __init__(self, world: World, offer: Offer, numbers: tuple[int, ...]) -> None:
        self._ears = Ears(world)
        self._clients = [Client(world, offer, number, self._ears) for number in numbers]
        self._pool = ThreadPoolExecutor(len(self._clients))

    def ready(self) -> None:
        """Everybody is connected."""

    def prepare(self, each: int) -> None:
        """Every client has papers for `each` dossiers more."""
        list(self._pool.map(lambda client: client.prepare(each), self._clients))

    def run(self, job: Job) -> list[Lived]:
        """All turns of all clients."""
        done = self._pool.map(lambda client, turns: _take_turns(client, job.what, turns), self._clients, job.turns)
        return [lived for one in done for lived in one]

    def close(self) -> None:
        """Leave."""
        self._pool.shutdown()
        for client in self._clients:
            client.close()
        self._ears.close()


def _take_turns(client: Client, what: str, turns: tuple[float | None, ...]) -> list[Lived]:
    lived = []
    for intended in turns:
        if intended is not None:
            time.sleep(max(0.0, intended - time.time()))
        lived.append(client.live(intended) if what == "live" else client.hand_in(intended, what))
    return lived
