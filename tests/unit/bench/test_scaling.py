"""Two processes are held against one that had as much company, and as much work, as they."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.bench import scaling
from tests.bench.outcome import Result
from tests.bench.plan import NO_FEE, NORMAL
from tests.bench.scaling import Told
from tests.bench.stressed import FREE, HELD, Scaled, Scaling
from tests.bench.targets import rows
from tests.unit.bench.figures import a_flow, a_machine

Run = tuple[str, int, int, int | None]  # limit, clients, processes, dossiers of each client


class _Scale:
    """Notes what is run."""

    ran: list[Run]

    def __init__(self, *_: object) -> None:
        _Scale.ran = []

    def run(self, limit: str, _held: object, clients: int, processes: int = 1, each: int | None = None) -> Told:
        self.ran.append((limit, clients, processes, each))
        return Told(replace(a_flow(), clients=clients, dossiers=(each or 10) * clients), limit, processes, 0)


def test_one_process_is_measured_under_as_many_clients_as_two(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scaling, "Scale", _Scale)
    told = scaling.measure(cast("Any", SimpleNamespace(up=lambda **_: None)), NORMAL)
    few, many = NORMAL.few_clients, 2 * NORMAL.few_clients
    for limit in (FREE, HELD):
        mine = {(clients, processes): each for one, clients, processes, each in _Scale.ran if one == limit}
        assert mine == {(few, 1): None, (many, 1): 10, (many, 2): 10}
        assert [(run.clients, run.processes) for run in told.runs if run.limit == limit] == list(mine)


@pytest.mark.parametrize(("few", "many", "shown", "met"), [(3.0, 4.0, "1.50 ×", False), (4.0, 3.0, "1.50 ×", False)])
def test_two_are_held_against_what_one_does_best(few: float, many: float, shown: str, met: bool) -> None:
    runs = [Scaled(HELD, 1, 240, few, 30.0, 50.0, 1, 24), Scaled(HELD, 1, 480, many, 30.0, 50.0, 1, 48)]
    runs.append(Scaled(HELD, 2, 480, 6.0, 30.0, 70.0, 1, 48))
    result = Result("2026-01-15T120000Z", "normal", a_machine(), scaling=Scaling(NO_FEE, "intake", 0.1, runs))
    (row,) = (one for one in rows(result) if "each held to" in one.figure)
    assert (row.measured, row.met) == (shown, met)
