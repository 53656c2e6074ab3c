"""How much is done in a run: the whole measurement, or a smoke test of it."""

from dataclasses import dataclass
from typing import Final

PARTS: Final = ("idle", "ours", "limit", "intake", "stock")
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
class Plan:
    """Sizes: `…_each` counts dossiers of each client, the rest is in seconds."""

    name: str
    clients: int
    drivers: int
    warm_each: int
    closed_seconds: float
    open_seconds: float
    intake_clients: int
    intake_seconds: float
    idle_settle_seconds: float
    idle_seconds: float
    trials: tuple[Trial, ...]
    trial_each: int
    limit_dossiers: int
    drain_seconds: float = 90.0
    lost_after_seconds: float = 30.0  # a step of a stock dossier that has not come by then never will


FULL: Final = Plan(
    name="full",
    clients=48,
    drivers=3,
    warm_each=2,
    closed_seconds=40,
    open_seconds=45,
    intake_clients=32,
    intake_seconds=12,
    idle_settle_seconds=10,
    idle_seconds=20,
    trials=(Trial(10, 10), Trial(50, 10), Trial(50, 50), Trial(100, 50)),
    trial_each=3,
    limit_dossiers=4000,
)
QUICK: Final = Plan(
    name="quick",
    clients=24,
    drivers=2,
    warm_each=1,
    closed_seconds=5,
    open_seconds=6,
    intake_clients=16,
    intake_seconds=2,
    idle_settle_seconds=3,
    idle_seconds=5,
    trials=(Trial(50, 50),),
    trial_each=1,
    limit_dossiers=400,
    drain_seconds=60,
)
