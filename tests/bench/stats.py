"""Numbers about numbers: percentiles by nearest rank, and the same over time."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import linear_regression


@dataclass(frozen=True)
class Spread:
    """How long something took, in milliseconds."""

    count: int
    p50: float
    p95: float
    p99: float
    longest: float


@dataclass(frozen=True)
class Moment:
    """One stretch of a run: its beginning in seconds since the start, and how long what began in it took, in ms."""

    at: float
    count: int
    p50: float
    p95: float
    p99: float


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest of `ordered` (ascending, not empty) that is not below `share` of them. Raises ValueError."""
    if not ordered or not 0 < share <= 1:
        raise ValueError("a percentile needs numbers, and a share above 0 up to 1")
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(seconds: Iterable[float]) -> Spread | None:
    """The spread of durations in seconds; None where there are none."""
    ordered = sorted(1000 * one for one in seconds)
    if not ordered:
        return None
    p50, p95, p99 = (round(percentile(ordered, share), 1) for share in (0.5, 0.95, 0.99))
    return Spread(len(ordered), p50, p95, p99, round(ordered[-1], 1))


def over_time(took: Iterable[tuple[float, float]], step: float) -> list[Moment]:
    """Percentiles of (second, duration in seconds) in stretches of `step` seconds; empty ones are left out."""
    stretches: dict[int, list[float]] = defaultdict(list)
    for at, duration in took:
        stretches[math.floor(at / step)].append(duration)
    found = []
    for number, durations in sorted(stretches.items()):
        if said := spread(durations):
            found.append(Moment(round(number * step, 3), said.count, said.p50, said.p95, said.p99))
    return found


def per_second(moments: Iterable[float], step: float = 1.0) -> list[tuple[float, float]]:
    """How many of `moments` (seconds) lie in each stretch, a second; empty stretches between others count as nought."""
    counts: dict[int, int] = defaultdict(int)
    for at in moments:
        counts[math.floor(at / step)] += 1
    if not counts:
        return []
    return [(round(n * step, 3), round(counts[n] / step, 2)) for n in range(min(counts), max(counts) + 1)]


def middle_rate(ends: Iterable[float]) -> float | None:
    """How many a second ended from when a tenth of all had until nine tenths had; None where that is no time.

    A run begins with everybody at once and ends with the last ones alone: what came out of either says little.
    """
    ordered = sorted(ends)
    aside = len(ordered) // 10
    middle = ordered[aside : len(ordered) - aside]
    return (len(middle) - 1) / (middle[-1] - middle[0]) if middle and middle[-1] > middle[0] else None


def share_within(seconds: Sequence[float], most: float) -> float:
    """The share of durations that are not longer than `most`. Raises ValueError where there are none."""
    if not seconds:
        raise ValueError("there is no share of nothing")
    return sum(one <= most for one in seconds) / len(seconds)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """How much the second of each pair grows while the first grows by one, by least squares; 0 for a single point."""
    if len({x for x, _ in points}) < 2:
        return 0.0
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return linear_regression(xs, ys).slope
