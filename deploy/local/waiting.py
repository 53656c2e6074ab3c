"""Waiting for something to become true, never for ever."""

import time
from collections.abc import Callable
from typing import Final

_FIRST_PAUSE: Final = 0.05
_LONGEST_PAUSE: Final = 0.25


def wait_until(true: Callable[[], bool], deadline_s: float) -> bool:
    """Asks again, ever less often, until the answer is yes or the time is over; says which."""
    end, pause = time.monotonic() + deadline_s, _FIRST_PAUSE
    while not (answer := true()) and time.monotonic() < end:
        time.sleep(pause)
        pause = min(1.2 * pause, _LONGEST_PAUSE)
    return answer
