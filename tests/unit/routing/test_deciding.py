"""One step or two, as a whole or row by row."""

from dataclasses import replace
from typing import Any

import pytest

from services.chassis.errors import Denied, Refused, ServiceError
from services.routing import deciding, domain
from services.routing.case import Item
from tests.unit.routing.builders import CLERK, COLLEAGUE, OFFICER, STRANGER, Book, at, terms

NOON, LATER = at("01-13", "12:00"), at("01-14")
ROWS = (Item(1, "granted"), Item(2, "refused"))


def in_hand(decision: str = "two_step") -> Book:
    """A case that an officer has."""
    book = Book().opened(terms(decision=decision)).accepted()
    book.keep(domain.assign, COLLEAGUE, OFFICER.id, NOON)
    return book


def proposed(outcome: str = "granted", items: Any = ()) -> Book:
    """The same with a proposal to sign."""
    book = in_hand()
    book.keep(deciding.propose, OFFICER, outcome, items, NOON)
    return book


def code_of(error: ServiceError | None) -> str:
    """What was refused, and as what."""
    assert isinstance(error, (Refused, Denied)), error
    return error.code


def test_what_one_proposes_another_signs() -> None:
    book = proposed(items=ROWS)
    assert (book.now.status, book.now.officer) == ("proposed", OFFICER.id)
    assert code_of(book.attempt(deciding.decide, OFFICER, "granted", None, LATER)) == "routing.own_proposal"
    book.keep(deciding.decide, COLLEAGUE, "granted", None, LATER)
    assert (book.now.status, book.now.outcome, book.now.items) == ("decided", "granted", ROWS)
    assert book.types[-2:] == ["decision_proposed", "case_decided"]
    assert book.history[-1].data["rows"] == [{"row": 1, "outcome": "granted"}, {"row": 2, "outcome": "refused"}]


def test_a_procedure_of_two_steps_is_not_decided_in_one_and_one_of_one_step_is() -> None:
    assert code_of(in_hand().attempt(deciding.decide, COLLEAGUE, "granted", None, LATER)) == "routing.not_proposed"
    book = in_hand("one_step")
    book.keep(deciding.decide, OFFICER, "granted", ROWS, LATER)
    assert book.now.items == ROWS


def test_where_one_step_is_enough_a_proposal_binds_all_the_same() -> None:
    book = in_hand("one_step")
    book.keep(deciding.propose, OFFICER, "granted", (), NOON)
    assert code_of(book.attempt(deciding.decide, OFFICER, "granted", None, LATER)) == "routing.own_proposal"


@pytest.mark.parametrize(("outcome", "items"), [("refused", None), ("granted", ()), ("granted", ROWS[:1])])
def test_who_signs_changes_nothing(outcome: str, items: Any) -> None:
    book = proposed(items=ROWS)
    assert code_of(book.attempt(deciding.decide, COLLEAGUE, outcome, items, LATER)) == "routing.not_as_proposed"
    book.keep(deciding.decide, COLLEAGUE, "granted", ROWS, LATER)


def test_who_has_not_that_duty_neither_signs_nor_returns() -> None:
    book = proposed()
    for act, told in ((deciding.decide, ("granted", None)), (deciding.return_proposal, ())):
        for clerk in (CLERK, replace(CLERK, duties="transfer design")):
            refused = book.attempt(act, clerk, *told, LATER)
            assert isinstance(refused, Denied)
            assert refused.code == "routing.may_not_sign"
    book.keep(deciding.decide, replace(CLERK, duties="sign"), "granted", None, LATER)


def test_what_one_officer_decides_needs_no_duty() -> None:
    book = in_hand("one_step")
    book.keep(deciding.decide, CLERK, "granted", (), LATER)
    assert book.now.status == "decided"


def test_a_proposal_that_is_returned_is_made_anew() -> None:
    book = proposed()
    assert code_of(book.attempt(deciding.return_proposal, OFFICER, LATER)) == "routing.own_proposal"
    book.keep(deciding.return_proposal, COLLEAGUE, LATER)
    assert (book.now.status, book.now.proposal) == ("in_hand", None)
    assert code_of(book.attempt(deciding.return_proposal, COLLEAGUE, LATER)) == "routing.not_proposed"
    book.keep(deciding.propose, OFFICER, "refused", (), LATER)
    book.keep(deciding.decide, COLLEAGUE, "refused", None, LATER)
    assert book.now.outcome == "refused"


def test_only_the_officer_in_charge_proposes() -> None:
    book = in_hand()
    assert code_of(book.attempt(deciding.propose, COLLEAGUE, "granted", (), NOON)) == "routing.not_in_charge"
    assert code_of(book.attempt(deciding.propose, STRANGER, "granted", (), NOON)) == "routing.other_unit"
    unassigned = Book().opened(terms(decision="two_step")).accepted()
    assert code_of(unassigned.attempt(deciding.propose, OFFICER, "granted", (), NOON)) == "routing.not_in_hand"


def test_a_supplement_that_is_asked_for_takes_the_place_of_a_proposal() -> None:
    book = proposed().asked(LATER)
    assert book.now.status == "supplement_requested"
    book.answered(at("01-15"))
    assert (book.now.status, book.now.proposal) == ("in_hand", None)


def test_nothing_is_signed_before_it_is_paid() -> None:
    book = proposed().fee("required", NOON)
    assert code_of(book.attempt(deciding.decide, COLLEAGUE, "granted", None, LATER)) == "routing.fee_unpaid"
    book.fee("settled", NOON).keep(deciding.decide, COLLEAGUE, "granted", None, LATER)


@pytest.mark.parametrize(
    ("outcome", "items"),
    [("refused", ROWS), ("granted", ROWS[1:]), ("refused", ROWS[:1]), ("granted", (Item(9, "refused"),))],
)
def test_the_whole_is_granted_if_only_one_row_is(outcome: str, items: Any) -> None:
    for book, act in ((in_hand(), deciding.propose), (in_hand("one_step"), deciding.decide)):
        assert code_of(book.attempt(act, OFFICER, outcome, items, NOON)) == "routing.outcome_of_items"


def test_a_withdrawal_wins_over_a_proposal() -> None:
    book = proposed()
    book.keep(domain.withdraw, LATER)
    assert book.now.status == "withdrawn"
    assert code_of(book.attempt(deciding.decide, COLLEAGUE, "granted", None, LATER)) == "routing.not_accepted"
