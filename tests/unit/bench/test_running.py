"""What goes wrong with one part of the bench costs the figures of no other, and what was counted is kept first."""

import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import cattrs
import pytest
from nameko.exceptions import RemoteError
from pymongo.errors import AutoReconnect

from tests.bench import __main__ as command
from tests.bench import idle, machine, scaling
from tests.bench.__main__ import Bench
from tests.bench.asking import ask
from tests.bench.client import ACCEPT, SUBMIT, WHOLE, Lived
from tests.bench.ours import Ours, asked_again, insist_asked_once
from tests.bench.outcome import NotMeasured, Result, Sum, Unclosed
from tests.bench.plan import NO_FEE, QUICK
from tests.bench.rig import COUNTERPARTS
from tests.bench.tables import all_tables
from tests.bench.targets import rows
from tests.bench.world import offers
from tests.unit.bench.figures import a_flow, a_machine, a_scaling


def kept(folder: Path) -> Result:
    (path,) = folder.glob("*.json")
    return cattrs.structure(json.loads(path.read_text(encoding="utf-8")), Result)


def fails(error: BaseException) -> Any:
    def measure(*_: object) -> None:
        raise error

    return measure


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(command, "RESULTS", tmp_path)
    monkeypatch.setattr(machine, "describe", a_machine)
    return tmp_path


@pytest.mark.parametrize("error", [AutoReconnect("gone"), KeyError("at"), ZeroDivisionError(), TimeoutError("30 s")])
def test_a_part_that_fails_in_whatever_way_is_refused_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, results: Path, error: Exception
) -> None:
    monkeypatch.setattr(idle, "measure", fails(error))
    monkeypatch.setattr(scaling, "measure", lambda *_: a_scaling())
    Bench(QUICK, ["idle", "scaling"], cast("Any", None)).run()
    result = kept(results)
    assert result.refused == {"idle": f"{type(error).__name__}: {error}"}
    assert "in measure" in result.tracebacks["idle"]
    assert result.scaling == a_scaling()


def test_what_was_measured_is_kept_before_the_next_part_begins(monkeypatch: pytest.MonkeyPatch, results: Path) -> None:
    monkeypatch.setattr(idle, "measure", fails(KeyError("at")))
    monkeypatch.setattr(scaling, "measure", fails(SystemExit(143)))
    with pytest.raises(SystemExit):
        Bench(QUICK, ["idle", "scaling"], cast("Any", None)).run()
    assert list(kept(results).refused) == ["idle"]


class _Crew:
    """Clients all of whom were granted what they applied for."""

    clients, pids = 1, dict[str, int]()

    def prepare(self, each: int) -> None:
        """They have their papers."""

    def closed(self, each: int) -> list[Lived]:
        return [Lived(float(number), code=f"c{number}") for number in range(each)]


class _Rig:
    """A stack that brings all of them through but one."""

    env: dict[str, str] = {}

    def __init__(self) -> None:
        self.books = self

    @property
    def client(self) -> Any:
        counted = dict.fromkeys(("insert", "update", "query"), 0)
        commands = {"commands": {name: {"total": 0} for name in ("findAndModify", "aggregate")}}
        told = {"opcounters": counted, "metrics": commands, "wiredTiger": {"log": {"log sync operations": 0}}}
        return SimpleNamespace(admin=SimpleNamespace(command=lambda _name: told))

    def pids(self) -> dict[str, int]:
        return {}

    def sampler(self, _others: object) -> Any:
        return self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing was started."""

    def await_end(self, codes: Sequence[str], due: int, _seconds: float) -> tuple[int, int]:
        return len(codes) - 1, due - 4


def test_a_run_that_does_not_close_is_counted_before_it_is_refused() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.sums[NO_FEE] = [Sum(100, 100, 400, 400)]
    one = Ours(cast("Any", _Rig()), QUICK, offers((NO_FEE,))[NO_FEE], sums=result.sums[NO_FEE])
    with pytest.raises(Unclosed, match="10 submitted, 9 resolved"):
        one.closed(cast("Any", _Crew()), 10)
    (row,) = (row for row in rows(result) if row.figure.endswith("wrong or missing, ours"))
    assert (row.measured, row.met) == ("5 of 110", False)


def test_who_is_told_to_ask_again_is_counted() -> None:
    answers = iter((RemoteError("Conflict", ""), RemoteError("Unavailable", ""), "taken"))
    lived = Lived(0.0)

    def call(**_: object) -> object:
        answer = next(answers)
        if isinstance(answer, RemoteError):
            raise answer
        return answer

    assert ask(call, lived.notes(SUBMIT), form={}) == "taken"
    assert asked_again([lived, Lived(0.0)]) == {SUBMIT: 2}


@pytest.mark.parametrize(("again", "is_refused"), [(0, False), (2, False), (3, True)])
def test_a_run_in_which_too_many_had_to_ask_again_has_no_figures(again: int, is_refused: bool) -> None:
    lived = [Lived(0.0, took={SUBMIT: 1.0, ACCEPT: 1.0, WHOLE: 2.0}) for _ in range(1_000)]
    lived[0].again[SUBMIT] = again
    with pytest.raises(NotMeasured, match="2000 steps") if is_refused else nullcontext():
        insist_asked_once(lived)


def test_the_steps_show_what_was_asked_again() -> None:
    result = Result("2026-01-15T120000Z", "quick", a_machine())
    result.closed[NO_FEE] = replace(a_flow(), again={"intake.submit": 7})
    (table,) = (one for one in all_tables(result) if one.heading == "Steps")
    assert dict(zip(table.columns, table.cells[0], strict=True))["again"] == "7"


class _Servers:
    """A rig that only notes where it is, and what becomes of it."""

    noted: list[tuple[str, str]] = []

    def __init__(self, run_dir: Path) -> None:
        self.run_dir, self.stack = run_dir, self
        self.env = {"MOTCUA_MONGO_URI": run_dir.name}

    def up(self, programs: Sequence[str] = ()) -> None:
        self.noted.append((f"up {' '.join(programs)}".strip(), self.run_dir.name))

    def down(self) -> None:
        self.noted.append(("down", self.run_dir.name))

    def wipe(self) -> None:
        self.noted.append(("wipe", self.run_dir.name))


@pytest.mark.parametrize(
    ("part", "module", "other"), [("stock", "prepare_indexes", "bench-stock"), ("limit", "limit", "bench-limit")]
)
def test_stock_and_the_limit_have_servers_that_hold_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch, results: Path, part: str, module: str, other: str
) -> None:
    assert results
    used: list[str] = []

    def measured(rig: Any, *_: object) -> Any:
        used.append(rig if isinstance(rig, str) else rig.run_dir.name)
        raise KeyError("far enough")

    monkeypatch.setattr(_Servers, "noted", [])
    monkeypatch.setattr(command, "Rig", _Servers)
    monkeypatch.setattr(command, module, measured if part == "stock" else SimpleNamespace(best=measured))
    bench = Bench(QUICK, [part], cast("Any", _Servers(Path("/nowhere/bench"))))
    bench.result.closed[NO_FEE] = a_flow()
    bench.run()
    bench.leave(keep_logs=False)
    assert used == [other]
    servers = f"up {' '.join(COUNTERPARTS)}"
    assert _Servers.noted == [
        ("down", "bench"),
        (servers, other),
        ("down", other),
        ("wipe", "bench"),
        ("wipe", other),
    ]
