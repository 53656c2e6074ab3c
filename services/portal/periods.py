"""The days that the board speaks of: so many up to today, or from one day to another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from services.contracts.catalogue.dates import local_today, written_day

LENGTHS: Final = (7, 30, 90, 365)
MOST_DAYS: Final = 366  # that services count at once


@dataclass(frozen=True, slots=True)
class Period:
    """Days in Vietnam, both included. `length` is one of the usual ones where it is so many days up to today.

    `is_other` says that other days were asked for, which are none, or too many.
    """

    first: date
    last: date
    length: int | None = None
    is_other: bool = False

    @property
    def arguments(self) -> dict[str, str]:
        """As services are asked for it."""
        return {"from_day": self.first.isoformat(), "to_day": self.last.isoformat()}


def read(address: Mapping[str, str]) -> Period:
    """The period that an address names; the usual one where it names none."""
    first, last = (written_day(address.get(name, "")) for name in ("from_day", "to_day"))
    if first and last and 0 <= (last - first).days < MOST_DAYS:
        return Period(first, last)
    length = next((length for length in LENGTHS if str(length) == address.get("days")), LENGTHS[1])
    today = local_today()
    is_other = any(address.get(name) for name in ("from_day", "to_day"))
    return Period(today - timedelta(days=length - 1), today, length, is_other)
