"""A term told day by day: which days counted, which did not and why, until the day on which it ends.

It tells what `worktime` computes and computes nothing of its own: a term in days ends on the day of `Calendar.due_at`,
one in office hours at the instant of `Calendar.add_working_hours`, and the last day that is told counted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.worktime import Calendar, batch_closing, batch_due

Why = Literal[
    "received",  # the first day is not counted (Civil Code 91/2015, art. 147)
    "received_after_hours",  # offices were closed by then
    "first_day",  # the working day that a receipt on a day off, or after hours, counts from
    "working_day",
    "makeup_workday",
    "calendar_day",  # of a term in calendar days, worked or not
    "weekend",
    "holiday",
    "compensatory_off",
    "no_office_hours_left",  # of a term in hours: received when offices had closed
    "batch_closes",  # the intake that the dossier belongs to closes; until then it is open
    "batch_due",
]
_DAY = timedelta(days=1)
_NOTHING = timedelta()


@dataclass(frozen=True)
class TermDay:
    """One day of a term: `name` is that of the holiday or exchanged day, `{vi, en}`.

    `count` is the number of the day within a term in days; `hours` the office time gone by of a term in hours.
    """

    day: date
    counted: bool
    why: Why
    name: Mapping[str, str] | None = None
    count: int = 0
    hours: timedelta = _NOTHING


def explain(calendar: Calendar, time_limit: Mapping[str, Any], received_at: datetime) -> list[TermDay]:
    """The days of a time limit as `Calendar.due_at` reads it, from that of receipt on. Raises CalendarExhausted."""
    if time_limit["kind"] == "batch":
        return _batch(calendar, time_limit["windows"], received_at)
    if time_limit["kind"] == "days":
        return [*_receipt(calendar, received_at), *_calendar_days(calendar, received_at, time_limit["days"])]
    return [*_receipt(calendar, received_at), *_working_days(calendar, received_at, time_limit["days"])]


def explain_hours(calendar: Calendar, received_at: datetime, hours: int) -> list[TermDay]:
    """The days of so many office hours, as `Calendar.add_working_hours` reads them. Raises CalendarExhausted."""
    ends_at = calendar.add_working_hours(received_at, hours)
    told: list[TermDay] = []
    for day in _from(local_day(received_at)):
        until = min(ends_at, calendar.end_of_day(day))
        gone_by = calendar.working_time_between(received_at, until)
        before = told[-1].hours if told else _NOTHING
        why = "no_office_hours_left" if _is_late(calendar, received_at, day) else _why(calendar, day)
        told.append(_told(calendar, day, why, counted=gone_by > before, hours=gone_by))
        if until == ends_at:
            return told
    raise AssertionError("a term has an end")


def _receipt(calendar: Calendar, received_at: datetime) -> Iterator[TermDay]:
    """The day of receipt and those after it up to the one it counts from: none of them is counted."""
    received, first = local_day(received_at), calendar.counted_from(received_at)
    if received == first:
        yield TermDay(received, False, "received")
        return
    for day in _from(received):
        if day == first:
            yield TermDay(day, False, "first_day")
            return
        why: Why = "received_after_hours" if calendar.is_working_day(day) else _why(calendar, day)
        yield _told(calendar, day, why, counted=False)


def _working_days(calendar: Calendar, received_at: datetime, days: int) -> Iterator[TermDay]:
    last, count = calendar.add_working_days(received_at, days), 0
    for day in _from(calendar.counted_from(received_at) + _DAY):
        is_worked = calendar.is_working_day(day)
        count += is_worked
        yield _told(calendar, day, _why(calendar, day), counted=is_worked, count=count)
        if day == last:
            return


def _calendar_days(calendar: Calendar, received_at: datetime, days: int) -> Iterator[TermDay]:
    """Every day counts, but the last is moved on until one is worked (Civil Code 91/2015, art. 148)."""
    first = calendar.counted_from(received_at)
    last = local_day(calendar.due_at({"kind": "days", "days": days}, received_at))
    for day in _from(first + _DAY):
        count = min((day - first).days, days)
        if count < days:
            yield _told(calendar, day, "calendar_day", counted=True, count=count)
        else:
            yield _told(calendar, day, _why(calendar, day), counted=day == last, count=days - (day != last))
        if day == last:
            return


def _batch(calendar: Calendar, windows: list[Mapping[str, str]], received_at: datetime) -> list[TermDay]:
    received = local_day(received_at)
    closing, due = batch_closing(windows, received), batch_due(windows, received)
    told = [TermDay(received, False, "received")]
    if closing != due:
        told.append(_told(calendar, closing, "batch_closes", counted=False))
    return [*told, _told(calendar, due, "batch_due", counted=True, count=1)]


def _why(calendar: Calendar, day: date) -> Why:
    """What kind of day it is."""
    if calendar.is_working_day(day):
        return "makeup_workday" if day in calendar.worked else "working_day"
    special = calendar.special.get(day)
    if special is None:
        return "weekend"
    return "holiday" if special.kind == "holiday" else "compensatory_off"


def _is_late(calendar: Calendar, received_at: datetime, day: date) -> bool:
    is_same = day == local_day(received_at) and calendar.is_working_day(day)
    return is_same and received_at >= calendar.end_of_day(day)


def _told(
    calendar: Calendar, day: date, why: Why, *, counted: bool, count: int = 0, hours: timedelta = _NOTHING
) -> TermDay:
    special = calendar.special.get(day)
    return TermDay(day, counted, why, special.name if special else None, count, hours)


def _from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += _DAY
