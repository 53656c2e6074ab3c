"""What the passing of time brings shows when it does not come."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.chassis import metrics, timers
from services.chassis.errors import Unavailable
from services.chassis.timers import Timer, keep


class Rounds:
    """Waits for nobody: so many rounds, a minute apart by the clock of the timers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count: int) -> None:
        self.left, self.now = count, 0.0
        monkeypatch.setattr(timers, "time", self)

    def wait(self, seconds: float) -> bool:
        self.now, self.left = self.now + seconds, self.left - 1
        return self.left < 0

    def monotonic(self) -> float:
        return self.now

    perf_counter = staticmethod(time.perf_counter)


def sample(name: str, **labels: str) -> float:
    """What a scrape finds now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing counted yet."""
    metrics.TIMERS.clear()
    metrics.TIMER_OVERDUE.clear()
    yield
    metrics.TIMER_OVERDUE.clear()


@pytest.mark.parametrize(
    ("error", "outcome"), [(Unavailable("x.y", "No.", "Không."), "Unavailable"), (KeyError("x"), "Defect")]
)
def test_a_timer_whose_rounds_fail_is_overdue_for_as_long(
    monkeypatch: pytest.MonkeyPatch, error: Exception, outcome: str
) -> None:
    overdue: list[float] = []

    def fail() -> None:
        overdue.append(sample("motcua_timer_overdue_seconds", timer="expire"))
        if len(overdue) > 1:
            raise error

    stopping: Any = Rounds(monkeypatch, 5)
    keep(Timer("expire", 60.0, fail), stopping)
    assert overdue == [0, 0, 60, 120, 180]
    assert sample("motcua_timer_seconds_count", timer="expire", outcome="ok") == 1
    assert sample("motcua_timer_seconds_count", timer="expire", outcome=outcome) == 4


def test_a_timer_is_shown_before_its_first_round_and_while_a_round_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, end = threading.Event(), threading.Event()

    def hang() -> None:
        begun.set()
        end.wait(30)

    stopping: Any = Rounds(monkeypatch, 1)
    thread = threading.Thread(target=keep, args=(Timer("expire", 60.0, hang), stopping))
    thread.start()
    assert begun.wait(30)
    assert sample("motcua_timer_overdue_seconds", timer="expire") == 0
    stopping.now += 300
    assert sample("motcua_timer_overdue_seconds", timer="expire") == 300
    end.set()
    thread.join()
    assert sample("motcua_timer_overdue_seconds", timer="expire") == 0
