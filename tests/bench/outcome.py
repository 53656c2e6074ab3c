"""What a measurement ends in: figures, or the word that its sum did not close. There is no third."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from tests.bench.judging import Noise
from tests.bench.stats import Moment, Spread
from tests.bench.viewed import Viewing

RESTING: Final = "resting"  # another stack of ours, whose turn it is not
BESIDE: Final = ("driver", "bench", "department", RESTING)  # what is ours, but no part of what is measured
FREE, HELD = "nothing but the machine", "a share of a core"  # what keeps a service in some processes from being faster


class Unclosed(Exception):
    """The sum of a run did not close: nothing it measured may be shown."""


class NotMeasured(Exception):
    """A part could not be measured at all."""


@dataclass(frozen=True)
class Sum:
    """What was handed in and what became of it, counted in the stores when all had time to come to rest."""

    submitted: int
    resolved: int
    notices_due: int
    notices_sent: int
    failures: tuple[str, ...] = ()  # what a client was told instead of an answer, or what the books disagree on

    @property
    def wrong(self) -> int:
        """Results and notices that are missing or too many, and what else is wrong."""
        amiss = abs(self.submitted - self.resolved) + abs(self.notices_due - self.notices_sent)
        return amiss + len(self.failures)

    @property
    def closes(self) -> bool:
        """Every dossier has its result, every notice was handed over, and nobody was sent away."""
        return self.submitted > 0 and not self.wrong

    def insist(self) -> None:
        """Raises Unclosed, saying what is missing."""
        if not self.closes:
            missing = (
                f"{self.submitted} submitted, {self.resolved} resolved, "
                f"{self.notices_sent} of {self.notices_due} notices sent"
            )
            raise Unclosed("; ".join((missing, *self.failures[:5])))


@dataclass(frozen=True)
class Track:
    """What was sampled beside a run, every second or so: lists of equal length, `at` in seconds since its start.

    None is a look that a server was too busy to answer. What was not looked at has no list, or an empty one.
    """

    at: list[float] = field(default_factory=list)
    cpu_percent: dict[str, list[float]] = field(default_factory=dict)  # of one core, by program
    rss_mb: dict[str, list[float]] = field(default_factory=dict)
    queued: dict[str, list[int | None]] = field(default_factory=dict)  # messages ready, by consuming service
    unpublished: list[int | None] = field(default_factory=list)
    lag_seconds: list[float | None] = field(default_factory=list)

    def peak_rss(self) -> dict[str, float]:
        """The most memory that each program had."""
        return {name: max(values) for name, values in self.rss_mb.items() if values}


@dataclass(frozen=True)
class Work:
    """What one dossier of a procedure makes the servers do, as counted while it was measured."""

    inserts: float
    updates: float
    queries: float
    published: dict[str, float]  # events by type
    fan_out: dict[str, float]  # events by how many work queues they reach
    state_bytes: float
    entry_bytes: float
    body_bytes: float
    letters: int
    letter_bytes: float
    documents: float = 0.0  # of the inserts, those that begin a history: state, subject and first event
    appends: float = 0.0  # of the updates, those that append to one and change its state
    subject_bytes: float = 0.0  # of what stands beside state and history

    @property
    def messages(self) -> float:
        """Events published."""
        return sum(self.published.values())

    @property
    def deliveries(self) -> float:
        """Events delivered to handlers."""
        return sum(int(queues) * count for queues, count in self.fan_out.items())


@dataclass(frozen=True)
class Aged:
    """Events that a queue's handler was done with, by how old they were then: `within` each bound in seconds."""

    within: dict[str, int]

    @property
    def count(self) -> int:
        """All of them."""
        return self.within["+Inf"]

    def share(self, seconds: float) -> float:
        """The share that was not older; of what lies between two bounds nothing is known, and it counts as older."""
        known = [count for bound, count in self.within.items() if float(bound) <= seconds]
        return max(known, default=0) / self.count

    def at_most(self, share: float) -> float:
        """The smallest bound in seconds that so many kept to."""
        return min(float(bound) for bound, count in self.within.items() if count >= share * self.count)


