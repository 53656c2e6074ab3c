"""The one place that reads the clock."""

from datetime import UTC, datetime, timedelta
from typing import Final

APART: Final = timedelta(minutes=5)  # clocks of one installation differ by less: what is further ahead is wrong


def now() -> datetime:
    """The present instant, UTC, to the millisecond (all that the store keeps)."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
