"""How late a process is: the worst of lately, however often anybody looks; and what of it is its own."""

import threading

import pytest
from prometheus_client import Gauge

from services.chassis import metrics
from services.chassis.lateness import SECONDS_KEPT, Lateness, seconds_waited


class Clock:
    """A clock that a test moves."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_one_late_tick_between_two_looks_is_seen_by_everybody_who_looks() -> None:
    clock = Clock()
    lateness = Lateness(clock)
    for late in (0.01, 3.0, 0.02):
        lateness.note(late)
    assert lateness.longest() == lateness.longest() == 3.0
    clock.now += SECONDS_KEPT  # whoever looks every 15 s still sees it
    lateness.note(0.03)
    assert lateness.longest() == 3.0


def test_what_is_long_past_is_no_longer_told() -> None:
    clock = Clock()
    lateness = Lateness(clock)
    lateness.note(3.0)
    clock.now += SECONDS_KEPT
    lateness.note(0.5)
    clock.now += SECONDS_KEPT
    assert lateness.longest() == 0.5
    clock.now += 2 * SECONDS_KEPT
    assert lateness.longest() == 0.0


class Stopping(threading.Event):
    """Nobody waits: the clock is moved on, later than was meant by so much; after the last the process stops."""

    def __init__(self, clock: Clock, *late: float) -> None:
        super().__init__()
        self._clock, self._late = clock, list(late)

    def wait(self, timeout: float | None = None) -> bool:
        """At once."""
        self._clock.now += (timeout or 0) + self._late.pop(0)
        return False

    def is_set(self) -> bool:
        """Whether there are no more."""
        return not self._late


def shown(gauge: Gauge) -> list[float]:
    """What it says."""
    return [sample.value for family in gauge.collect() for sample in family.samples]


def test_the_ticker_tells_how_late_its_turn_comes_and_what_of_it_was_for_no_want_of_a_processor() -> None:
    clock, waited = Clock(), iter((9.0, 9.0, 9.0, 9.0, 11.5))
    lateness = Lateness(clock, lambda: next(waited))
    lateness.keep_ticking(Stopping(clock, 0.5, 4.0))
    assert lateness.longest() == 4.0
    assert lateness.longest_own() == 1.5
    assert (shown(metrics.LOOP_LAG), shown(metrics.LOOP_LAG_OWN)) == ([4.0], [1.5])


def test_a_request_that_waited_for_a_thread_is_no_late_tick() -> None:
    lateness = Lateness(Clock())
    lateness.note(2.0)
    assert (lateness.longest(), lateness.longest_own()) == (2.0, 0.0)


def test_where_the_kernel_does_not_count_nothing_is_said_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "shown", shown_before := set[Gauge]({metrics.LOOP_LAG}))
    clock = Clock()
    Lateness(clock, lambda: None).keep_ticking(Stopping(clock, 1.0))
    assert metrics.LOOP_LAG_OWN not in shown_before


def test_this_thread_has_waited_for_a_processor_for_some_time() -> None:
    waited = seconds_waited()
    assert waited is None or 0 <= waited < 1e6
