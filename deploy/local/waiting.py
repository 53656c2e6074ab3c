"""Waiting for something to become true, never for ever."""

import time
from collections.abc import Callable, Iterator


def growing_pauses(first: float, most: float) -> Iterator[float]:
    """Seconds to wait between questions: what takes longer is asked for less often, since asking delays it."""
    pause = first
    while True:
        yield pause
        pause = min(1.5 * pause, most)


def wait_until(true: Callable[[], bool], deadline_s: float) -> bool:
    """Asks again, ever less often, until the answer is yes or the time is over; says which."""
    end, pauses = time.monotonic() + deadline_s, growing_pauses(0.05, 0.25)
    while not (answer := true()) and time.monotonic() < end:
        time.sleep(next(pauses))
    return answer
