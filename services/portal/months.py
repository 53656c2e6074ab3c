"""A month on the wall: weeks from Monday, each day with what falls due on it and whether offices are open."""

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from services.chassis import clock
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.worktime import Calendar, CalendarExhausted
from services.portal.language import words

Document = Mapping[str, Any]
_SHAPE: Final = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_NAMED: Final = ("holidays", "compensatory_off", "makeup_workdays")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Square:
    """One day; `name` is that of a holiday or an exchanged day."""

    day: date
    due: int
    is_open: bool
    is_today: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the Gregorian calendar."""

    first: date

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=calendar.monthrange(self.first.year, self.first.month)[1])

    @property
    def before(self) -> str:
        """The month before, as an address has it."""
        return f"{self.first - _DAY:%Y-%m}"

    @property
    def after(self) -> str:
        """The month after, as an address has it."""
        return f"{self.last + _DAY:%Y-%m}"

    def weeks(self, due: Mapping[str, int], offices: Document, hours: str) -> list[Sequence[Square | None]]:
        """Its weeks of seven, None where a day is not of this month; `due` is by ISO day."""
        open_days, named, today = Calendar.from_document(offices, hours), _names(offices), local_day(clock.now())

        def square(day: date) -> Square | None:
            if day.month != self.first.month:
                return None
            iso = day.isoformat()
            return Square(day, due.get(iso, 0), _is_open(open_days, day), day == today, named.get(iso, ""))

        weeks = calendar.Calendar().monthdatescalendar(self.first.year, self.first.month)
        return [[square(day) for day in week] for week in weeks]


def read(address: str) -> Month:
    """The month that an address names, else the one it is in Vietnam."""
    found = _SHAPE.fullmatch(address)
    if found:
        return Month(date(int(found[1]), int(found[2]), 1))
    return Month(local_day(clock.now()).replace(day=1))


def _is_open(open_days: Calendar, day: date) -> bool:
    """Whether offices are open; where the calendar ends, by the day of the week."""
    try:
        return open_days.is_working_day(day)
    except CalendarExhausted:
        return day.isoweekday() in open_days.weekdays


def _names(offices: Document) -> dict[str, str]:
    return {one["date"]: words(one["name"]) for group in _NAMED for one in offices[group]}
