"""Working time at UTC+07:00, against the public calendar of 2016 to 2026 and against an independent one."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import holidays
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.contracts.catalogue.loading import Loaded
from services.contracts.catalogue.worktime import Calendar, CalendarExhausted

HOUR = timedelta(hours=1)
EPOCH = datetime(2016, 1, 4, tzinfo=UTC)
MOMENTS = st.integers(0, 11 * 365 * 24 * 60).map(lambda minutes: EPOCH + timedelta(minutes=minutes))


def at(local: str) -> datetime:
    """An instant from local time."""
    return datetime.fromisoformat(f"{local}+07:00")


@pytest.mark.parametrize(
    ("received", "days", "due"),
    [
        ("2026-01-15T09:00", 7, "2026-01-26"),
        ("2026-02-10T09:00", 5, "2026-02-24"),
        ("2026-04-22T09:00", 10, "2026-05-11"),
        ("2026-08-19T09:00", 3, "2026-08-22"),
        ("2026-08-28T09:00", 1, "2026-09-03"),
    ],
)
def test_the_day_of_receipt_and_days_off_are_not_counted(
    calendar: Calendar, received: str, days: int, due: str
) -> None:
    assert calendar.add_working_days(at(received), days) == date.fromisoformat(due)
    assert calendar.due_at({"kind": "working_days", "days": days}, at(received)) == at(f"{due}T17:30")


@pytest.mark.parametrize("received", ["2026-01-16T17:31", "2026-01-16T23:59", "2026-01-17T09:00", "2026-01-18T23:59"])
def test_what_comes_after_hours_counts_as_received_on_the_next_working_day(calendar: Calendar, received: str) -> None:
    monday = date(2026, 1, 19)
    assert calendar.counted_from(at(received)) == monday
    assert calendar.add_working_days(at(received), 1) == date(2026, 1, 20)
    assert calendar.counted_from(at("2026-01-19T00:00")) == monday
    assert calendar.counted_from(at("2026-01-19T17:30")) == monday


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        ("2026-01-15T09:00", "2026-01-16T09:00"),
        ("2026-01-15T12:30", "2026-01-16T12:00"),
        ("2026-01-16T16:30", "2026-01-19T16:30"),
        ("2026-01-17T10:00", "2026-01-19T17:30"),
        ("2026-02-13T17:00", "2026-02-23T17:00"),
        ("2026-01-15T07:00", "2026-01-15T17:30"),
    ],
)
def test_eight_working_hours_are_one_day_of_office_time(calendar: Calendar, received: str, answer: str) -> None:
    assert calendar.add_working_hours(at(received), 8) == at(answer)


def test_office_time_between_two_instants_leaves_out_nights_noons_and_days_off(calendar: Calendar) -> None:
    assert calendar.working_time_between(at("2026-01-16T11:00"), at("2026-01-16T14:00")) == 1.5 * HOUR
    assert calendar.working_time_between(at("2026-01-16T17:00"), at("2026-01-19T09:00")) == 1.5 * HOUR
    assert calendar.working_time_between(at("2026-01-17T09:00"), at("2026-01-18T09:00")) == 0 * HOUR
    assert calendar.working_time_between(at("2026-01-16T14:00"), at("2026-01-16T11:00")) == 0 * HOUR
    assert calendar.working_time_between(at("2026-08-21T17:30"), at("2026-08-24T08:00")) == 8 * HOUR


def test_calendar_days_that_end_on_a_day_off_end_on_the_next_working_day(calendar: Calendar) -> None:
    limit = {"kind": "days", "days": 30}
    assert calendar.due_at(limit, at("2026-01-15T09:00")) == at("2026-02-23T17:30")
    assert calendar.due_at(limit, at("2026-03-02T09:00")) == at("2026-04-01T17:30")


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-04-20T23:59", "2026-06-21"),
        ("2026-04-21T00:00", "2027-01-01"),
        ("2026-10-31T23:59", "2027-01-01"),
        ("2026-11-01T00:00", "2027-06-21"),
        ("2026-12-31T23:59", "2027-06-21"),
        ("2027-12-31T09:00", "2028-06-21"),
    ],
)
def test_a_batch_is_due_on_the_day_of_the_next_intake(calendar: Calendar, received: str, due: str) -> None:
    windows = [{"apply_before": "11-01", "due": "01-01"}, {"apply_before": "04-21", "due": "06-21"}]
    assert calendar.due_at({"kind": "batch", "windows": windows}, at(received)) == at(f"{due}T17:30")


def test_an_intake_may_close_on_the_day_it_is_due(calendar: Calendar) -> None:
    windows = [{"apply_before": "06-21", "due": "06-21"}]
    assert calendar.due_at({"kind": "batch", "windows": windows}, at("2026-06-20T09:00")) == at("2026-06-21T17:30")


def test_a_year_the_calendar_does_not_know_is_refused_by_name(calendar: Calendar) -> None:
    late = datetime.combine(calendar.last, datetime.min.time(), UTC)
    with pytest.raises(CalendarExhausted, match="vn"):
        calendar.add_working_days(late, 10)
    with pytest.raises(CalendarExhausted):
        calendar.add_working_hours(late, 80)
    with pytest.raises(CalendarExhausted):
        calendar.working_time_between(late, late + 100 * 24 * HOUR)
    with pytest.raises(CalendarExhausted):
        calendar.is_working_day(date(2015, 12, 31))
    with pytest.raises(CalendarExhausted):
        calendar.add_working_hours(at("2015-12-31T09:00"), 1)


def test_a_term_is_at_least_one_long_and_an_instant_has_an_offset(calendar: Calendar) -> None:
    for count in (0, -1):
        with pytest.raises(ValueError, match="at least one"):
            calendar.add_working_days(at("2026-01-15T09:00"), count)
        with pytest.raises(ValueError, match="at least one"):
            calendar.add_working_hours(at("2026-01-15T09:00"), count)
    with pytest.raises(ValueError, match="offset"):
        calendar.add_working_days(datetime(2026, 1, 15, 9), 1)  # noqa: DTZ001 – the mistake tried


def test_an_office_with_other_hours_closes_at_its_own_time(catalogue: Loaded) -> None:
    early = Calendar.from_document(catalogue.of_kind("calendar")[0].body, "early")
    assert early.end_of_day(date(2026, 1, 15)) == at("2026-01-15T17:00")
    with pytest.raises(KeyError):
        Calendar.from_document(catalogue.of_kind("calendar")[0].body, "never")


def test_due_moments_are_aware_and_in_utc(calendar: Calendar) -> None:
    assert calendar.end_of_day(date(2026, 1, 15)) == datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    assert calendar.add_working_hours(at("2026-01-15T09:00"), 1).tzinfo is UTC


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(hours=60)))
@settings(max_examples=120, deadline=None, database=None)
def test_the_office_time_added_is_what_lies_between(calendar: Calendar, start: datetime, length: timedelta) -> None:
    end = calendar.add_working_time(start, length)
    assert calendar.working_time_between(start, end) == length
    hours = length // HOUR
    if hours:
        assert calendar.add_working_hours(start, hours) == calendar.add_working_time(start, hours * HOUR)


@given(MOMENTS, st.integers(1, 40))
@settings(max_examples=80, deadline=None, database=None)
def test_working_days_are_counted_one_by_one(calendar: Calendar, start: datetime, days: int) -> None:
    due = calendar.add_working_days(start, days)
    first = calendar.counted_from(start) + timedelta(days=1)
    between = [first + timedelta(days=step) for step in range((due - first).days + 1)]
    assert sum(calendar.is_working_day(day) for day in between) == days
    assert calendar.is_working_day(due)


@given(MOMENTS, MOMENTS, MOMENTS)
@settings(max_examples=60, deadline=None, database=None)
def test_office_time_adds_up(calendar: Calendar, a: datetime, b: datetime, c: datetime) -> None:
    first, middle, last = sorted(moment.replace(year=2026, day=min(moment.day, 28)) for moment in (a, b, c))
    between = calendar.working_time_between
    assert between(first, middle) + between(middle, last) == between(first, last)


def test_the_calendar_agrees_with_the_holidays_library_but_for_swaps_of_its_own(
    catalogue: Loaded, calendar: Calendar
) -> None:
    document = catalogue.of_kind("calendar")[0].body
    library = holidays.country_holidays("VN", years=range(2016, 2027))
    days = [date(2016, 1, 1) + timedelta(days=step) for step in range((date(2027, 1, 1) - date(2016, 1, 1)).days)]
    differing = {
        day.isoformat() for day in days if calendar.is_working_day(day) != (day.isoweekday() < 6 and day not in library)
    }
    assert differing == explained(document)


def explained(document: dict[str, Any]) -> set[str]:
    """The library has no make-up days, and lacks the swaps whose row has a note."""
    swaps = [row["date"] for row in document["compensatory_off"] if row["in_exchange_for"] and row["note"]]
    return {row["date"] for row in document["makeup_workdays"]} | set(swaps)
