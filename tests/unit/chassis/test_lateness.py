"""How late a process is: the worst of lately, however often anybody looks."""

import threading

from services.chassis import metrics
from services.chassis.lateness import SECONDS_KEPT, TICK_SECONDS, Lateness


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


def test_the_ticker_tells_how_late_its_turn_comes() -> None:
    clock, waits = Clock(), iter((0.0, 4.0))

    class Stopping(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            clock.now += (timeout or 0) + next(waits)
            return False

        def is_set(self) -> bool:
            return clock.now > 100 + 2 * TICK_SECONDS

    lateness = Lateness(clock)
    lateness.keep_ticking(Stopping())
    assert lateness.longest() == 4.0
    assert [sample.value for family in metrics.LOOP_LAG.collect() for sample in family.samples] == [4.0]
