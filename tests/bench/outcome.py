"""What a measurement ends in: figures, or the word that its sum did not close. There is no third."""

import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.bench.judging import Noise
from tests.bench.stats import Moment, Spread
from tests.bench.stressed import Growth, Memory, Scaling
from tests.bench.track import Track
from tests.bench.viewed import Viewing

RESTING: Final = "resting"  # another stack of ours, whose turn it is not
BESIDE: Final = ("driver", "bench", "department", RESTING)  # what is ours, but no part of what is measured


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


def worst(spreads: Mapping[str, Spread]) -> tuple[str, Spread] | None:
    """The one with the highest p99."""
    return max(spreads.items(), key=lambda pair: pair[1].p99, default=None)
