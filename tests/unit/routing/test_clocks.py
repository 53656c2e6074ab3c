"""The two legal clocks, against days of 2026 counted by hand."""

from datetime import datetime

import pytest

from services.contracts.catalogue.worktime import CalendarExhausted
from services.routing import clocks, deciding
from tests.unit.routing.builders import CALENDAR, OFFICER, Book, at, terms


@pytest.mark.parametrize(
    ("accepted_at", "days", "due"),
    [
        (at("01-15"), 7, at("01-26", "17:30")),
        (at("02-10"), 5, at("02-24", "17:30")),  # over Tết
        (at("04-22"), 10, at("05-11", "17:30")),
        (at("01-16", "18:00"), 1, at("01-20", "17:30")),  # after hours on Friday: counted from Monday
    ],
)
def test_working_days_are_counted_from_the_day_after_acceptance(
    accepted_at: datetime, days: int, due: datetime
) -> None:
    assert Book().opened(terms(days=days)).accepted(accepted_at).now.due_at == due


def test_a_term_in_days_that_ends_on_a_day_off_ends_on_the_next_working_day() -> None:
    assert Book().opened(terms("days", 20)).accepted(at("01-27")).now.due_at == at("02-23", "17:30")


def test_a_batch_is_decided_by_the_day_of_submission_not_of_acceptance() -> None:
    book = Book().opened(terms("batch", on_payment="run"), at("04-20")).accepted(at("04-22"))
    assert book.now.due_at == at("06-21", "17:30")


@pytest.mark.parametrize("on_supplement", ["restart", "pause"])
def test_a_batch_is_due_on_its_day_however_long_the_applicant_was_waited_for(on_supplement: str) -> None:
    book = Book().opened(terms("batch", on_supplement=on_supplement), at("03-02")).accepted(at("03-03"))
    book.fee("required", at("03-04")).fee("settled", at("03-10"))
    assert book.now.due_at == at("06-21", "17:30")
    assert book.asked(at("04-01")).answered(at("04-20", "17:00")).now.due_at == at("06-21", "17:30")


NEXT = datetime.fromisoformat("2027-01-01T17:30:00+07:00")


@pytest.mark.parametrize(("on_supplement", "due"), [("restart", NEXT), ("pause", at("06-21", "17:30"))])
def test_a_dossier_made_whole_after_the_closing_day_waits_for_the_next_batch_where_the_term_starts_again(
    on_supplement: str, due: datetime
) -> None:
    of = terms("batch", on_supplement=on_supplement)
    accepted = Book().opened(of, at("04-17")).accepted(at("04-17")).asked(at("04-20")).answered(at("04-21"))
    assert accepted.now.due_at == due
    before = Book().opened(of, at("04-17")).asked(at("04-17")).answered(at("04-21")).accepted(at("04-21", "10:00"))
    assert before.now.due_at == due


def test_the_answer_clock_starts_again_with_the_supplement() -> None:
    book = Book().opened().asked(at("01-12", "10:00")).answered(at("01-15", "15:30"))
    assert book.now.answer_due_at == book.now.rings_at == at("01-16", "15:30")
    assert book.now.due_at is None


def test_a_supplement_starts_the_decision_clock_again_where_the_procedure_says_so() -> None:
    book = Book().opened(terms(days=5)).accepted().asked(at("01-14")).answered(at("01-21"))
    assert book.now.due_at == at("01-28", "17:30")
    assert book.history[-1].data["answer_due_at"] is None


def test_a_supplement_before_acceptance_does_not_touch_the_decision_clock() -> None:
    asked = Book().opened().asked(at("01-12")).answered(at("01-13")).accepted(at("01-13", "10:00"))
    assert asked.now.due_at == at("01-20", "17:30")


def test_a_pause_adds_the_office_time_that_went_by() -> None:
    paused = terms(days=5, on_supplement="pause")
    book = Book().opened(paused).accepted().asked(at("01-14", "10:00")).answered(at("01-15", "10:00"))
    assert book.now.due_at == at("01-20", "17:30")


def test_a_pause_of_minutes_moves_the_due_moment_by_minutes() -> None:
    book = Book().opened(terms(days=5)).accepted().fee("required", at("01-14", "10:00"))
    assert book.fee("settled", at("01-14", "10:05:20")).now.due_at == at("01-20", "08:05")


def test_a_pause_outside_office_hours_moves_nothing() -> None:
    book = Book().opened(terms(days=5)).accepted().fee("required", at("01-14", "17:30"))
    assert book.fee("settled", at("01-15", "08:00")).now.due_at == at("01-19", "17:30")


def test_a_fee_stops_the_clock_from_the_demand_to_the_payment() -> None:
    book = Book().opened(terms(days=5)).accepted().fee("required", at("01-13"))
    assert book.now.overdue_at is None
    book.fee("settled", at("01-15"))
    assert book.now.due_at == book.now.overdue_at == at("01-21", "17:30")


def test_a_fee_does_not_stop_a_clock_that_runs_on_payment() -> None:
    book = Book().opened(terms(days=5, on_payment="run")).accepted().fee("required", at("01-13"))
    assert book.now.overdue_at == at("01-19", "17:30")
    assert book.fee("settled", at("01-15")).now.due_at == at("01-19", "17:30")


def test_a_fee_paid_before_acceptance_and_a_fee_before_the_result_move_nothing() -> None:
    book = Book().opened(terms(days=5)).fee("required", at("01-12"), "on_submission")
    assert book.now.overdue_at == book.now.answer_due_at
    book.fee("settled", at("01-12", "09:30"), "on_submission").accepted()
    book.fee("required", at("01-13"), "before_result").fee("settled", at("01-15"), "before_result")
    assert book.now.due_at == at("01-19", "17:30")


def test_time_paused_for_two_reasons_counts_once() -> None:
    paused = terms(days=5, on_supplement="pause")
    book = Book().opened(paused).accepted().fee("required", at("01-13")).asked(at("01-14"))
    book.answered(at("01-15")).fee("settled", at("01-16"))
    assert book.now.due_at == at("01-22", "17:30")


def test_a_pause_before_a_restart_is_not_added_to_the_new_term() -> None:
    book = Book().opened(terms(days=5)).accepted().fee("required", at("01-13")).fee("settled", at("01-14"))
    assert book.now.due_at == at("01-20", "17:30")
    assert book.asked(at("01-15")).answered(at("01-21")).now.due_at == at("01-28", "17:30")


def test_a_late_report_of_a_fee_corrects_whether_the_decision_was_on_time() -> None:
    book = Book().opened(terms(days=5)).accepted().fee("settled", at("01-15"))
    book.keep(deciding.decide, OFFICER, "granted", None, at("01-20"))
    assert book.now.on_time is False
    assert book.fee("required", at("01-13")).now.on_time is True


def test_the_applicant_has_until_the_end_of_a_working_day_to_answer() -> None:
    assert clocks.respond_by(at("01-15"), 30, CALENDAR) == at("02-23", "17:30")


def test_a_year_the_calendar_does_not_know_is_not_guessed() -> None:
    with pytest.raises(CalendarExhausted):
        Book().opened(terms(days=400)).accepted(at("12-01"))
