"""The law's days, counted once more and in another way: every office minute in one long list, days off from a library.

The product walks from day to day over its own calendar; here an index into the list is all there is, and the days off
are those of the `holidays` package. Both must come to the same moment, to the second.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays

VIETNAM: Final = ZoneInfo("Asia/Ho_Chi_Minh")  # not the product's, which is a number of hours
ANSWER_MINUTES: Final = 8 * 60
_YEARS: Final = range(2026, 2028)
_SATURDAY: Final = 6
_MINUTE: Final = timedelta(minutes=1)
_HOURS: Final = {"standard": ((8.0, 12.0), (13.5, 17.5)), "early": ((7.5, 11.5), (13.0, 17.0))}
_BEFORE_DECISION: Final = ("on_submission", "on_acceptance")
_Case = Mapping[str, Any]


class OfficeMinutes:
    """Each minute at which offices are open, in order, for one kind of office hours."""

    def __init__(self, kind: str) -> None:
        off = holidays.country_holidays("VN", years=_YEARS)
        first = date(_YEARS.start, 1, 1)
        year_days = (first + timedelta(days=number) for number in range(366 * len(_YEARS)))
        self.days = [day for day in year_days if day.isoweekday() < _SATURDAY and day not in off]
        self.minutes = [
            midnight + timedelta(hours=opens) + number * _MINUTE
            for midnight in (datetime.combine(day, time(0), VIETNAM).astimezone(UTC) for day in self.days)
            for opens, closes in _HOURS[kind]
            for number in range(round((closes - opens) * 60))
        ]
        self._last = timedelta(hours=_HOURS[kind][-1][1])

    def after(self, moment: datetime, count: int) -> datetime:
        """When so many office minutes have gone by since then."""
        begun = bisect_right(self.minutes, moment) - 1
        into = moment - self.minutes[begun]
        if timedelta() < into < _MINUTE:
            return self.minutes[begun + count] + into
        return self.minutes[bisect_left(self.minutes, moment) + count - 1] + _MINUTE if count else moment

    def close(self, day: date) -> datetime:
        """When offices close on that day."""
        return datetime.combine(day, time(0), VIETNAM).astimezone(UTC) + self._last

    def place(self, received: datetime) -> int:
        """Which of the office days a receipt counts from."""
        return next(number for number, day in enumerate(self.days) if self.close(day) >= received)

    def within(self, stretches: Sequence[tuple[datetime, datetime]]) -> int:
        """How many office minutes lie in any of these stretches, those cut off at an end as parts."""
        total = timedelta()
        begin = bisect_right(self.minutes, min(start for start, _ in stretches)) - 1
        beyond = bisect_left(self.minutes, max(end for _, end in stretches))
        for minute in self.minutes[begin:beyond]:
            pieces = [(max(start, minute), min(end, minute + _MINUTE)) for start, end in stretches]
            total += _covered([piece for piece in pieces if piece[0] < piece[1]])
        return round(total / _MINUTE)


def wrong_dues(cases: Sequence[_Case]) -> Iterator[str]:
    """The due moments of cases (as stored, their `state`) that are not as they come out here."""
    calendars = {kind: OfficeMinutes(kind) for kind in _HOURS}
    for case in cases:
        calendar = calendars[case["terms"]["office_hours"]]
        for name, wanted in (("answer_due_at", _answer(case, calendar)), ("due_at", _decision(case, calendar))):
            if not _same(case[name], wanted):
                yield f"routing.cases {case['dossier_code']}: {name} is {case[name]}, and by hand {wanted}"


def _same(stored: datetime | None, wanted: datetime | None) -> bool:
    """The database keeps milliseconds."""
    if stored is None or wanted is None:
        return stored is wanted
    return abs(stored - wanted) <= timedelta(milliseconds=1)


def _answer(case: _Case, calendar: OfficeMinutes) -> datetime:
    supplements = [one["received_at"] for one in case["supplements"] if one["before_acceptance"] and one["received_at"]]
    return calendar.after(max([case["submitted_at"], *supplements]), ANSWER_MINUTES)


def _decision(case: _Case, calendar: OfficeMinutes) -> datetime | None:
    terms, limit = case["terms"], case["terms"]["time_limit"]
    if case["accepted_at"] is None:
        return None
    restarts = [one for one in case["supplements"] if terms["on_supplement"] == "restart" and one["received_at"]]
    if limit["kind"] == "batch":
        whole_at = max([case["submitted_at"], *(one["received_at"] for one in restarts)])
        return calendar.close(_batch(limit["windows"], whole_at.astimezone(VIETNAM).date()))
    late = [one["received_at"] for one in restarts if not one["before_acceptance"]]
    since = max(late, default=case["accepted_at"])
    first = calendar.place(since)
    if limit["kind"] == "working_days":
        due = calendar.close(calendar.days[first + limit["days"]])
    else:
        last = calendar.days[first] + timedelta(days=limit["days"])
        due = calendar.close(next(day for day in calendar.days if day >= last))
    stood_still = [(max(start, since), end) for start, end in _pauses(case) if end > since]
    return calendar.after(due, calendar.within(stood_still)) if stood_still else due


def _pauses(case: _Case) -> Iterator[tuple[datetime, datetime]]:
    terms = case["terms"]
    for one in case["supplements"]:
        if terms["on_supplement"] == "pause" and one["received_at"] and not one["before_acceptance"]:
            yield one["requested_at"], one["received_at"]
    for fee in case["fees"]:
        counts = terms["on_payment"] == "pause" and fee["when_due"] in _BEFORE_DECISION
        if counts and fee["required_at"] and fee["settled_at"]:
            yield fee["required_at"], fee["settled_at"]


def _batch(windows: Sequence[Mapping[str, str]], received: date) -> date:
    """Day by day until an intake closes, and on until its day is due."""
    day = received
    while not (due := {one["apply_before"]: one["due"] for one in windows}.get(f"{(day := day + timedelta(1)):%m-%d}")):
        pass
    while f"{day:%m-%d}" != due:
        day += timedelta(1)
    return day


def _covered(pieces: Sequence[tuple[datetime, datetime]]) -> timedelta:
    """How long any of the pieces lasts; what overlaps counts once."""
    total, until = timedelta(), datetime.min.replace(tzinfo=UTC)
    for start, end in sorted(pieces):
        total += max(timedelta(), end - max(start, until))
        until = max(until, end)
    return total
