"""How much is done in a run: what `make bench` measures in about half an hour, all of it, or a smoke test."""

from dataclasses import dataclass, replace
from typing import Final

PARTS: Final = ("idle", "ours", "memory", "scaling", "limit", "intake", "django", "stock", "growth", "pages")
TENANT: Final = "mic"
NO_FEE, FEE = "xn-dk-xuat-ban", "ma-so-quan-ly-qc"
PROCEDURES: Final = (NO_FEE, FEE)
NOTICES: Final = {NO_FEE: 4, FEE: 7}


@dataclass(frozen=True)
class Trial:
    """One setting of the stock services: nameko 2 takes `workers` for the prefetch of each queue too."""

    workers: int
    connections: int  # of kombu's pool, which every publisher of a process shares


@dataclass(frozen=True)
class PeerTrial:
    """One setting of the peer: processes of gunicorn, and threads of each."""

    workers: int
    threads: int


@dataclass(frozen=True)
class LimitTrial:
    """One setting of the limit: processes, how often each writes, publishes and consumes at once, and how many writes
    or messages go together.
    """

    processes: int
    threads: int
    batch: int


@dataclass(frozen=True)
class Plan:
    """Sizes: `…_each` counts dossiers of each client, the rest is in seconds.

    Whatever a run is to last: each client does `least_each` dossiers in it, or it would be a burst that begins and
    ends; and at half of the maximum there are `open_least` of them, or its p99 would be the luck of a few.
    """

    name: str
    clients: int
    few_clients: int  # of growth and scaling, which take many runs: enough to keep the machine busy
    drivers: int
    least_each: int
    warm_each: int
    closed_seconds: float
    open_seconds: float
    open_least: int
    stock_open_least: int  # fewer, as half of its maximum is little and no target is held against it
    intake_clients: int
    intake_seconds: float
    idle_settle_seconds: float
    idle_seconds: float
    trials: tuple[Trial, ...]
    trial_each: int
    peer_trials: tuple[PeerTrial, ...]
    peer_trial_seconds: float
    limit_trials: tuple[LimitTrial, ...]
    limit_trial_dossiers: int
    limit_dossiers: int
    scaling_seconds: float
    memory_seconds: float
    memory_round_seconds: float
    growth_dossiers: int
    growth_pairs: int  # an odd number, which has one in the middle
    growth_seconds: float
    pages_dossiers: int  # of one unit
    pages_times: int  # that each page is opened
    rate: float | None = None  # dossiers a second of one run more of ours, where somebody asks for one
    drain_seconds: float = 90.0
    lost_after_seconds: float = 30.0  # a step of a stock dossier that has not come by then never will


NORMAL: Final = Plan(
    name="normal",
    clients=48,
    few_clients=24,
    drivers=3,
    least_each=10,
    warm_each=2,
    closed_seconds=25,
    open_seconds=25,
    open_least=1_000,
    stock_open_least=250,
    intake_clients=32,
    intake_seconds=10,
    idle_settle_seconds=10,
    idle_seconds=30,
    trials=(Trial(10, 10), Trial(50, 10), Trial(50, 50), Trial(100, 50)),
    trial_each=3,
    peer_trials=(PeerTrial(2, 4), PeerTrial(2, 16), PeerTrial(4, 4)),
    peer_trial_seconds=3,
    limit_trials=(LimitTrial(2, 1, 500), LimitTrial(2, 1, 2_000), LimitTrial(2, 2, 500)),
    limit_trial_dossiers=800,
    limit_dossiers=4000,
    scaling_seconds=10,
    memory_seconds=90,
    memory_round_seconds=45,
    growth_dossiers=25_000,
    growth_pairs=3,
    growth_seconds=10,
    pages_dossiers=100_000,
    pages_times=100,
)
FULL: Final = replace(
    NORMAL,
    name="full",
    closed_seconds=60,
    open_seconds=60,
    intake_seconds=20,
    idle_seconds=120,
    peer_trial_seconds=8,
    scaling_seconds=30,
    memory_seconds=1800,
    memory_round_seconds=60,
    growth_dossiers=1_000_000,
    growth_pairs=7,
    growth_seconds=20,
    pages_times=300,
)
QUICK: Final = Plan(
    name="quick",
    clients=24,
    few_clients=24,
    drivers=2,
    least_each=3,  # all the first dossiers end in one burst: of these alone there is no rate to have half of
    warm_each=1,
    closed_seconds=5,
    open_seconds=6,
    open_least=1,
    stock_open_least=1,
    intake_clients=16,
    intake_seconds=2,
    idle_settle_seconds=3,
    idle_seconds=5,
    trials=(Trial(50, 50),),
    trial_each=1,
    peer_trials=(PeerTrial(2, 4),),
    peer_trial_seconds=2,
    limit_trials=(LimitTrial(2, 1, 500),),
    limit_trial_dossiers=100,
    limit_dossiers=400,
    scaling_seconds=4,
    memory_seconds=16,
    memory_round_seconds=8,
    growth_dossiers=2_000,
    growth_pairs=1,
    growth_seconds=4,
    pages_dossiers=4_000,
    pages_times=3,
    drain_seconds=60,
)
