"""Work that the passing of time brings: a loop in every replica, safe because what it does is guarded by its cause."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

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
    """Run one timer until the process stops."""
    while not stopping.wait(timer.seconds):
        try:
            with round_of(f"timer {timer.name}"):
                timer.act()
        except ServiceError as error:
            log.warning("timer_failed", timer=timer.name, reason=error.code)
        except Exception:  # noqa: BLE001 – the next round may do better
            log.exception("timer_failed", timer=timer.name)
