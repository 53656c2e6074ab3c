"""A rate that somebody asks for is one run more; stock is looked at under half of its maximum, as ours are."""

from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from tests.bench import __main__ as command
from tests.bench import machine, pages
from tests.bench.__main__ import Bench, planned
from tests.bench.client import WHOLE, Lived
from tests.bench.control import Trials
from tests.bench.outcome import Control, Flow, NotMeasured, Result, Unclosed
from tests.bench.plan import FEE, NO_FEE, NORMAL, QUICK, Plan
from tests.bench.stats import spread
from tests.bench.tables import all_tables
from tests.bench.targets import rows
from tests.unit.bench.figures import a_control, a_flow, a_machine


class _Ours:
    """Ours, who can do twelve a second."""

    def __init__(self, *_: object, **__: object) -> None:
        """Nothing is needed."""

    def hire(self) -> Any:
        return nullcontext()

    def warm(self, _crew: object) -> Flow:
        return a_flow()

    def each(self, *_: object) -> int:
        return 10

    def closed(self, *_: object) -> Flow:
        return replace(a_flow(), rate=12.0)

    def listened_to(self, _crew: object, rate: float) -> Flow:
        if rate > 12:
            raise Unclosed("90 of 100 resolved")
        return replace(a_flow(), load="open", rate_asked=rate)


class _Rig:
    def up(self) -> None:
        """It is."""


def measured(monkeypatch: pytest.MonkeyPatch, folder: Path, plan: Plan) -> Result:
    monkeypatch.setattr(command, "RESULTS", folder)
    monkeypatch.setattr(machine, "describe", a_machine)
    monkeypatch.setattr(command, "Ours", _Ours)
    bench = Bench(plan, ["ours"], cast("Any", _Rig()))
    bench.run()
    return bench.result


@pytest.mark.parametrize(("rate", "rated"), [(None, {}), (8.0, {NO_FEE: 8.0, FEE: 8.0}), (20.0, {})])
def test_a_rate_that_is_asked_for_is_one_run_more(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rate: float | None, rated: dict[str, float]
) -> None:
    result = measured(monkeypatch, tmp_path, replace(QUICK, rate=rate))
    assert {key: flow.rate_asked for key, flow in result.open.items()} == {NO_FEE: 6.0, FEE: 6.0}
    assert {key: flow.rate_asked for key, flow in result.rated.items()} == rated
    assert len(result.refused) == (2 if rate == 20 else 0)
    loads = {cells[2] for table in all_tables(result) if table.heading == "Steps" for cells in table.cells}
    assert any(load.startswith("set rate") for load in loads) is bool(rated)


def test_the_rate_is_that_of_the_command_line() -> None:
    assert planned(None, None, 8.0, None, None) == replace(NORMAL, rate=8.0)
    assert planned(None, None, None, None, None) == NORMAL
    refused = CliRunner().invoke(command.main, ["--rate", "0"])
    assert "is not in the range" in refused.output


class _Crew:
    """Notes what it is asked for."""

    clients = 4

    def __init__(self) -> None:
        self.prepared, self.opened = 0, (0.0, 0.0)

    def prepare(self, each: int) -> None:
        self.prepared = each

    def open(self, rate: float, seconds: float) -> list[Lived]:
        self.opened = rate, seconds
        return []


class _Trials(Trials):
    """Trials whose runs end at once."""

    def _run(self, _services: object, _crew: object, submit: Any, _published: object) -> Control:
        submit()
        return a_control()


def test_stock_is_looked_at_under_half_of_its_maximum() -> None:
    crew = _Crew()
    closed = replace(a_control(), rate=9.0, steady=10.0)
    told = _Trials(cast("Any", None), NORMAL).half(cast("Any", None), cast("Any", crew), closed)
    assert told.rate_asked == 5.0
    assert crew.opened == (5.0, NORMAL.stock_open_least / 5.0)
    assert crew.prepared * crew.clients >= NORMAL.stock_open_least
    with pytest.raises(NotMeasured, match="half of nothing"):
        _Trials(cast("Any", None), NORMAL).half(
            cast("Any", None), cast("Any", crew), replace(a_control(), rate=0.0, steady=0.0)
        )


def test_how_long_people_wait_is_told_of_both_at_half_of_their_maximum() -> None:
    result = Result("2026-01-15T120000Z", "normal", a_machine())
    ours, stock = spread([0.2, 0.4]), spread([0.5, 0.9])
    assert ours is not None
    assert stock is not None
    result.open[NO_FEE] = replace(a_flow(), rate_asked=6.0, steps={WHOLE: ours})
    result.stock_open[NO_FEE] = replace(a_control(), rate_asked=2.0, steps={WHOLE: stock})
    (row,) = (one for one in rows(result) if one.figure.startswith(f"{NO_FEE}: submit → resolved"))
    assert row.measured == "ours 200 / 400 ms of 2 at 6.0/s; stock 500 / 900 ms of 2 at 2.0/s"
    (steps,) = (table for table in all_tables(result) if table.heading == "Steps")
    assert [(cells[1], cells[4], cells[6]) for cells in steps.cells] == [
        ("ours", "200", "400"),
        ("stock", "500", "900"),
    ]
    assert f"Stock, {NO_FEE}, half of its maximum</h2>" in pages.page(result)
