"""What happened between two looks at a process: how often, and how fast."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from services.cli.top.scraping import Labels, Samples, Seen


@dataclass(frozen=True)
class Between:
    """Two looks at the same process; the counters of one that was started anew count from nought."""

    before: Seen
    now: Seen

    def rate(self, name: str, **labels: str) -> float:
        """How many a second."""
        seconds = self.now.at - self.before.at
        return self._grown(name, labels) / seconds if seconds > 0 else 0.0

    def quantile(self, share: float, name: str, **labels: str) -> float | None:
        """The seconds within which this share of what was observed in between was done; None when nothing was."""
        buckets = sorted(self._buckets(name, labels).items())
        total = buckets[-1][1] if buckets else 0.0
        return _within(share * total, buckets) if total > 0 else None

    def value(self, name: str, **labels: str) -> float | None:
        """A gauge as it stands now; None where it is not known."""
        found = [value for key, value in self.now.samples.items() if _fits(key, name, labels)]
        return sum(found) if found and not any(map(math.isnan, found)) else None

    def _grown(self, name: str, labels: Mapping[str, str]) -> float:
        return sum(_growth(self.before.samples, self.now.samples, key) for key in self._keys(name, labels))

    def _buckets(self, name: str, labels: Mapping[str, str]) -> dict[float, float]:
        """Observations up to each bound, over all label sets that fit."""
        found: dict[float, float] = {}
        for key in self._keys(f"{name}_bucket", labels):
            bound = float(dict(key[1])["le"])
            found[bound] = found.get(bound, 0.0) + _growth(self.before.samples, self.now.samples, key)
        return found

    def _keys(self, name: str, labels: Mapping[str, str]) -> list[tuple[str, Labels]]:
        return [key for key in self.now.samples if _fits(key, name, labels)]


def _fits(key: tuple[str, Labels], name: str, labels: Mapping[str, str]) -> bool:
    return key[0] == name and labels.items() <= dict(key[1]).items()


def _growth(before: Samples, now: Samples, key: tuple[str, Labels]) -> float:
    grown = now[key] - before.get(key, 0.0)
    return grown if grown >= 0 else now[key]


def _within(rank: float, buckets: list[tuple[float, float]]) -> float:
    """Where the rank falls, evenly spread inside its bucket; above the last bound there is only that bound."""
    low, below = 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            return low if math.isinf(bound) else low + (bound - low) * (rank - below) / (count - below)
        low, below = bound, count
    return low
