"""A case that another unit is competent for goes there, as it stands."""

from dataclasses import replace

import pytest

from services.chassis.errors import Denied, Refused
from services.routing import deciding, domain, transferring
from services.routing.case import Case, Transfer
from tests.unit.routing.builders import CALENDAR, CLERK, OFFICER, STRANGER, UNIT, Book, at, fold, terms
from tests.unit.routing.test_domain import in_status

WHEN = at("01-13", "10:00")
PRESS = str(STRANGER.unit)


def handed_on(book: Book, to_unit: str = PRESS) -> Book:
    """The case at another unit."""
    officer = replace(OFFICER, unit=book.now.unit)
    book.keep(transferring.transfer, officer, to_unit, "not_competent", True, WHEN)
    return book


def dates(case: Case) -> tuple[object, ...]:
    """Every date that the applicant can count on."""
    return case.answer_due_at, case.due_at, case.next_due_at, case.overdue_at, case.rings_at


@pytest.mark.parametrize(
    ("status", "after"),
    [
        ("opened", "opened"),
        ("accepted", "accepted"),
        ("in_hand", "accepted"),
        ("supplement_requested", "supplement_requested"),
    ],
)
def test_it_stands_there_as_it_stood_here_but_nobody_has_it_in_hand(status: str, after: str) -> None:
    book = in_status(status)
    before = book.now
    handed_on(book)
    assert (book.now.unit, book.now.status, book.now.officer, book.now.assigned_at) == (PRESS, after, None, None)
    assert dates(book.now) == dates(before)
    assert book.now.transfers == (Transfer(UNIT, PRESS, "not_competent", WHEN),)
    assert fold(book.history) == book.now


def test_who_has_not_that_duty_hands_nothing_on() -> None:
    book = Book().opened()
    refused = book.attempt(transferring.transfer, replace(CLERK, duties="sign"), PRESS, "not_competent", True, WHEN)
    assert isinstance(refused, Denied)
    assert refused.code == "routing.may_not_transfer"
    book.keep(transferring.transfer, replace(CLERK, duties="transfer"), PRESS, "not_competent", True, WHEN)


def test_whose_it_was_is_denied_like_any_other_and_the_new_unit_decides() -> None:
    book = handed_on(Book().opened())
    with pytest.raises(Denied) as caught:
        domain.accept(book.now, OFFICER, CALENDAR, WHEN)
    assert caught.value.code == "routing.other_unit"
    book.keep(domain.accept, STRANGER, CALENDAR, WHEN)
    book.keep(deciding.decide, STRANGER, "granted", None, at("01-14"))
    assert (book.now.status, book.history[-1].data["unit"]) == ("decided", PRESS)


def test_the_clock_that_runs_out_is_the_new_units() -> None:
    book = handed_on(Book().opened().accepted())
    book.keep(domain.slip, "decision", at("03-01"))
    assert book.history[-1].data["unit"] == PRESS


@pytest.mark.parametrize(
    ("to_unit", "is_known", "code"), [(UNIT, True, "same_unit"), ("cuc-khac", False, "unknown_unit")]
)
def test_it_goes_to_another_unit_of_the_ministry_or_stays(to_unit: str, is_known: bool, code: str) -> None:
    book = Book().opened()
    with pytest.raises(Refused) as caught:
        transferring.transfer(book.now, OFFICER, to_unit, "other", is_known, WHEN)
    assert caught.value.code == f"routing.{code}"
    assert [problem["field"] for problem in caught.value.errors] == ["to_unit"]


def test_it_may_be_handed_on_again_and_back() -> None:
    book = handed_on(handed_on(handed_on(Book().opened()), "cuc-attt"), UNIT)
    assert [(one.from_unit, one.to_unit) for one in book.now.transfers] == [
        (UNIT, PRESS),
        (PRESS, "cuc-attt"),
        ("cuc-attt", UNIT),
    ]
    assert [event.data["transfer"] for event in book.history if event.type == "case_transferred"] == [1, 2, 3]
    book.accepted(WHEN)


def test_what_is_owed_and_what_is_asked_for_goes_along() -> None:
    book = Book().opened(terms(fees_awaited=("on_acceptance",))).accepted().fee("required", at("01-12", "11:00"))
    handed_on(book.asked(at("01-12", "14:00"))).answered(at("01-14"))
    assert (book.now.status, book.now.unpaid) == ("accepted", ("on_acceptance",))
    due = book.fee("settled", at("01-15")).now.due_at
    stayed = Book().opened(terms(fees_awaited=("on_acceptance",))).accepted().fee("required", at("01-12", "11:00"))
    assert due == stayed.asked(at("01-12", "14:00")).answered(at("01-14")).fee("settled", at("01-15")).now.due_at
