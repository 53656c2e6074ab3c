"""Time as the gateway writes it: yyyyMMddHHmmss at GMT+7."""

import os
import re
from datetime import UTC, datetime, timedelta, timezone

HANOI = timezone(timedelta(hours=7))
_AHEAD = timedelta(seconds=float(os.environ.get("SANDBOX_CLOCK_AHEAD_SECONDS", "0")))


def now() -> datetime:
    """This instant, aware UTC; another one where SANDBOX_CLOCK_AHEAD_SECONDS says so."""
    return datetime.now(UTC) + _AHEAD


def stamp(at: datetime) -> str:
    """An instant as yyyyMMddHHmmss at GMT+7."""
    return at.astimezone(HANOI).strftime("%Y%m%d%H%M%S")


def is_stamp(text: str) -> bool:
    """Whether `text` is a date that exists, written yyyyMMddHHmmss."""
    if not re.fullmatch(r"[0-9]{14}", text):
        return False
    try:
        datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=HANOI)
    except ValueError:
        return False
    return True
