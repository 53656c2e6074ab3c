"""The rules of fee orders."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import Defect, Denied, NotFound, Refused, ServiceError
from services.contracts.event import Event
from services.payment import domain
from services.payment.order import Attempt, Receipt, Refund, Transfer, evolve
from tests.unit.payment.builders import (
    AMOUNT,
    CITIZEN,
    CODE,
    FEE,
    FIRST,
    FOREIGN,
    NOW,
    OFFICER,
    ORDER,
    QUARTER,
    SECOND,
    STRANGER,
    SYSTEM,
    TEN_DAYS,
    Book,
    assessed,
    assessment,
    captured,
    paid,
    requested,
    started,
)

LATER = NOW + timedelta(hours=1)


def refusal(kind: type[ServiceError], book: Book, decide: Any, *args: Any) -> str:
    """The code of the error that a command raises."""
    with pytest.raises(kind) as caught:
        book.act(decide, *args)
    return caught.value.code


def test_what_is_due_on_submission_is_asked_for_at_once_and_may_be_paid_for_ten_days() -> None:
    book = requested()
    assert book.types == ["fee_assessed", "fee_requested"]
    assert (book.now.order_id, book.now.status, book.now.amount_vnd) == (ORDER, "requested", AMOUNT)
    assert book.now.pay_by == NOW + TEN_DAYS


def test_what_is_due_later_waits_for_its_moment() -> None:
    book = assessed("before_result")
    assert (book.now.order_id, book.now.status) == (f"{CODE}-R", "assessed")
    book.act(domain.fall_due, TEN_DAYS, LATER)
    assert (book.now.status, book.now.pay_by) == ("requested", LATER + TEN_DAYS)


@pytest.mark.parametrize("when_due", ["on_submission", "on_acceptance"])
def test_what_comes_to_nothing_is_waived_when_it_falls_due(when_due: str) -> None:
    book = assessed(when_due, ())
    book.act(domain.fall_due, TEN_DAYS, NOW)
    assert (book.types, book.now.status) == (["fee_assessed", "fee_waived"], "waived")


def test_assessing_or_falling_due_twice_changes_nothing() -> None:
    book = requested()
    assert book.act(domain.assess, assessment(), (), TEN_DAYS, LATER) == []
    assert book.act(domain.fall_due, TEN_DAYS, LATER) == []


def test_what_is_told_of_an_order_that_is_not_open_yet_must_come_again() -> None:
    for decide, args in ((domain.fall_due, (TEN_DAYS, NOW)), (domain.end, (NOW, NOW)), (domain.expire, (NOW,))):
        assert refusal(NotFound, Book(), decide, *args) == "payment.unknown_order"


def test_every_attempt_to_pay_has_a_reference_of_letters_and_digits_that_no_other_has() -> None:
    book = started(2)
    assert [attempt.reference for attempt in book.now.attempts] == [FIRST, SECOND]
    assert book.now.attempts[0] == Attempt(FIRST, "vnpay", NOW, NOW + QUARTER)
    assert book.now.silent_since == NOW


def test_an_attempt_that_a_backup_knows_nothing_of_keeps_its_reference_to_itself() -> None:
    before, after = requested(), requested()
    before.act(domain.start, CITIZEN, True, "vnpay", QUARTER, NOW)
    after.act(domain.start, CITIZEN, True, "vnpay", QUARTER, NOW + timedelta(minutes=1))
    assert before.now.attempts[0].reference == FIRST
    assert after.now.attempts[0].reference not in {FIRST, SECOND}


def test_only_the_applicant_pays_at_a_gateway() -> None:
    book = requested()
    for actor in (OFFICER, SYSTEM):
        assert refusal(Denied, book, domain.start, actor, False, "vnpay", QUARTER, NOW) == "payment.applicant_only"
    assert refusal(NotFound, book, domain.start, STRANGER, False, "vnpay", QUARTER, NOW) == "payment.unknown_order"


@pytest.mark.parametrize(
    ("book", "code"),
    [
        (assessed(), "payment.not_due_yet"),
        (requested(()), "payment.nothing_to_pay"),
        (paid(), "payment.already_paid"),
    ],
)
def test_an_order_that_waits_for_no_money_cannot_be_paid(book: Book, code: str) -> None:
    assert refusal(Refused, book, domain.start, CITIZEN, True, "vnpay", QUARTER, NOW) == code
    assert refusal(Refused, book, domain.pay_at_counter, OFFICER, AMOUNT, NOW) == code


def test_a_payer_may_not_try_for_ever() -> None:
    book = started(domain.MOST_ATTEMPTS)
    code = refusal(Refused, book, domain.start, CITIZEN, True, "vnpay", QUARTER, NOW)
    assert code == "payment.too_many_attempts"


def test_a_capture_settles_once() -> None:
    book = paid()
    assert (book.now.status, book.now.method, book.now.attempt) == ("paid", "vnpay", FIRST)
    assert (book.now.paid_at, book.now.transaction) == (captured().paid_at, captured().transaction)
    assert (book.now.silent_since, book.now.pay_by) == (None, None)
    assert book.act(domain.capture, captured(), LATER) == []


def test_a_failed_attempt_leaves_the_order_open() -> None:
    book = started()
    book.act(domain.fail, FIRST, "24", NOW)
    assert (book.now.status, book.now.attempts[0].outcome, book.now.attempts[0].response_code) == (
        "requested",
        "failed",
        "24",
    )
    assert book.act(domain.fail, FIRST, "51", NOW) == []


def test_a_success_after_a_failure_settles_and_is_not_taken_back() -> None:
    book = started()
    book.act(domain.fail, FIRST, "24", NOW)
    book.act(domain.capture, captured(), NOW)
    assert (book.now.status, book.now.attempts[0].outcome) == ("paid", "captured")
    assert book.act(domain.fail, FIRST, "24", NOW) == []


def test_a_second_capture_is_owed_back_and_the_order_stays_paid() -> None:
    book = started(2)
    book.act(domain.capture, captured(SECOND), NOW)
    book.act(domain.capture, captured(FIRST), LATER)
    assert book.now.refunds == (Refund(FIRST, AMOUNT, "paid_twice", LATER),)
    assert (book.now.status, book.now.attempt) == ("paid", SECOND)
    assert book.act(domain.capture, captured(FIRST), LATER) == []


def test_an_unknown_attempt_settles_nothing() -> None:
    assert refusal(NotFound, started(), domain.capture, captured(SECOND), NOW) == "payment.unknown_attempt"


def test_an_officer_of_the_unit_takes_exactly_the_amount_at_the_counter() -> None:
    book = requested()
    assert refusal(Denied, book, domain.pay_at_counter, CITIZEN, AMOUNT, NOW) == "payment.officer_only"
    assert refusal(Denied, book, domain.pay_at_counter, FOREIGN, AMOUNT, NOW) == "payment.other_unit"
    assert refusal(Refused, book, domain.pay_at_counter, OFFICER, AMOUNT - 1, NOW) == "payment.wrong_amount"
    book.act(domain.pay_at_counter, OFFICER, AMOUNT, NOW)
    assert (book.now.status, book.now.method, book.now.attempt) == ("paid", "counter", None)


def test_a_capture_after_the_counter_took_the_money_is_owed_back() -> None:
    book = started()
    book.act(domain.pay_at_counter, OFFICER, AMOUNT, NOW)
    book.act(domain.capture, captured(), LATER)
    assert book.now.refunds == (Refund(FIRST, AMOUNT, "paid_twice", LATER),)


def test_an_order_expires_only_after_its_day_and_a_late_payment_is_still_taken() -> None:
    book = requested()
    assert book.act(domain.expire, NOW + TEN_DAYS - timedelta(seconds=1)) == []
    book.act(domain.expire, NOW + TEN_DAYS)
    assert book.now.status == "expired"
    assert book.act(domain.expire, NOW + TEN_DAYS) == []
    book.act(domain.start, CITIZEN, True, "vnpay", QUARTER, NOW + TEN_DAYS)
    book.act(domain.capture, captured(book.now.attempts[0].reference), NOW + TEN_DAYS)
    assert (book.now.status, book.now.expired_at) == ("paid", None)


def test_an_order_does_not_expire_while_an_attempt_is_open() -> None:
    book = started()
    assert book.act(domain.expire, NOW + TEN_DAYS) == []
    book.act(domain.fail, FIRST, "24", NOW + TEN_DAYS)
    assert [event.type for event in book.act(domain.expire, NOW + TEN_DAYS)] == ["fee_expired"]


@pytest.mark.parametrize("book", [assessed(), requested(), started()])
def test_the_end_of_a_dossier_cancels_what_is_not_paid(book: Book) -> None:
    book.act(domain.end, LATER, LATER)
    assert (book.now.status, book.now.cancelled_at) == ("cancelled", LATER)
    assert book.act(domain.end, LATER, LATER) == []
    assert book.act(domain.fall_due, TEN_DAYS, LATER) == []
    code = refusal(Refused, book, domain.start, CITIZEN, True, "vnpay", QUARTER, LATER)
    assert code == "payment.cancelled"


def test_when_a_dossier_ends_after_payment_the_refundable_part_is_owed_back() -> None:
    book = paid()
    book.act(domain.end, LATER, LATER)
    assert book.now.refunds == (Refund(FIRST, 500_000, "dossier_ended", LATER),)
    assert book.now.status == "refund_due"
    assert book.act(domain.end, LATER, LATER) == []


def test_when_nothing_is_refundable_the_end_of_the_dossier_gives_nothing_back() -> None:
    book = requested((FEE,))
    book.act(domain.pay_at_counter, OFFICER, FEE.amount_vnd, NOW)
    assert book.act(domain.end, LATER, LATER) == []


@pytest.mark.parametrize("heard_first", ["money", "end"])
def test_what_was_paid_for_a_result_that_never_came_goes_back_whole(heard_first: str) -> None:
    book = assessed("before_result", (FEE,))
    book.act(domain.fall_due, TEN_DAYS, NOW)
    book.act(domain.start, CITIZEN, True, "vnpay", QUARTER, NOW)
    reference = book.now.attempts[0].reference
    heard: dict[str, Callable[[], object]] = {
        "money": lambda: book.act(domain.capture, captured(reference), LATER),
        "end": lambda: book.act(domain.end, LATER, LATER),
    }
    for name in sorted(heard, key=lambda name: name != heard_first):
        heard[name]()
    assert captured().paid_at < LATER
    assert [(one.amount_vnd, one.reason) for one in book.now.refunds] == [(FEE.amount_vnd, "dossier_ended")]


def test_what_is_paid_after_the_end_goes_back_whole() -> None:
    book = started()
    book.act(domain.end, NOW, NOW)
    book.act(domain.capture, captured(), LATER)
    assert book.types[-3:] == ["fee_cancelled", "fee_paid", "refund_due"]
    assert (book.now.status, book.now.refunds[0].amount_vnd) == ("refund_due", AMOUNT)


def test_a_payment_within_the_second_of_the_end_counts_as_after_it() -> None:
    book = started()
    ended_at = captured().paid_at + timedelta(milliseconds=900)
    book.act(domain.end, ended_at, ended_at)
    book.act(domain.capture, captured(), LATER)
    assert book.now.refunds[0].amount_vnd == AMOUNT


def test_of_a_dossier_ended_twice_all_goes_back_that_the_first_end_owes_whichever_is_heard_first() -> None:
    unit_ended, applicant_withdrew = (captured().paid_at + timedelta(hours=hours) for hours in (-1, 1))
    book = paid()
    book.act(domain.end, applicant_withdrew, LATER)
    book.act(domain.note_refund, 1, LATER)
    book.act(domain.end, unit_ended, LATER)
    assert [one.amount_vnd for one in book.now.refunds] == [500_000, AMOUNT - 500_000]
    assert book.now.status == "refund_due"
    book.act(domain.note_refund, 2, LATER)
    assert book.now.status == "refunded"
    for ended_at in (unit_ended, applicant_withdrew):
        assert book.act(domain.end, ended_at, LATER) == []


def test_a_refund_is_noted_once() -> None:
    book = paid()
    book.act(domain.end, LATER, LATER)
    book.act(domain.note_refund, 1, LATER)
    assert (book.now.status, book.now.refunds[0].refunded_at) == ("refunded", LATER)
    assert book.act(domain.note_refund, 1, LATER) == []


def test_a_receipt_is_issued_once() -> None:
    book = paid()
    book.act(domain.issue_receipt, "01BLP0-001", "AA-26E", 7, NOW)
    assert book.now.receipt == Receipt("01BLP0-001", "AA-26E", 7, NOW)
    assert book.act(domain.issue_receipt, "01BLP0-001", "AA-26E", 8, NOW) == []


def test_an_order_is_seen_by_its_owner_its_unit_and_the_system_and_not_known_to_others() -> None:
    order = requested().now
    for actor, owns in ((CITIZEN, True), (OFFICER, False), (SYSTEM, False)):
        assert domain.may_read(order, actor, owns) == order
    for actor in (STRANGER, FOREIGN):
        with pytest.raises(NotFound, match=r"payment\.unknown_order"):
            domain.may_read(order, actor, False)
    with pytest.raises(NotFound, match=r"payment\.unknown_order"):
        domain.may_read(None, SYSTEM, False)


@pytest.mark.parametrize(
    ("actor", "unit", "listed"), [(OFFICER, None, "vnnic"), (SYSTEM, None, None), (SYSTEM, "x", "x")]
)
def test_an_officer_lists_his_unit_and_the_system_any(actor: Actor, unit: str | None, listed: str | None) -> None:
    assert domain.unit_to_list(actor, unit) == listed


@pytest.mark.parametrize(("actor", "code"), [(CITIZEN, "payment.officer_only"), (FOREIGN, "payment.other_unit")])
def test_nobody_else_lists_orders(actor: Actor, code: str) -> None:
    with pytest.raises(Denied) as caught:
        domain.unit_to_list(actor, "vnnic")
    assert caught.value.code == code


def test_the_order_that_waits_for_money_is_the_one_that_matters_then_the_last_that_fell_due() -> None:
    settled, open_, future = paid().now, requested().now, assessed("before_result").now
    assert domain.outstanding([settled, open_, future]) == open_
    assert domain.outstanding([settled, future]) == settled
    assert domain.outstanding([future]) == future


def test_a_history_that_the_tables_do_not_know_is_a_defect() -> None:
    about = {"order_id": ORDER, "dossier_code": CODE}
    with pytest.raises(Defect, match="impossible_move"):
        evolve(None, Event("fee_expired", {**about, "expired_at": NOW}))
    with pytest.raises(Defect, match="impossible_move"):
        evolve(requested().now, Event("case_accepted", about))
    with pytest.raises(Defect, match="impossible_move"):
        evolve(assessed().now, Event("fee_expired", {**about, "expired_at": NOW}))


def moved(number: int, to_unit: str, after: timedelta) -> Transfer:
    """A hand-over to another unit."""
    return Transfer(number, {1: "vnnic"}.get(number, "cuc-bao-chi"), to_unit, NOW + after)


EARLY, LATE = moved(1, "cuc-bao-chi", timedelta(minutes=1)), moved(2, "cuc-attt", timedelta(hours=1))


@pytest.mark.parametrize("heard", [[EARLY, LATE], [LATE, EARLY], [LATE, EARLY, LATE, EARLY]])
@pytest.mark.parametrize("paid_first", [True, False])
def test_what_is_paid_stays_with_the_unit_of_that_hour_whatever_is_heard_first(
    heard: list[Transfer], paid_first: bool
) -> None:
    book = started()
    if paid_first:
        book.act(domain.capture, captured(), NOW)
    for one in heard:
        book.act(domain.transfer, one)
    if not paid_first:
        assert book.now.unit == "cuc-attt"
        book.act(domain.capture, captured(), NOW)
    assert (book.now.unit, book.types.count("fee_transferred")) == ("cuc-bao-chi", 2)
    assert book.fold() == book.order


def test_what_was_paid_before_stays_where_it_was_taken() -> None:
    book = paid()
    book.act(domain.transfer, LATE)
    assert (book.now.unit, book.now.status) == ("cuc-bao-chi", "paid")  # by whom it was handed on says the transfer
    book = requested()
    book.act(domain.pay_at_counter, OFFICER, AMOUNT, NOW)
    book.act(domain.transfer, EARLY)
    assert book.now.unit == "vnnic"


def test_cash_stays_with_the_unit_whose_officer_took_it_while_a_transfer_was_on_its_way() -> None:
    book = requested()
    book.act(domain.pay_at_counter, OFFICER, AMOUNT, NOW + timedelta(minutes=2))
    book.act(domain.transfer, EARLY)  # a minute before, and heard after
    book.act(domain.transfer, LATE)
    assert (book.now.unit, book.now.status) == ("vnnic", "paid")
    assert book.fold() == book.order


def test_the_new_unit_takes_the_money_and_the_old_one_no_more() -> None:
    book = requested()
    book.act(domain.transfer, EARLY)
    with pytest.raises(Denied):
        book.act(domain.pay_at_counter, OFFICER, AMOUNT, NOW)
    book.act(domain.pay_at_counter, FOREIGN, AMOUNT, NOW + timedelta(minutes=2))
    assert (book.now.unit, book.now.status) == ("cuc-bao-chi", "paid")


def test_what_a_gateway_says_was_paid_in_the_second_of_a_transfer_is_the_new_unit_s() -> None:
    book, at = started(), NOW.replace(microsecond=700_000)
    book.act(domain.transfer, Transfer(1, "vnnic", "cuc-bao-chi", at))
    book.act(domain.capture, replace(captured(), paid_at=at.replace(microsecond=0)), NOW)
    assert (book.now.unit, book.now.status) == ("cuc-bao-chi", "paid")
