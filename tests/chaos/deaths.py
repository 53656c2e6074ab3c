"""Who died though nobody of us had him die: of the kernel, for want of memory; of a defect; of his own master."""

import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from tests.chaos.diary import Spell
from tests.chaos.witness import Witness

_LATE_SECONDS: Final = 5.0  # at most, until a supervisor has seen and written down a death
_KILLED: Final = f"was sent {signal.SIGKILL.name}"
# What the end of a worker may look like that was sent a signal.
_HOWS: Final = {signal.SIGKILL: (_KILLED,), signal.SIGTERM: ("exited", f"was sent {signal.SIGTERM.name}")}


@dataclass
class Meant:
    """Who was killed on purpose: programs by how often, workers of doors by the signal that each got."""

    programs: Counter[str] = field(default_factory=Counter)
    workers: dict[int, signal.Signals] = field(default_factory=dict)


def unmeant(
    witness: Witness,
    doors: Sequence[str],
    meant: Meant,
    burnt: Mapping[str, int],
    starved: Mapping[str, Sequence[Spell]],
) -> Iterator[str]:
    """Each program that was killed more often than is known why, and each worker of a door that ended otherwise.

    `burnt`: how often each process died where it was to; `starved`: when each was away or had its memory rationed.
    """
    for program, deaths in witness.deaths_by_program().items():
        seconds = [(at - witness.since).total_seconds() for at in deaths]
        spells = starved.get(program, ())
        others = [at for at in seconds if not any(begun - 1 <= at <= over + _LATE_SECONDS for begun, over in spells)]
        known = meant.programs[program] + (0 if program in doors else burnt.get(program, 0))
        if len(others) > known:
            yield f"{program} was killed {len(others)} times, and {known} times by us"
    for door in doors:
        yield from _unmeant_workers(witness, door, meant.workers, burnt.get(door, 0))


def _unmeant_workers(witness: Witness, door: str, told: Mapping[int, signal.Signals], burnt: int) -> Iterator[str]:
    for pid, how in witness.workers_gone(door):
        if pid in told and how in _HOWS[told[pid]]:
            continue
        if how == _KILLED and burnt:
            burnt -= 1
            continue
        yield f"a worker of {door} ended by itself: {how}"
