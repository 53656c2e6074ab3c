"""How late a process comes to what it meant to do now: the longest of the last moments, whoever looks and how often.

A ticker tells how late its own turn comes: in a service whose greenlets have more to do than one processor, as late as
everything else there. A door of threads tells besides how long requests waited for one of them.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from services.chassis import metrics

TICK_SECONDS: Final = 0.5
SECONDS_KEPT: Final = 15.0  # at least, and at most twice that: no scrape misses what lay between two of them


class Lateness:
    """The longest delay of this stretch of time and of the one before it."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self._turn = now, threading.Lock()
        self._here, self._before, self._began = 0.0, 0.0, now()

    def note(self, seconds: float) -> None:
        """Something was done so much later than it was meant to be."""
        with self._turn:
            self._move_on()
            self._here = max(self._here, seconds)

    def longest(self) -> float:
        """Seconds."""
        with self._turn:
            self._move_on()
            return max(self._here, self._before)

    def keep_ticking(self, stopping: threading.Event) -> None:
        """Note how late each tick comes, until the process stops."""
        metrics.LOOP_LAG.set_function(self.longest)
        metrics.show(metrics.LOOP_LAG)
        while not stopping.is_set():
            meant = self._now() + TICK_SECONDS
            stopping.wait(TICK_SECONDS)
            self.note(self._now() - meant)

    def _move_on(self) -> None:
        gone = self._now() - self._began
        if gone >= SECONDS_KEPT:
            self._before = self._here if gone < 2 * SECONDS_KEPT else 0.0
            self._here, self._began = 0.0, self._now()


LATENESS: Final = Lateness()
