"""A term told day by day agrees with the term as it is computed, whatever the day of receipt."""

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.explained import TermDay, explain, explain_hours
from services.contracts.catalogue.worktime import Calendar, CalendarExhausted

from .test_worktime import MOMENTS, at

LIMITS = st.one_of(
    st.integers(1, 90).map(lambda days: {"kind": "working_days", "days": days}),
    st.integers(1, 200).map(lambda days: {"kind": "days", "days": days}),
)
PRESS_CARDS: dict[str, Any] = {
    "kind": "batch",
    "windows": [{"apply_before": "11-01", "due": "01-01"}, {"apply_before": "04-21", "due": "06-21"}],
}


def brief(told: list[TermDay]) -> list[str]:
    """Day, why, and the number of each day that counted."""
    return [f"{one.day:%m-%d} {one.why}{f' {one.count}' if one.counted else ''}" for one in told]


@given(MOMENTS, LIMITS)
def test_the_last_day_counted_is_the_day_that_is_due(
    calendar: Calendar, received_at: datetime, limit: dict[str, Any]
) -> None:
    try:
        due = local_day(calendar.due_at(limit, received_at))
    except CalendarExhausted:
        assume(False)
    told = explain(calendar, limit, received_at)
    assert (told[-1].day, told[-1].counted, told[-1].count) == (due, True, limit["days"])
    assert [one.day for one in told] == [told[0].day + timedelta(days=number) for number in range(len(told))]
    assert told[0].day == local_day(received_at)
    assert sum(one.counted for one in told) == limit["days"]
    assert all(later.count - earlier.count == later.counted for earlier, later in pairwise(told))
    if limit["kind"] == "working_days":
        assert all(calendar.is_working_day(one.day) for one in told if one.counted)


@given(MOMENTS, st.integers(1, 60))
def test_the_hours_told_are_the_hours_counted(calendar: Calendar, received_at: datetime, hours: int) -> None:
    try:
        due = calendar.add_working_hours(received_at, hours)
    except CalendarExhausted:
        assume(False)
    told = explain_hours(calendar, received_at, hours)
    assert (told[-1].day, told[-1].counted, told[-1].hours) == (local_day(due), True, timedelta(hours=hours))
    assert told[0].day == local_day(received_at)
    for earlier, later in pairwise(told):
        assert later.counted == (later.hours > earlier.hours)
    assert not any(one.counted for one in told if not calendar.is_working_day(one.day))


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [("2026-01-15", 7, "2026-01-26"), ("2026-02-10", 5, "2026-02-24"), ("2026-04-22", 10, "2026-05-11")],
)
def test_the_vectors_of_the_calendar_of_2026(calendar: Calendar, received: str, days: int, due: str) -> None:
    told = explain(calendar, {"kind": "working_days", "days": days}, at(f"{received}T09:00"))
    assert told[-1].day == date.fromisoformat(due)


def test_a_term_over_a_holiday_names_it(calendar: Calendar) -> None:
    told = explain(calendar, {"kind": "working_days", "days": 4}, at("2026-04-24T18:00"))
    assert brief(told) == [
        "04-24 received_after_hours",
        "04-25 weekend",
        "04-26 holiday",
        "04-27 compensatory_off",
        "04-28 first_day",
        "04-29 working_day 1",
        "04-30 holiday",
        "05-01 holiday",
        "05-02 weekend",
        "05-03 weekend",
        "05-04 working_day 2",
        "05-05 working_day 3",
        "05-06 working_day 4",
    ]
    named = {one.day: one.name["vi"] for one in told if one.name}
    assert "Giỗ Tổ" in named[date(2026, 4, 26)]


def test_a_makeup_day_counts_and_says_so(calendar: Calendar) -> None:
    told = explain(calendar, {"kind": "working_days", "days": 3}, at("2026-08-19T09:00"))
    assert brief(told)[-1] == "08-22 makeup_workday 3"
    assert told[-1].name is not None


def test_calendar_days_count_all_but_an_end_on_a_day_off(calendar: Calendar) -> None:
    told = explain(calendar, {"kind": "days", "days": 3}, at("2026-01-15T09:00"))
    assert brief(told) == [
        "01-15 received",
        "01-16 calendar_day 1",
        "01-17 calendar_day 2",
        "01-18 weekend",
        "01-19 working_day 3",
    ]


def test_eight_hours_over_a_weekend(calendar: Calendar) -> None:
    told = explain_hours(calendar, at("2026-01-16T16:30"), 8)
    assert [(one.day.day, one.why, one.hours / timedelta(hours=1)) for one in told] == [
        (16, "working_day", 1),
        (17, "weekend", 1),
        (18, "weekend", 1),
        (19, "working_day", 8),
    ]
    (late, *_) = explain_hours(calendar, at("2026-01-16T17:30"), 8)
    assert (late.why, late.counted) == ("no_office_hours_left", False)


def test_a_batch_is_told_by_its_closing_and_its_due_day(calendar: Calendar) -> None:
    told = explain(calendar, PRESS_CARDS, at("2026-03-02T09:00"))
    assert brief(told) == ["03-02 received", "04-21 batch_closes", "06-21 batch_due 1"]
    assert told[-1].day == local_day(calendar.due_at(PRESS_CARDS, at("2026-03-02T09:00")))
