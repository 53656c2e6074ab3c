"""What each service holds in memory under load, and whether it grows: a line is laid through what was seen.

Meanwhile people open pages of the portal and look records up, so that every service and door has something to do.
Resident memory (RSS) counts the pages that a process shares with others, such as the interpreter's own; PSS counts its
part of these alone. Targets are held against RSS, which is the larger.
"""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final, Self

from deploy.local.composition import DOORS, SERVICES
from tests.bench import proc
from tests.bench.browsing import browsing
from tests.bench.crew import Crew
from tests.bench.ours import Ours
from tests.bench.outcome import Flow
from tests.bench.plan import FEE, Plan
from tests.bench.rig import Rig
from tests.bench.sampling import families
from tests.bench.stats import slope
from tests.bench.stressed import Held, Memory
from tests.bench.world import offers

_EVERY_SECONDS: Final = 2.0
_WARMING: Final = 0.2  # of the run: what is filled then does not count as growth
_MEGABYTE: Final = 1e6
_PER_MINUTE: Final = 60.0


@dataclass(frozen=True)
class Seen:
    """Everything at one instant, in megabytes by program."""

    at: float
    rss: Mapping[str, float]
    pss: Mapping[str, float]


class Watch:
    """Looks at the memory of the services in a thread of its own."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._members = families(pids)
        self.seen: list[Seen] = []
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            self.seen.append(Seen(time.time(), self._sizes(proc.rss_bytes), self._sizes(proc.pss_bytes)))
            if self._done.wait(_EVERY_SECONDS):
                return

    def _sizes(self, of: proc.Size) -> dict[str, float]:
        return {name: round(sum(map(of, pids)) / _MEGABYTE, 2) for name, pids in self._members.items()}


def measure(rig: Rig, plan: Plan, maximum: Flow | None) -> Memory:
    """Half of the maximum (found out first where None is known), round after round. Raises Unclosed."""
    rig.up()
    one = Ours(rig, plan, offers((FEE,))[FEE])
    with one.hire() as crew:
        most = maximum or _maximum(one, crew, plan)
        rate = most.steady_rate / 2
        services = {label: pid for label, pid in rig.pids().items() if label.partition(":")[0] in (*SERVICES, *DOORS)}
        rounds: list[Flow] = []
        left = plan.memory_seconds
        with browsing(rig, one.unit) as people, Watch(services) as watch:
            while left > 0:
                seconds = min(left, plan.memory_round_seconds)
                rounds.append(one.open(crew, rate, seconds))
                left -= seconds
    held = told(watch.seen, FEE, rate, sum(flow.dossiers for flow in rounds))
    return replace(beside(held, most, rounds), opened=people.insist())


def beside(memory: Memory, most: Flow, rounds: Sequence[Flow]) -> Memory:
    """With the maximum, and what others had of the machine: where that was much, half of the maximum is too little."""
    return replace(
        memory,
        maximum=most.steady_rate,
        others_percent=round(max(most.others_percent, fmean(flow.others_percent for flow in rounds)), 1),
        stolen_percent=round(max(most.stolen_percent, fmean(flow.stolen_percent for flow in rounds)), 1),
    )


def told(seen: Sequence[Seen], procedure: str, rate: float, dossiers: int) -> Memory:
    """What came out, of at least two looks."""
    began = seen[0].at
    at = [round(one.at - began, 1) for one in seen]
    warm = [one for one in seen if one.at - began >= _WARMING * at[-1]]
    names = sorted(seen[0].rss)
    return Memory(
        procedure=procedure,
        rate=round(rate, 2),
        dossiers=dossiers,
        seconds=at[-1],
        services={name: _held(name, seen, warm) for name in names},
        at=at,
        rss_mb={name: [one.rss[name] for one in seen] for name in names},
        pss_mb={name: [one.pss[name] for one in seen] for name in names},
    )


def _held(name: str, seen: Sequence[Seen], warm: Sequence[Seen]) -> Held:
    return Held(
        rss_first=seen[0].rss[name],
        rss_most=max(one.rss[name] for one in seen),
        pss_most=max(one.pss[name] for one in seen),
        rss_slope=round(_PER_MINUTE * slope([(one.at, one.rss[name]) for one in warm]), 3),
        pss_slope=round(_PER_MINUTE * slope([(one.at, one.pss[name]) for one in warm]), 3),
    )


def _maximum(one: Ours, crew: Crew, plan: Plan) -> Flow:
    return one.closed(crew, one.each(crew, one.warm(crew).rate, plan.scaling_seconds))
