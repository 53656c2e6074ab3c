"""What comes of the long forms: two processes for one, memory over time, many dossiers stored."""

from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.bench.judging import Noise
from tests.bench.track import Track

FREE, HELD = "nothing but the machine", "a share of a core"  # what keeps a service in some processes from being faster


@dataclass(frozen=True)
class Scaled:
    """One run of a service in some processes: its sum has closed, and each history was told in order."""

    limit: str
    processes: int
    dossiers: int
    rate: float
    service_ms: float  # of a core that the service used for one dossier, in all its processes
    machine_percent: float
    events: int
    clients: int = 24  # until each process got as many
    others_percent: float = 0.0
    stolen_percent: float = 0.0
    track: Track = field(default_factory=Track)


@dataclass(frozen=True)
class Scaling:
    """The service that works most, in one and in two processes; held to `share` of a core each in half of the runs."""

    procedure: str
    service: str
    share: float
    runs: list[Scaled]

    def ratio(self, limit: str) -> float | None:
        """How many times the rate of one process two have: of one, under however many clients it does best."""
        one, two = self.best(limit, 1), self.best(limit, 2)
        return ratio(two.rate if two else None, one.rate if one else None)

    def best(self, limit: str, processes: int) -> Scaled | None:
        """The fastest run of so many processes."""
        runs = [run for run in self.runs if (run.limit, run.processes) == (limit, processes)]
        return max(runs, key=lambda run: run.rate, default=None)


@dataclass(frozen=True)
class Held:
    """The memory of one service under load: megabytes, and megabytes a minute once it is warm."""

    rss_first: float
    rss_most: float
    pss_most: float
    rss_slope: float
    pss_slope: float


@dataclass(frozen=True)
class Memory:
    """All services for some time at half of the maximum, with every look at them."""

    procedure: str
    rate: float
    dossiers: int
    seconds: float
    services: dict[str, Held]
    at: list[float]
    rss_mb: dict[str, list[float]]
    pss_mb: dict[str, list[float]]
    maximum: float = 0.0  # of which `rate` is the half
    opened: dict[str, int] = field(default_factory=dict)  # pages and look-ups meanwhile, by door
    others_percent: float = 0.0  # over the rounds, or while the maximum was found, whichever was more
    stolen_percent: float = 0.0


@dataclass(frozen=True)
class Grown:
    """Throughput at one size of the stores."""

    dossiers: int
    rate: float
    cpu_ms: float  # of a core for one dossier, clients left out
    others_percent: float
    stolen_percent: float = 0.0


@dataclass(frozen=True)
class Pair:
    """An empty and a full stack, one straight after the other."""

    empty: Grown
    full: Grown

    @property
    def share(self) -> float:
        """The throughput of the full stack as a share of the empty one's."""
        return self.full.rate / self.empty.rate


MOST_EACH: Final = 4  # keys or documents that may be examined for each one that is found,

MOST_AT_ALL: Final = 100  # and besides: to find nothing, and for where the stretches of an index begin


@dataclass(frozen=True)
class Asked:
    """One question to the stores: milliseconds, and what the server read for one answer.

    That is the one for which it looked furthest beyond what it found; where it always kept to that, the largest.
    """

    name: str
    p50: float
    p95: float
    longest: float
    examined: int  # documents
    returned: int  # or counted
    detours: list[str]  # COLLSCAN, SORT
    keys: int | None = None  # of indexes, examined; not counted in results of before
    p99: float | None = None  # of all rounds together

    @property
    def is_too_far(self) -> bool:
        """Whether more was examined than what was found accounts for: the more is stored, the more that is."""
        return self.keys is not None and beyond(self.keys, self.examined, self.returned) > 0

    @property
    def found_nothing(self) -> bool:
        """Whether it was quick for want of anything to find."""
        return self.keys is not None and self.returned == 0


def beyond(keys: int, documents: int, found: int) -> int:
    """How many keys or documents were examined that are not accounted for by what was found: 0 or less is none."""
    return max(keys, documents) - (MOST_EACH * found + MOST_AT_ALL)


@dataclass(frozen=True)
class Growth:
    """Throughput with empty and with full stores, and what was asked of the full ones."""

    procedure: str
    dossiers: int  # filled in
    documents: int
    gigabytes: float
    stored_gigabytes: dict[str, float]  # on the disk, by service
    seconds: float
    pairs: list[Pair]
    asked: list[Asked]
    beside: int = 0  # documents that were laid there to be asked for
    while_asked: Noise = field(default_factory=Noise)

    @property
    def share(self) -> float:
        """The throughput of the full stack as a share of the empty one's: the median of the pairs."""
        return self.middle.share

    @property
    def middle(self) -> Pair:
        """The pair whose share is the median: they are an odd number."""
        return sorted(self.pairs, key=lambda one: one.share)[len(self.pairs) // 2]

    @property
    def work(self) -> float:
        """The processor time of a dossier with the full stack, as a multiple of that with the empty one."""
        return median(one.full.cpu_ms / one.empty.cpu_ms for one in self.pairs)


def ratio(one: float | None, other: float | None) -> float | None:
    """How many times the other; None where either is missing."""
    return one / other if one is not None and other else None
