"""Waiting for something to become true, never for ever."""

import time
from collections.abc import Callable


def wait_until(true: Callable[[], bool], deadline_s: float) -> bool:
    """Asks again and again until the answer is yes or the time is over; says which."""
    end = time.monotonic() + deadline_s
    while not (answer := true()) and time.monotonic() < end:
        time.sleep(0.05)
    return answer