@dataclass(frozen=True)
class Flow:
    """One run of whole dossiers, whose sum has closed."""

    procedure: str
    load: str  # "closed" or "open"
    clients: int
    rate_asked: float | None
    dossiers: int
    seconds: float
    rate: float
    cpu_ms: dict[str, float]  # of each program, for one dossier
    others_percent: float  # of the machine, used by programs that are not ours
    steps: dict[str, Spread]  # what clients waited for
    hops: dict[str, Spread]  # from the cause in one history to the effect in another
    notices_in_time: float  # share handed over within ten seconds of what they tell of
    submit_over_time: list[Moment]
    whole_over_time: list[Moment]
    resolved_per_second: list[tuple[float, float]]
    sent_per_second: list[tuple[float, float]]
    track: Track
    work: Work
    steady: float = 0.0  # the rate over the middle of the run; 0 where it was too short to have one
    counted: Sum | None = None  # in the stores at the end; results that are older than this field have none
    stolen_percent: float = 0.0  # of the machine, given to others by its host
    again: dict[str, int] = field(default_factory=dict)  # by step, how often clients had to ask again
    ages: dict[str, Aged] = field(default_factory=dict)  # by queue, of every event that it was given

    @property
    def steady_rate(self) -> float:
        """What is compared of runs that are long enough to have a middle."""
        return self.steady or self.rate

    @property
    def ended(self) -> Sum:
        """What became of its dossiers: as the stores tell it, or else as its clients saw second by second."""
        seen = round(sum(count for _, count in self.resolved_per_second))
        return self.counted or Sum(self.dossiers, seen, notices_due=0, notices_sent=0)

    @property
    def cpu_ms_in_all(self) -> float:
        """Processor time of the stack that is measured, for one dossier."""
        return round(sum(ms for name, ms in self.cpu_ms.items() if name not in BESIDE), 1)


@dataclass(frozen=True)
class Control:
    """One run of the stock services: wrong and missing states are counted, not refused."""

    procedure: str
    workers: int
    connections: int
    clients: int
    dossiers: int
    seconds: float
    rate: float
    cpu_ms: dict[str, float]
    others_percent: float
    steps: dict[str, Spread]
    wrong: dict[str, int]  # dossiers by what is wrong with them or missing
    wrong_dossiers: int
    failures: dict[str, int]  # what clients were told instead of an answer
    published: dict[str, float]  # events by type, for one dossier, counted before the measurement
    resolved_per_second: list[tuple[float, float]]
    track: Track
    submit_over_time: list[Moment] = field(default_factory=list)
    whole_over_time: list[Moment] = field(default_factory=list)  # of the dossiers that were resolved
    stolen_percent: float = 0.0
    steady: float = 0.0  # as of a Flow, of the dossiers that were done right
    rate_asked: float | None = None  # at half of the maximum

    @property
    def steady_rate(self) -> float:
        """What is compared: whoever waits for what was lost holds up the end of a run, not its middle."""
        return self.steady or self.rate


@dataclass(frozen=True)
class Accepted:
    """Submissions alone, at one door."""

    door: str
    clients: int
    accepted: int
    rate: float
    closed: Spread
    open_rate: float
    open: Spread
    open_over_time: list[Moment]
    cpu_ms: dict[str, float]
    others_percent: float
    open_cpu_ms: dict[str, float] = field(default_factory=dict)
    stolen_percent: float = 0.0  # of the machine, given to others by its host
    open_stolen_percent: float = 0.0
    open_others_percent: float = 0.0
    flush_ms: list[tuple[float, float]] = field(default_factory=list)  # of the journal, over the time of `open`
    owed_seconds: float = 0.0  # from the last answer until the last event was published, in the worse of both runs
    track: Track = field(default_factory=Track)
    open_track: Track = field(default_factory=Track)

    @property
    def work_ms(self) -> float:
        """Processor time of everything but the clients, for one submission."""
        return _work_ms(self.cpu_ms)

    @property
    def open_noise(self) -> Noise:
        """What others had of the machine at half of the maximum."""
        return Noise(self.open_others_percent, self.open_stolen_percent)

    @property
    def open_work_ms(self) -> float:
        """The same at half of the maximum, where fewer of them are done together."""
        return _work_ms(self.open_cpu_ms)


