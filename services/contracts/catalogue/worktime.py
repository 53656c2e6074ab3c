"""Working time at UTC+07:00: working days and hours, due moments, make-up days, from a calendar document."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from services.contracts.catalogue.dates import VIETNAM, local_day

_DAY = timedelta(days=1)
Windows = tuple[tuple[time, time], ...]


class CalendarExhausted(ValueError):
    """The calendar does not know that year."""

    def __init__(self, calendar: str, day: date) -> None:
        super().__init__(f"the calendar {calendar} does not know {day.isoformat()}")
        self.calendar, self.day = calendar, day


@dataclass(frozen=True)
class SpecialDay:
    """A day that differs from the weekly pattern, its name `{vi, en}`."""

    kind: Literal["holiday", "compensatory_off", "makeup_workday"]
    name: Mapping[str, str]


@dataclass(frozen=True)
class Calendar:
    """Which days are worked, from `first` to `last`, and between which local times; `special` says why."""

    key: str
    first: date
    last: date
    weekdays: frozenset[int]
    windows: Windows
    off: frozenset[date]
    worked: frozenset[date]
    special: Mapping[date, SpecialDay] = field(default_factory=dict, compare=False)

    @classmethod
    def from_document(cls, document: Mapping[str, Any], office_hours: str = "standard") -> "Calendar":
        """The calendar of a document of kind `calendar`, for one of its patterns of office hours (KeyError)."""
        hours = {pattern["key"]: pattern for pattern in document["office_hours"]}[office_hours]
        return cls(
            key=document["key"],
            first=date.fromisoformat(document["valid_from"]),
            last=date.fromisoformat(document["valid_to"]),
            weekdays=frozenset(hours["weekdays"]),
            windows=tuple(
                (time.fromisoformat(window["opens"]), time.fromisoformat(window["closes"]))
                for window in hours["windows"]
            ),
            off=_days(document["holidays"]) | _days(document["compensatory_off"]),
            worked=_days(document["makeup_workdays"]),
            special=_special(document),
        )

    def is_working_day(self, day: date) -> bool:
        """Whether offices are open that day; a make-up day is, a day off is not, else the weekday decides."""
        if not self.first <= day <= self.last:
            raise CalendarExhausted(self.key, day)
        if day in self.worked:
            return True
        return day not in self.off and day.isoweekday() in self.weekdays

    def counted_from(self, received_at: datetime) -> date:
        """The day a receipt counts from: its own, or the next working day when offices are closed by then."""
        day = local_day(received_at)
        if self.is_working_day(day) and received_at <= self.end_of_day(day):
            return day
        return self._working_day_after(day)

    def add_working_days(self, received_at: datetime, days: int) -> date:
        """The last of `days` working days; the day of receipt is not counted (Civil Code 91/2015, art. 147)."""
        _refuse_less_than_one(days)
        day = self.counted_from(received_at)
        for _ in range(days):
            day = self._working_day_after(day)
        return day

    def add_working_hours(self, moment: datetime, hours: int) -> datetime:
        """The instant (UTC) when `hours` of office time have gone by; time outside office hours does not count."""
        _refuse_less_than_one(hours)
        return self.add_working_time(moment, timedelta(hours=hours))

    def add_working_time(self, moment: datetime, left: timedelta) -> datetime:
        """The same for office time of any length; `moment` itself, whenever it is, where that is none."""
        if not left:
            return moment.astimezone(UTC)
        for opens, closes in self._office_time(moment):
            if left <= closes - opens:
                return opens + left
            left -= closes - opens
        raise CalendarExhausted(self.key, self.last + _DAY)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """Office time from `start` to `end`; nothing when `end` is not later."""
        total = timedelta()
        if end <= start:
            return total
        self.is_working_day(local_day(end))
        for opens, closes in self._office_time(start):
            if opens >= end:
                break
            total += min(closes, end) - opens
        return total

    def end_of_day(self, day: date) -> datetime:
        """The instant (UTC) when offices close on that day: the moment at which a thing due then is due."""
        return _instant(day, self.windows[-1][1])

    def due_at(self, time_limit: Mapping[str, Any], received_at: datetime) -> datetime:
        """The instant (UTC) by which a dossier received then must be decided, for the three kinds of time limit."""
        kind = time_limit["kind"]
        if kind == "working_days":
            return self.end_of_day(self.add_working_days(received_at, time_limit["days"]))
        if kind == "days":
            return self.end_of_day(self._calendar_days(received_at, time_limit["days"]))
        return self.end_of_day(batch_due(time_limit["windows"], local_day(received_at)))

    def _calendar_days(self, received_at: datetime, days: int) -> date:
        """A term that ends on a day off ends on the next working day (Civil Code 91/2015, art. 148)."""
        _refuse_less_than_one(days)
        last = self.counted_from(received_at) + timedelta(days=days)
        return last if self.is_working_day(last) else self._working_day_after(last)

    def _working_day_after(self, day: date) -> date:
        day += _DAY
        while not self.is_working_day(day):
            day += _DAY
        return day

    def _office_time(self, start: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Stretches of office time from `start` on, in order, the first one cut off at `start`."""
        day = local_day(start)
        self.is_working_day(day)
        while day <= self.last:
            if self.is_working_day(day):
                for window in self.windows:
                    opens, closes = (_instant(day, edge) for edge in window)
                    if closes > start:
                        yield max(opens, start.astimezone(UTC)), closes
            day += _DAY


def batch_due(windows: list[Mapping[str, str]], received: date) -> date:
    """The due day of the next intake whose `apply_before` is still ahead of the day of receipt."""
    closing, due = _next_intake(windows, received)
    same_year = _this_year(due, closing.year)
    return same_year if same_year >= closing else _this_year(due, closing.year + 1)


def batch_closing(windows: list[Mapping[str, str]], received: date) -> date:
    """The first day that is too late for that intake."""
    return _next_intake(windows, received)[0]


def _next_intake(windows: list[Mapping[str, str]], received: date) -> tuple[date, str]:
    """When it closes, and the day of a year on which it is due."""
    ahead = [
        (_this_year(window["apply_before"], year), window["due"])
        for window in windows
        for year in (received.year, received.year + 1)
    ]
    return min((closing, due) for closing, due in ahead if received < closing)


def _this_year(month_day: str, year: int) -> date:
    return date(year, int(month_day[:2]), int(month_day[3:]))


def _instant(day: date, at: time) -> datetime:
    return datetime.combine(day, at, VIETNAM).astimezone(UTC)


def _days(rows: list[Mapping[str, Any]]) -> frozenset[date]:
    return frozenset(date.fromisoformat(row["date"]) for row in rows)


def _special(document: Mapping[str, Any]) -> dict[date, SpecialDay]:
    """By day; a day that stands in two lists is a holiday before all else."""
    kinds: tuple[tuple[str, Literal["holiday", "compensatory_off", "makeup_workday"]], ...] = (
        ("makeup_workdays", "makeup_workday"),
        ("compensatory_off", "compensatory_off"),
        ("holidays", "holiday"),
    )
    rows = ((kind, row) for group, kind in kinds for row in document[group])
    return {date.fromisoformat(row["date"]): SpecialDay(kind, row["name"]) for kind, row in rows}


def _refuse_less_than_one(count: int) -> None:
    if count < 1:
        raise ValueError("a term is at least one long")
