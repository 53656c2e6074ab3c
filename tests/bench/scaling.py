"""One process of the service that works most, then two of it, on one stack.

A process that has more waiting before it does more of it at once, at less cost for each: two may look dearer than one
for want of company, or cheaper by what is only company. So as many clients wait for each of two, and one is measured
both under as many as one of them has and under as many as both: what it does best is what two are held against.

Where the cores are full with one already, a second process has nothing to run on, and the ratio says nothing of the
service. So both are measured again with each of its processes held to a share of a core, small enough that two of them
keep the machine from being the limit: then twice the processes are twice the processor time, as on twice the machines.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Final

from tests.bench.order import told_since, wrong_with
from tests.bench.ours import Ours
from tests.bench.outcome import Flow, Unclosed
from tests.bench.plan import FEE, Plan
from tests.bench.quota import Quota
from tests.bench.rig import Rig
from tests.bench.stressed import FREE, HELD, Scaled, Scaling
from tests.bench.targets import SERVICES
from tests.bench.world import offers

_FULL_SHARE: Final = 0.6  # of the machine that two held processes may bring about to be used
_LEAST_SHARE, _MOST_SHARE = 0.05, 0.4
_CLOCKS_APART: Final = timedelta(seconds=2)


def measure(rig: Rig, plan: Plan) -> Scaling:
    """All six runs. Raises Unclosed, NotMeasured."""
    rig.up()
    few, many = plan.few_clients, 2 * plan.few_clients
    one = Scale(rig, plan)
    free = [one.run(FREE, None, few)]
    service = busiest(free[0].flow)
    held_to = service, share_of(free[0].flow, service)
    free.append(one.run(FREE, None, many, each=free[0].each))
    held = [one.run(HELD, held_to, few)]
    held.append(one.run(HELD, held_to, many, each=held[0].each))
    rig.up(scale={service: 2})
    try:
        free.append(one.run(FREE, None, many, 2, free[0].each))
        held.append(one.run(HELD, held_to, many, 2, held[0].each))
    finally:
        rig.up(scale={service: 1})
    return Scaling(FEE, *held_to, [told.as_row(service) for told in (*free, *held)])


class Told:
    """A run whose sum has closed and whose order was kept."""

    def __init__(self, flow: Flow, limit: str, processes: int, events: int) -> None:
        self.flow, self._limit, self._processes, self._events = flow, limit, processes, events
        self.each = flow.dossiers // flow.clients

    def as_row(self, service: str) -> Scaled:
        """Its figures."""
        flow = self.flow
        return Scaled(
            limit=self._limit,
            processes=self._processes,
            dossiers=flow.dossiers,
            rate=flow.steady_rate,
            service_ms=flow.cpu_ms.get(service, 0.0),
            machine_percent=busy_percent(flow),
            events=self._events,
            clients=flow.clients,
            others_percent=flow.others_percent,
            stolen_percent=flow.stolen_percent,
            track=flow.track,
        )


class Scale:
    """Runs on one stack."""

    def __init__(self, rig: Rig, plan: Plan) -> None:
        self._rig, self._plan, self._offer = rig, plan, offers((FEE,))[FEE]

    def run(
        self, limit: str, held: tuple[str, float] | None, clients: int, processes: int = 1, each: int | None = None
    ) -> Told:
        """The maximum, of as many dossiers as `each` says, and whether all of it was told in order. Raises Unclosed."""
        began = datetime.now(UTC) - _CLOCKS_APART
        subject = Ours(self._rig, self._plan, self._offer)
        with subject.hire(clients) as crew:
            warm = subject.warm(crew)
            with self._held(held) as share:
                expected = min(warm.rate, 1000 * share / warm.cpu_ms[held[0]]) if held else warm.rate
                flow = subject.closed(crew, each or subject.each(crew, expected, self._plan.scaling_seconds))
        return Told(flow, limit, processes, self._insist(subject.codes, began))

    @contextmanager
    def _held(self, held: tuple[str, float] | None) -> Iterator[float]:
        pids = [pid for label, pid in self._rig.pids().items() if held and label.partition(":")[0] == held[0]]
        with Quota(pids, held[1]) if held else nullcontext():
            yield held[1] if held else 0.0

    def _insist(self, codes: Sequence[str], began: datetime) -> int:
        """How many events were told, all that were written, each history in order. Raises Unclosed."""
        self._rig.await_published(self._plan.drain_seconds)
        written = self._rig.books.entries(codes)
        if wrong := wrong_with(told_since(self._rig.env, began), written):
            raise Unclosed("; ".join(wrong[:5]))
        return len(written)


def busiest(flow: Flow) -> str:
    """The service that used most processor time."""
    return max(SERVICES, key=lambda name: flow.cpu_ms.get(name, 0.0))


def share_of(flow: Flow, service: str) -> float:
    """The share of a core at which two processes of the service would make this much of the machine busy in all."""
    of_all = flow.cpu_ms[service] / sum(flow.cpu_ms.values())
    share = _FULL_SHARE * (os.cpu_count() or 1) * of_all / 2
    return round(min(_MOST_SHARE, max(_LEAST_SHARE, share)), 3)


def busy_percent(flow: Flow) -> float:
    """How much of the machine was in use, by the stack, its clients and anybody else."""
    ours = sum(flow.cpu_ms.values()) * flow.rate / 10 / (os.cpu_count() or 1)
    return round(min(100.0, ours + flow.others_percent), 1)
