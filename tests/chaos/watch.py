"""The worst that each process shows of itself meanwhile: how late its loop comes, how much memory it has.

On a busy machine every process is late: for the lag that counts as a process's own, what the kernel says that it waited
for a processor is taken off, and how late the rig itself came to what it meant to do. What a process waited before
anybody looked is not: of one that is older, no lag counts until it has been looked at for as long as it tells of one.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from deploy.local.composition import DOORS, SERVICES
from services.chassis.lateness import SECONDS_KEPT, TICK_SECONDS, Lateness
from services.cli.top import scraping
from services.cli.top.scraping import Seen
from tests.chaos.diary import Step
from tests.chaos.ending import join
from tests.chaos.questions import DEADLINE_SECONDS

EVERY_SECONDS: Final = 10.0
# Of its own: nobody who asks it would be answered in time. A second is what is aimed at; but a disk that stalls,
# on a machine that is busy with everything at once, holds up whoever writes a log: not counted, and not his fault.
MOST_LAG: Final = DEADLINE_SECONDS
MOST_MEGABYTES: Final = 400.0
_KEPT: Final = 2 * SECONDS_KEPT  # for so long a process tells of a lag
_STOPPED_ON_PURPOSE: Final = ("pause", "ration")
_LAG: Final = ("motcua_loop_lag_seconds", frozenset[tuple[str, str]]())
_MEMORY: Final = ("process_resident_memory_bytes", frozenset[tuple[str, str]]())
_BORN: Final = ("process_start_time_seconds", frozenset[tuple[str, str]]())
_EVER: Final = float("-inf")
_LOOKS_AT_THE_END: Final = 5


@dataclass
class Worst:
    """Of one program, whichever of its processes it was."""

    lag: float = 0.0  # seconds
    own_lag: float = 0.0
    megabytes: float = 0.0


class Watch:
    """Looks at all processes again and again, from `start` to `end`."""

    def __init__(self, folder: Path) -> None:
        self.worst: dict[str, Worst] = {}
        self._folder = folder
        self._waits = Waits()
        self._rig = Lateness()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=run, name=run.__name__, daemon=True) for run in (self._tick, self._keep_looking)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Look no more. Raises Hung."""
        self._over.set()
        join(one for one in self._threads if one.is_alive())

    def wrong(self, steps: Sequence[Step]) -> Iterator[str]:
        """What is above its bound, by who was not stopped on purpose; or was never seen, and could be anything."""
        self.end()
        for _ in range(_LOOKS_AT_THE_END):
            if self.worst.keys() >= {*SERVICES, *DOORS}:
                break
            self._look()
        yield from (f"nothing was seen of {name}" for name in (*SERVICES, *DOORS) if name not in self.worst)
        yield from too_much(self.worst, {one.program for one in steps if one.verb in _STOPPED_ON_PURPOSE})

    def told(self) -> dict[str, dict[str, float]]:
        """By program, in plain numbers."""
        return {name: {what: round(n, 2) for what, n in asdict(one).items()} for name, one in self.worst.items()}

    def _tick(self) -> None:
        while not self._over.is_set():
            meant = time.monotonic() + TICK_SECONDS
            self._over.wait(TICK_SECONDS)
            self._rig.note(max(0.0, time.monotonic() - meant))

    def _keep_looking(self) -> None:
        self._look()
        while not self._over.wait(EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        with suppress(FileNotFoundError):  # of who has just ended
            for one in scraping.look(self._folder):
                waited = self._waits.waited(one.pid, time.time() - one.samples.get(_BORN, 0.0))
                self.note(one, waited, self._rig.longest())

    def note(self, seen: Seen, waited: float, rig_late: float) -> None:
        """One look at one process, that `waited` so many seconds for a processor lately; the rig was so late itself."""
        if _LAG not in seen.samples or _MEMORY not in seen.samples:
            return
        lag, worst = seen.samples[_LAG], self.worst.setdefault(seen.name, Worst())
        worst.lag = max(worst.lag, lag)
        worst.own_lag = max(worst.own_lag, lag - waited - rig_late)
        worst.megabytes = max(worst.megabytes, seen.samples[_MEMORY] / 1e6)


def too_much(worst: dict[str, Worst], stopped: Iterable[str]) -> Iterator[str]:
    """Who was too late on his own account, or has had too much memory."""
    for name in sorted(worst):
        one = worst[name]
        if name in SERVICES and name not in stopped and one.own_lag > MOST_LAG:
            yield f"the loop of {name} was {one.lag:.1f} s late, {one.own_lag:.1f} s of it for no want of a processor"
        if one.megabytes > MOST_MEGABYTES:
            yield f"{name} had {one.megabytes:.0f} MB"


def _seconds_waited(pid: int) -> float:
    """By the kernel's own count; for ever where it does not count, so that nobody is judged by what is not known."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return float("inf")


class Waits:
    """How long the main thread of each process has waited for a processor since before all of which it tells."""

    def __init__(
        self, now: Callable[[], float] = time.monotonic, counted: Callable[[int], float] = _seconds_waited
    ) -> None:
        self._now, self._counted = now, counted
        self._seen: dict[int, list[tuple[float, float]]] = {}  # when looked at, and how long it had waited by then

    def waited(self, pid: int, age: float) -> float:
        """Seconds; for ever where that is not known yet, of a process that was `age` seconds old at the first look."""
        now = self._now()
        seen = self._seen.setdefault(pid, [(_EVER, 0.0)] if age < _KEPT else [])
        seen.append((now, self._counted(pid)))
        while len(seen) > 1 and seen[1][0] <= now - _KEPT:
            seen.pop(0)
        since, before = seen[0]
        return seen[-1][1] - before if since <= now - _KEPT else float("inf")