def _work_ms(cpu_ms: Mapping[str, float]) -> float:
    return round(sum(ms for name, ms in cpu_ms.items() if name not in BESIDE), 2)


@dataclass(frozen=True)
class Limit:
    """The same writes and messages without any logic."""

    procedure: str
    dossiers: int
    seconds: float
    rate: float
    rate_with_letters: float
    cpu_ms: dict[str, float]
    others_percent: float
    per_second: list[tuple[float, float]] = field(default_factory=list)  # dossiers
    stolen_percent: float = 0.0
    track: Track = field(default_factory=Track)
    machine_percent: float = 0.0  # in use, by anybody
    processes: int = 2
    threads: int = 1
    batch: int = 500


@dataclass(frozen=True)
class Idle:
    """The system at rest, and how long it took to come up."""

    seconds: float
    cpu_percent: dict[str, float]
    rss_mb: dict[str, float]
    pss_mb: dict[str, float]
    up_seconds: float
    first_accepted_seconds: float

    @property
    def cpu_in_all(self) -> float:
        """Percent of one core."""
        return round(sum(self.cpu_percent.values()), 2)

    @property
    def rss_in_all(self) -> float:
        """Megabytes."""
        return round(sum(self.rss_mb.values()), 1)

    @property
    def pss_in_all(self) -> float:
        """Megabytes that the machine has to have for it: what is shared counts once."""
        return round(sum(self.pss_mb.values()), 1)


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


@dataclass
class Result:
    """All of one invocation; what is missing was not measured, or its sum did not close (`refused` says why)."""

    stamp: str
    plan: str
    machine: dict[str, Any]
    idle: Idle | None = None
    closed: dict[str, Flow] = field(default_factory=dict)
    open: dict[str, Flow] = field(default_factory=dict)
    rated: dict[str, Flow] = field(default_factory=dict)  # at the rate that somebody asked for
    stock: dict[str, Control] = field(default_factory=dict)
    stock_open: dict[str, Control] = field(default_factory=dict)  # at half of its own maximum
    stock_trials: list[dict[str, float]] = field(default_factory=list)
    limit: dict[str, Limit] = field(default_factory=dict)
    limit_trials: list[dict[str, float]] = field(default_factory=list)
    accepted: dict[str, Accepted] = field(default_factory=dict)
    scaling: Scaling | None = None
    memory: Memory | None = None
    growth: Growth | None = None
    viewing: Viewing | None = None
    peer: str = ""  # what was accepted beside ours, in words
    refused: dict[str, str] = field(default_factory=dict)
    tracebacks: dict[str, str] = field(default_factory=dict)  # of what was refused
    sums: dict[str, list[Sum]] = field(default_factory=dict)  # of our runs by procedure, also of those refused

    def refuse(self, what: str, why: Exception) -> None:
        """Say that this part has no figures."""
        self.refused[what] = f"{type(why).__name__}: {why}"
        self.tracebacks[what] = "".join(traceback.format_exception(why))


def ratio(one: float | None, other: float | None) -> float | None:
    """How many times the other; None where either is missing."""
    return one / other if one is not None and other else None


def worst(spreads: Mapping[str, Spread]) -> tuple[str, Spread] | None:
    """The one with the highest p99."""
    return max(spreads.items(), key=lambda pair: pair[1].p99, default=None)
