"""The limit is that of the fastest setting tried, and each of its shares is done by a process of its own or beside."""

from dataclasses import asdict, replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.bench import limit
from tests.bench.limit import Share, best
from tests.bench.outcome import Result
from tests.bench.paces import Ended
from tests.bench.plan import FEE, NORMAL, QUICK, LimitTrial
from tests.bench.tables import all_tables
from tests.bench.track import Track
from tests.unit.bench.figures import WORK, a_limit, a_machine

_FASTEST = NORMAL.limit_trials[1]


def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[LimitTrial, int, bool]]:
    """What is run from now on; the second of the settings is the fastest."""
    noted: list[tuple[LimitTrial, int, bool]] = []

    def run(_rig: object, _work: object, dossiers: int, trial: LimitTrial, *, letters: bool) -> Any:
        noted.append((trial, dossiers, letters))
        figures = {"cpu_ms": {}, "others_percent": 0.0, "stolen_percent": 0.0, "per_second": [], "track": Track()}
        rate = 200.0 if trial == _FASTEST else 100.0
        return SimpleNamespace(rate=rate, dossiers=dossiers, seconds=1.0, machine_percent=97.0, **figures)

    monkeypatch.setattr(limit, "_run", run)
    return noted


def test_of_several_settings_the_fastest_is_measured_and_all_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = ran(monkeypatch)
    trial, told = best(cast("Any", None), WORK, NORMAL)
    assert len(NORMAL.limit_trials) == len(set(NORMAL.limit_trials)) == 3
    assert trial == _FASTEST
    assert [one["rate"] for one in told] == [100, 200, 100]
    assert noted == [(one, NORMAL.limit_trial_dossiers, False) for one in NORMAL.limit_trials]
    result = Result("2026-01-15T120000Z", "normal", a_machine(), limit_trials=told)
    result.limit[FEE] = limit.measure(cast("Any", None), FEE, WORK, 4_000, trial)
    assert noted[3:] == [(_FASTEST, 4_000, False), (_FASTEST, 2_000, True)]
    (table,) = (one for one in all_tables(result) if one.heading == "The limit")
    assert "by 2 processes × 1, 2,000 together. Tried: 2 processes × 1, 500 together: 100/s;" in table.about
    assert table.cells[0][3] == "97"


def test_a_lone_setting_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    noted = ran(monkeypatch)
    assert best(cast("Any", None), WORK, QUICK) == (QUICK.limit_trials[0], [])
    assert noted == []


def test_a_process_does_all_tasks_of_all_its_shares(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[tuple[str, int]] = []

    def task(name: str) -> Any:
        def do(share: Share, pace: list[tuple[float, int]]) -> None:
            done.append((name, share.number))
            pace.append((1.0, share.number))

        return do

    for name in ("_write", "_publish", "_consume"):
        monkeypatch.setattr(limit, name, task(name))
    said: list[Any] = []
    shares = [Share(number, 10, WORK, 500, "", "", None) for number in (0, 2)]
    limit._do(shares, SimpleNamespace(put=said.append), SimpleNamespace(wait=lambda _: None))  # noqa: SLF001
    assert sorted(done) == [(name, number) for name in ("_consume", "_publish", "_write") for number in (0, 2)]
    (ended,) = said
    assert isinstance(ended, Ended)
    assert sorted(pace[0][1] for pace in ended.paces) == [0, 0, 0, 2, 2, 2]


def test_each_share_has_queues_of_its_own() -> None:
    queues = limit._queues(WORK, 4)  # noqa: SLF001
    assert {name.split(".")[1] for name in queues} == {"0", "1", "2", "3"}
    assert queues["limit.3.1"] == ["3.1", "3.2", "3.3"]
    assert all(key.partition(".")[0] == name.split(".")[1] for name, keys in queues.items() for key in keys)


def test_a_result_of_before_shows_the_setting_that_it_had() -> None:
    result = Result("2026-01-15T120000Z", "normal", a_machine())
    result.limit[FEE] = replace(a_limit(), procedure=FEE)
    assert {name: asdict(result.limit[FEE])[name] for name in ("processes", "threads", "batch")} == {
        "processes": 2,
        "threads": 1,
        "batch": 500,
    }
