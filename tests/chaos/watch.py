"""The worst that each process shows of itself meanwhile: how late its loop comes, how much memory it has.

On a busy machine every process is late: for the lag that counts as a process's own, it takes off itself what the kernel
says that it waited for a processor, and the rig what of its own it cannot account for so: then the machine stood still.
Of who was stopped on purpose no lag counts that may be of that time.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from deploy.local.composition import DOORS, SERVICES
from services.chassis.lateness import SECONDS_KEPT, Lateness
from services.cli.top import scraping
from services.cli.top.scraping import Seen
from tests.chaos.diary import Spell, Step, spells
from tests.chaos.ending import join
from tests.chaos.questions import DEADLINE_SECONDS

EVERY_SECONDS: Final = 10.0
# Of its own: nobody who asks it would be answered in time. A second is what is aimed at; but a disk that stalls,
# on a machine that is busy with everything at once, holds up whoever writes a log, for moments.
MOST_LAG: Final = DEADLINE_SECONDS
MOST_MEGABYTES: Final = 400.0
_TOLD: Final = 2 * SECONDS_KEPT + DEADLINE_SECONDS  # for so long a process tells of a lag, and a look may take
_STOPPED_ON_PURPOSE: Final = ("pause", "ration")
_LAG: Final = ("motcua_loop_lag_seconds", frozenset[tuple[str, str]]())
_OWN: Final = ("motcua_loop_lag_own_seconds", frozenset[tuple[str, str]]())
_MEMORY: Final = ("process_resident_memory_bytes", frozenset[tuple[str, str]]())
_LOOKS_AT_THE_END: Final = 5


@dataclass
class Worst:
    """Of one program, whichever of its processes it was."""

    lag: float = 0.0  # seconds
    own_lag: float = 0.0
    megabytes: float = 0.0


@dataclass(frozen=True)
class Late:
    """That a program was seen to have been too late on its own account."""

    at: float  # of `time.monotonic`, when it was seen
    lag: float
    own: float


class Watch:
    """Looks at all processes again and again, from `start` to `end`."""

    def __init__(self, folder: Path) -> None:
        self.worst: dict[str, Worst] = {}
        self.late: dict[str, list[Late]] = defaultdict(list)
        self._folder = folder
        self._rig = Lateness()
        self._over = threading.Event()
        self._threads = [
            threading.Thread(target=run, args=args, name=run.__name__, daemon=True)
            for run, args in ((self._rig.tick_until, (self._over,)), (self._keep_looking, ()))
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Look no more. Raises Hung."""
        self._over.set()
        join(one for one in self._threads if one.is_alive())

    def wrong(self, steps: Sequence[Step], began: float) -> Iterator[str]:
        """What is above its bound, by who was not stopped on purpose just then; and who was never seen.

        `began`: the moment of `time.monotonic` from which the steps count.
        """
        self.end()
        for _ in range(_LOOKS_AT_THE_END):
            if self.worst.keys() >= {*SERVICES, *DOORS}:
                break
            self._look()
        yield from (f"nothing was seen of {name}" for name in (*SERVICES, *DOORS) if name not in self.worst)
        yield from too_much(self.worst)
        for name in SERVICES:
            stops = spells(steps, partial(_stops, name))
            yield from too_late(name, self.late[name], [(began + begun, began + over) for begun, over in stops])

    def told(self) -> dict[str, dict[str, float]]:
        """By program, in plain numbers."""
        return {name: {what: round(n, 2) for what, n in asdict(one).items()} for name, one in self.worst.items()}

    def _keep_looking(self) -> None:
        self._look()
        while not self._over.wait(EVERY_SECONDS):
            self._look()

    def _look(self) -> None:
        with suppress(FileNotFoundError):  # of who has just ended
            for one in scraping.look(self._folder):
                self.note(one, self._rig.longest_own(), time.monotonic())

    def note(self, seen: Seen, rig_late: float, at: float) -> None:
        """One look at one process; the rig was so late itself, though it had a processor."""
        if _LAG not in seen.samples or _MEMORY not in seen.samples:
            return
        lag, worst = seen.samples[_LAG], self.worst.setdefault(seen.name, Worst())
        own = seen.samples.get(_OWN, 0.0) - rig_late
        worst.lag = max(worst.lag, lag)
        worst.own_lag = max(worst.own_lag, own)
        worst.megabytes = max(worst.megabytes, seen.samples[_MEMORY] / 1e6)
        if own > MOST_LAG:
            self.late[seen.name].append(Late(at, lag, own))


def too_much(worst: Mapping[str, Worst]) -> Iterator[str]:
    """Who has had too much memory."""
    for name in sorted(worst):
        if worst[name].megabytes > MOST_MEGABYTES:
            yield f"{name} had {worst[name].megabytes:.0f} MB"


def too_late(name: str, late: Sequence[Late], stops: Sequence[Spell]) -> Iterator[str]:
    """That a program was too late at worst, at any time of which it tells when it was not stopped on purpose."""
    mine = [one for one in late if not any(begun <= one.at <= over + _TOLD for begun, over in stops)]
    if mine:
        worst = max(mine, key=lambda one: one.own)
        yield f"the loop of {name} was {worst.lag:.1f} s late, {worst.own:.1f} s of it for no want of a processor"


def _stops(name: str, one: Step) -> bool:
    return one.program == name and one.verb in _STOPPED_ON_PURPOSE
