"""The worst that a process shows of itself, and what of it is its own."""

from pathlib import Path

import pytest

from services.cli.top.scraping import Seen
from tests.chaos.diary import Step
from tests.chaos.watch import Waits, Watch, Worst, too_much

INF = float("inf")


def seen_with(lag: float, megabytes: float, name: str = "routing") -> Seen:
    gauges = {"motcua_loop_lag_seconds": lag, "process_resident_memory_bytes": megabytes * 1e6}
    return Seen(name, 1, 0.0, {(gauge, frozenset()): value for gauge, value in gauges.items()})


def test_the_worst_of_each_is_kept_and_who_does_not_answer_shows_nothing(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for lag, megabytes, waited, rig in ((2.0, 90, 1.5, 0.25), (0.5, 100, 0.0, 0.0), (9.0, 80, float("inf"), 0.0)):
        watch.note(seen_with(lag, megabytes), waited, rig)
    watch.note(Seen("intake", 2, 0.0), 0.0, 0.0)
    assert watch.told() == {"routing": {"lag": 9.0, "own_lag": 0.5, "megabytes": 100.0}}


@pytest.mark.parametrize(("age", "known"), [(300.0, [INF, INF, 4.0, 4.0]), (5.0, [100.0, 102.0, 4.0, 4.0])])
def test_what_a_process_waited_before_anybody_looked_excuses_no_lag_of_later(age: float, known: list[float]) -> None:
    moments, counts = iter((0.0, 15.0, 30.0, 50.0)), iter((100.0, 102.0, 104.0, 106.0))
    waits = Waits(lambda: next(moments), lambda _pid: next(counts))
    assert [waits.waited(1, age) for _ in range(4)] == known


@pytest.mark.parametrize(
    ("name", "worst", "stopped", "wrong"),
    [
        ("routing", Worst(lag=9, own_lag=4.9, megabytes=390), (), 0),
        ("routing", Worst(lag=9, own_lag=5.1), (), 1),
        ("routing", Worst(lag=9, own_lag=5.1), ("routing",), 0),
        ("portal-http", Worst(lag=9, own_lag=9), (), 0),
        ("portal-http", Worst(megabytes=410), ("portal-http",), 1),
    ],
)
def test_a_service_is_too_late_only_on_its_own_account(
    name: str, worst: Worst, stopped: tuple[str, ...], wrong: int
) -> None:
    assert len(list(too_much({name: worst}, stopped))) == wrong


def test_of_whom_nothing_was_seen_nobody_knows_that_all_was_well(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.note(seen_with(0, 1, "intake"), 0, 0)
    watch.note(seen_with(5, 1), 0, 0)
    wrong = list(watch.wrong([Step(0, "pause", "routing")]))
    assert "nothing was seen of notify" in wrong
    assert not [line for line in wrong if "intake" in line.split() or "routing" in line]
