"""When a relay looks for what others left behind: often while it publishes, seldom while all is at rest.

Each look asks the store about every history, in every process: at rest that was half of all that a service did. It
goes on until no confirm is in doubt any more, so that a broker that was lost is missed in time.
"""

from typing import Final

from services.chassis.doubts import DOUBT_SECONDS

LOOK_EVERY: Final = 1.0
LOOK_AT_REST: Final = 3.0
SECONDS_TO_REST: Final = 2 * DOUBT_SECONDS


class Rhythm:
    """The looks of one relay. Moments are seconds of a clock that never goes back."""

    def __init__(self, now: float) -> None:
        self._next, self._rests_at = now + LOOK_EVERY, now

    def seconds_left(self, now: float) -> float:
        """Until the next look is due."""
        return max(0.0, self._next - now)

    def published(self, now: float) -> None:
        """Something was."""
        self._rests_at = now + SECONDS_TO_REST
        self._next = min(self._next, now + LOOK_EVERY)

    def looked(self, now: float) -> None:
        """It was looked."""
        self._next = now + (LOOK_EVERY if now < self._rests_at else LOOK_AT_REST)
