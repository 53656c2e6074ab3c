"""Days in the catalogue: today at UTC+07:00, and bounds such as `today-18y` that move with it."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from marshmallow import ValidationError, fields

from services.contracts.fields import say

VIETNAM = timezone(timedelta(hours=7), "UTC+07:00")  # no daylight saving time
_RELATIVE = re.compile(r"today(?:([+-])(\d{1,5})([dy]))?", re.ASCII)
_ABSOLUTE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WRONG_BOUND = say(
    "wrong_bound",
    "Phải là số nguyên, NNNN-TT-NN, hoặc today, today+30d, today-18y.",
    "Must be a whole number, YYYY-MM-DD, or today, today+30d, today-18y.",
)


def local_today() -> date:
    """The day it is in Vietnam."""
    return datetime.now(UTC).astimezone(VIETNAM).date()


def local_day(moment: datetime) -> date:
    """The day in Vietnam of an aware instant."""
    if moment.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return moment.astimezone(VIETNAM).date()


def local_midnight(day: date) -> datetime:
    """The instant at which a day begins in Vietnam."""
    return datetime(day.year, day.month, day.day, tzinfo=VIETNAM).astimezone(UTC)


def written_day(text: str) -> date | None:
    """The day of this century that is written `YYYY-MM-DD`; None for anything else."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"20\d\d-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        return None


class Bound(fields.Field[Any]):
    """The least or greatest allowed value: a whole number, a day, or a day relative to today."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 10**15:
            return value
        if isinstance(value, str):
            try:
                day_of(value, date(2000, 1, 1))
            except (ValueError, OverflowError) as wrong:
                raise ValidationError(_WRONG_BOUND) from wrong
            return value
        raise ValidationError(_WRONG_BOUND)


def day_of(bound: str, today: date) -> date:
    """The day a bound means on the day `today`; ValueError for what is no bound."""
    if _ABSOLUTE.fullmatch(bound):
        return date.fromisoformat(bound)
    found = _RELATIVE.fullmatch(bound)
    if found is None:
        raise ValueError(f"no bound: {bound[:40]}")
    sign, count, unit = found.groups()
    if sign is None:
        return today
    steps = int(count) if sign == "+" else -int(count)
    return today + timedelta(days=steps) if unit == "d" else _years_on(today, steps)


def _years_on(day: date, years: int) -> date:
    if (day.month, day.day) == (2, 29):
        day = day.replace(day=28)
    return day.replace(year=day.year + years)
