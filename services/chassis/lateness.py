"""How late a process comes to what it meant to do now: the longest of the last moments, whoever looks and how often.

A ticker tells how late its own turn comes: in a service whose greenlets have more to do than one processor, as late as
everything else there. Of that its own is what it did not wait for a processor, by the kernel's count: the rest is the
machine's. A door of threads tells besides how long requests waited for one of them.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from services.chassis import metrics

TICK_SECONDS: Final = 0.5
SECONDS_KEPT: Final = 15.0  # at least, and at most twice that: no scrape misses what lay between two of them
_COUNTED: Final = Path("/proc/thread-self/schedstat")  # nanoseconds on a processor, nanoseconds of waiting for one, …


def seconds_waited() -> float | None:
    """How long this thread has waited for a processor since it began; None where the kernel does not count that."""
    with suppress(OSError, IndexError, ValueError):
        return int(_COUNTED.read_text().split()[1]) / 1e9
    return None


class Longest:
    """The longest delay of this stretch of time and of the one before it."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._turn = now, threading.Lock()
        self._here, self._before, self._began = 0.0, 0.0, now()

    def note(self, seconds: float) -> None:
        """There was one of so many seconds."""
        with self._turn:
            self._move_on()
            self._here = max(self._here, seconds)

    def seconds(self) -> float:
        """The longest."""
        with self._turn:
            self._move_on()
            return max(self._here, self._before)

    def _move_on(self) -> None:
        gone = self._now() - self._began
        if gone >= SECONDS_KEPT:
            self._before = self._here if gone < 2 * SECONDS_KEPT else 0.0
            self._here, self._began = 0.0, self._now()


class Lateness:
    """What one process knows of its own: the whole, and what of it is not for want of a processor."""

    def __init__(
        self, now: Callable[[], float] = time.monotonic, waited: Callable[[], float | None] = seconds_waited
    ) -> None:
        self._now, self._waited = now, waited
        self._all, self._own = Longest(now), Longest(now)

    def note(self, seconds: float) -> None:
        """Something was done so much later than it was meant to be."""
        self._all.note(seconds)

    def longest(self) -> float:
        """Seconds, of everything that came late."""
        return self._all.seconds()

    def longest_own(self) -> float:
        """Seconds, of the ticks that came late though there was a processor."""
        return self._own.seconds()

    def keep_ticking(self, stopping: threading.Event) -> None:
        """Note how late each tick comes, until the process stops, and show the worst."""
        metrics.LOOP_LAG.set_function(self.longest)
        metrics.show(metrics.LOOP_LAG)
        if self._waited() is not None:
            metrics.LOOP_LAG_OWN.set_function(self.longest_own)
            metrics.show(metrics.LOOP_LAG_OWN)
        self.tick_until(stopping)

    def tick_until(self, stopping: threading.Event) -> None:
        """Note how late each tick comes."""
        while not stopping.is_set():
            meant, waited = self._now() + TICK_SECONDS, self._waited()
            stopping.wait(TICK_SECONDS)
            late = self._now() - meant
            self._all.note(late)
            self._own.note(max(0.0, late - ((self._waited() or 0.0) - (waited or 0.0))))


LATENESS: Final = Lateness()
