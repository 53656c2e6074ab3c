"""Work that the passing of time brings: a loop in every replica, safe because what it does is guarded by its cause."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.chassis import metrics
from services.chassis.errors import ServiceError
from services.chassis.logs import log
from services.chassis.tracing import round_of


@dataclass(frozen=True, slots=True)
class Timer:
    """`act` is called every `seconds`; it finds what is due and changes it under a `cause.of_timer`."""

    name: str
    seconds: float
    act: Callable[[], None]


def keep(timer: Timer, stopping: threading.Event) -> None:
    """Run one timer until the process stops, and show how long none of its rounds has gone through."""
    well_at = time.monotonic()
    metrics.TIMER_OVERDUE.labels(timer.name).set_function(lambda: max(0.0, time.monotonic() - well_at - timer.seconds))
    while not stopping.wait(timer.seconds):
        if _goes_through(timer):
            well_at = time.monotonic()


def _goes_through(timer: Timer) -> bool:
    began = time.perf_counter()
    failed: Exception | None = None
    try:
        with round_of(f"timer {timer.name}"):
            timer.act()
    except ServiceError as error:
        failed = error
        log.warning("timer_failed", timer=timer.name, reason=error.code)
    except Exception as error:  # noqa: BLE001 – the next round may do better
        failed = error
        log.exception("timer_failed", timer=timer.name)
    metrics.TIMERS.labels(timer.name, metrics.outcome_of(failed)).observe(time.perf_counter() - began)
    return failed is None
