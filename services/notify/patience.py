"""When a letter goes again that the mail server neither took nor refused, and when no more."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from services.chassis import clock

LONGEST_REST: Final = timedelta(hours=1)
# After no answer: each further copy is one that the reader may have already, so there are few, and far between.
RESTS_IN_DOUBT: Final = (timedelta(minutes=1), timedelta(minutes=30))


@dataclass(frozen=True, slots=True)
class Met:
    """What a round has met: since when it is put off, how often nothing was said to it, when it may go again."""

    put_off_since: datetime | None = None
    unanswered: int = 0
    resting_until: datetime | None = None

    def rests(self, now: datetime) -> bool:
        """Whether it is too early for the next attempt; by a clock that was ahead nothing rests."""
        until = self.resting_until
        return until is not None and now < until <= now + LONGEST_REST + clock.APART


def put_off(met: Met, now: datetime, longest: timedelta) -> Met | None:
    """A mail server puts a letter off: it rests as long again as that lasts already; None when `longest` is over."""
    since = met.put_off_since or now
    lasted = now - since
    if lasted >= longest:
        return None
    return replace(met, put_off_since=since, resting_until=now + min(lasted, LONGEST_REST))


def unanswered(met: Met, now: datetime) -> Met | None:
    """A mail server said nothing to a letter it may have taken; None when it has been given enough copies."""
    if met.unanswered >= len(RESTS_IN_DOUBT):
        return None
    return replace(met, unanswered=met.unanswered + 1, resting_until=now + RESTS_IN_DOUBT[met.unanswered])
