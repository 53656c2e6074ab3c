"""The worst that a process shows of itself, and what of it is its own."""

from pathlib import Path

import pytest

from services.cli.top.scraping import Seen
from tests.chaos.diary import Spell, Step
from tests.chaos.watch import MOST_LAG, Late, Watch, Worst, too_late, too_much


def seen_with(lag: float, own: float, megabytes: float, name: str = "routing") -> Seen:
    gauges = {
        "motcua_loop_lag_seconds": lag,
        "motcua_loop_lag_own_seconds": own,
        "process_resident_memory_bytes": megabytes * 1e6,
    }
    return Seen(name, 1, 0.0, {(gauge, frozenset()): value for gauge, value in gauges.items()})


def test_the_worst_of_each_is_kept_and_who_does_not_answer_shows_nothing(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for lag, own, megabytes, rig in ((2.0, 0.75, 90, 0.25), (0.5, 0.4, 100, 0.0), (9.0, 0.1, 80, 0.0)):
        watch.note(seen_with(lag, own, megabytes), rig, 1.0)
    watch.note(Seen("intake", 2, 0.0), 0.0, 1.0)
    assert watch.told() == {"routing": {"lag": 9.0, "own_lag": 0.5, "megabytes": 100.0}}


@pytest.mark.parametrize(("megabytes", "wrong"), [(400, 0), (410, 1)])
def test_nobody_may_have_more_memory_than_that(megabytes: float, wrong: int) -> None:
    assert len(list(too_much({"portal-http": Worst(megabytes=megabytes)}))) == wrong


@pytest.mark.parametrize(
    ("stops", "wrong"), [([], 1), ([(10, 20)], 1), ([(70, 90)], 0), ([(100, 130)], 0), ([(101, 130)], 1)]
)
def test_who_stood_still_on_purpose_may_be_late_of_that_time_only(stops: list[Spell], wrong: int) -> None:
    assert len(list(too_late("routing", [Late(100, 9, 5.1)], stops))) == wrong


def test_a_service_that_is_late_on_its_own_account_is_named_with_the_worst(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    for own in (MOST_LAG, MOST_LAG + 1, MOST_LAG + 2):
        watch.note(seen_with(9, own, 1), 0.0, 50.0)
    watch.note(seen_with(9, 9, 1, "portal-http"), 0.0, 50.0)  # that of a door is not judged
    wrong = [line for line in watch.wrong([Step(45, "pause", "intake")], 0.0) if "nothing was seen" not in line]
    assert wrong == ["the loop of routing was 9.0 s late, 7.0 s of it for no want of a processor"]
    assert not [line for line in watch.wrong([Step(45, "pause", "routing")], 0.0) if "loop" in line]


def test_of_whom_nothing_was_seen_nobody_knows_that_all_was_well(tmp_path: Path) -> None:
    watch = Watch(tmp_path)
    watch.note(seen_with(0, 0, 1, "intake"), 0, 0)
    wrong = list(watch.wrong([], 0.0))
    assert "nothing was seen of notify" in wrong
    assert not [line for line in wrong if "intake" in line.split()]
