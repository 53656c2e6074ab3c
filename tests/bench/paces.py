"""How far the tasks of the limit's processes are at any moment, and what that makes of dossiers a second."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Pace = list[tuple[float, int]]  # at a time of the wall clock, how many of its own a task had done; rising


@dataclass(frozen=True)
class Ended:
    """One process that has done its share: when, and how it came there, task by task."""

    at: float
    paces: Sequence[Pace]


def dossiers_per_second(ended: Sequence[Ended], each: int, began: float) -> list[tuple[float, float]]:
    """Of processes with `each` dossiers, how many were done in each second; the last one is not a whole one."""
    seconds = math.ceil(max(one.at for one in ended) - began)
    done = [sum(each * _share_done(one, began + second) for one in ended) for second in range(seconds + 1)]
    return [(float(second), round(after - before, 2)) for second, (before, after) in enumerate(pairwise(done))]


def _share_done(process: Ended, at: float) -> float:
    """A dossier is done when its slowest task is."""
    return min((_reached(pace, at) for pace in process.paces if pace), default=0.0)


def _reached(pace: Pace, at: float) -> float:
    return max((count for when, count in pace if when <= at), default=0) / pace[-1][1]
