"""What may happen to a dossier, and the public status that follows."""

import json
from datetime import datetime

import pytest

from services.chassis.errors import NotFound
from services.contracts.event import Event
from services.intake import domain, views
from services.intake.facts import fact_of, joined, read_fact
from tests.unit.intake import builders as b
from tests.unit.intake.builders import Book, hour

ELSEWHERE = "cuc-bao-chi"


def dossier(*others: Event) -> Book:
    """A submitted dossier about which others said these things."""
    return Book().submitted().noting(*others)


def test_a_submission_opens_a_dossier_under_code_one_of_the_national_list() -> None:
    book = Book().submitted()
    assert (book.status, book.now.dvcqg_status, book.types) == ("submitted", 1, ["dossier_submitted"])


def test_a_code_is_never_opened_twice() -> None:
    assert Book().submitted().attempt(domain.submit, b.submission()) == "intake.code_taken"


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ([], "submitted"),
        ([b.assigned()], "submitted"),
        ([b.accepted()], "accepted"),
        ([b.accepted(), b.assigned()], "processing"),
        ([b.rejected()], "rejected"),
        ([b.fee_requested()], "payment_required"),
        ([b.fee_requested(), b.fee_paid()], "submitted"),
        ([b.fee_requested(), b.receipt()], "submitted"),
        ([b.fee_requested(), b.fee_cancelled()], "submitted"),
        ([b.fee_requested(), b.fee_expired()], "payment_required"),
        ([b.fee_requested(), b.fee_expired(), b.fee_paid()], "submitted"),
        ([b.fee_waived()], "submitted"),
        ([b.accepted(), b.fee_requested()], "payment_required"),
        ([b.fee_requested(), b.fee_paid(), b.fee_requested(order="A")], "payment_required"),
        ([b.asked()], "supplement_requested"),
        ([b.fee_requested(), b.asked()], "supplement_requested"),
        ([b.asked(), b.received()], "submitted"),
        ([b.accepted(1), b.asked(at=3), b.received()], "processing"),
        ([b.accepted(6), b.asked(at=3), b.received()], "accepted"),
        ([b.accepted(), b.asked(1), b.received(1), b.asked(2, at=9)], "supplement_requested"),
        ([b.accepted(), b.stopped()], "stopped"),
        ([b.accepted(), b.decided("granted")], "processing"),
        ([b.accepted(), b.decided("granted"), b.fee_requested(order="R")], "payment_required"),
        ([b.accepted(), b.asked(), b.decided("granted")], "processing"),
        ([b.accepted(), b.decided("refused")], "resolved"),
        ([b.accepted(), b.decided("granted"), b.issued()], "resolved"),
        ([b.issued()], "resolved"),
        ([b.issued(), b.decided("granted"), b.accepted(), b.asked(), b.fee_requested()], "resolved"),
        ([b.issued(), b.revoked()], "resolved"),
        ([b.accepted(), b.decided("granted"), b.fee_requested(order="R"), b.stopped()], "stopped"),
        ([b.stopped(), b.issued(), b.revoked(), b.decided("granted")], "stopped"),
    ],
)
def test_the_status_follows_from_what_is_known(others: list[Event], status: str) -> None:
    assert dossier(*others).status == status


def test_what_another_service_did_is_said_with_the_status_it_led_to() -> None:
    progressed = dossier(b.accepted()).history[-1]
    assert progressed.data["fact"] == "case_accepted"
    assert progressed.data["fact_data"] == {
        "accepted_at": "2026-01-12T03:00:00.000+00:00",
        "due_at": "2026-01-16T06:00:00.000+00:00",
    }
    assert (progressed.data["status"], progressed.data["dvcqg_status"]) == ("accepted", 2)


def test_no_fact_names_an_officer_or_a_transaction() -> None:
    book = dossier(b.assigned(), b.fee_paid())
    assert "cb-001" not in str(book.history)
    assert "transaction" not in str(book.history)


def test_the_same_event_twice_is_noted_once() -> None:
    book = dossier(b.accepted())
    assert book.keep(domain.note, b.accepted(), hour(600)) == []


def test_an_event_about_an_unknown_dossier_waits_for_its_submission() -> None:
    with pytest.raises(NotFound):
        domain.note(None, b.accepted(), hour(1))


def test_a_granted_dossier_is_resolved_by_its_record_and_says_so_once() -> None:
    book = dossier(b.accepted(), b.decided("granted"), b.issued(), b.revoked(), b.receipt())
    resolved = [event for event in book.history if event.type == "dossier_resolved"]
    assert [(event.data["outcome"], event.data["number"]) for event in resolved] == [("granted", "1/2026")]
    assert resolved[0].data["resolved_at"] == hour(10)


def test_a_refused_dossier_is_resolved_by_the_decision_and_has_no_record() -> None:
    resolved = dossier(b.decided("refused")).history[-1]
    assert (resolved.type, resolved.data["outcome"], resolved.data["number"]) == ("dossier_resolved", "refused", None)


def test_the_due_date_is_what_routing_said_last_in_whatever_order_it_is_heard() -> None:
    said = [b.accepted(1, due=100), b.fee_noted(4, due=110), b.received(at=5, due=120), b.fee_noted(6, due=None)]
    assert {dossier(*said).now.due_at, dossier(*reversed(said)).now.due_at} == {"2026-01-17T02:00:00.000+00:00"}


def test_a_fee_that_routing_noted_after_its_payment_does_not_hide_the_due_date_it_then_named() -> None:
    """The request for the fee overtaken by the payment: the word that was said last names the earlier time."""
    paid, asked = b.fee_noted(6, due=110), b.fee_noted(4, due=120)
    for said in ([(paid, 3), (asked, 4)], [(asked, 4), (paid, 3)]):
        book = dossier(b.accepted(1, due=100))
        for event, sequence in said:
            book.keep(domain.note, event, hour(500), sequence)
        assert book.now.due_at == "2026-01-17T02:00:00.000+00:00"


def test_the_answer_is_due_anew_after_a_supplement() -> None:
    book = dossier(b.asked(), b.received(at=5))
    assert book.now.answer_due == "2026-01-13T07:00:00.000+00:00"


# Supplement


def test_a_supplement_answers_the_request_that_is_open() -> None:
    book = dossier(b.asked()).supplemented()
    assert (book.status, book.now.supplemented_round, book.types[-1]) == ("submitted", 1, "dossier_supplemented")


def test_a_supplement_that_nobody_asked_for_is_refused() -> None:
    code = "intake.no_supplement_requested"
    assert dossier().attempt(domain.supplement, 1, ["TP01"], hour(4)) == code
    assert dossier(b.asked()).supplemented().attempt(domain.supplement, 1, ["TP01"], hour(5)) == code
    assert dossier(b.asked(), b.stopped()).attempt(domain.supplement, 1, ["TP01"], hour(5)) == code


def test_a_supplement_to_an_earlier_request_meets_a_conflict() -> None:
    book = dossier(b.asked(1), b.received(1), b.asked(2))
    assert book.attempt(domain.supplement, 1, ["TP01"], hour(5)) == "intake.another_request"


def test_a_late_request_that_was_answered_already_changes_nothing_public() -> None:
    assert dossier(b.asked(2), b.received(2), b.asked(1)).status == "submitted"


def test_a_supplement_adds_its_components() -> None:
    book = dossier(b.asked())
    book.keep(domain.supplement, 1, ["TP02", "TP03", "TP03"], hour(4))
    assert book.now.components == ("TP01", "TP02", "TP03")


# Withdrawal


def test_a_withdrawal_ends_the_dossier() -> None:
    book = dossier(b.accepted(), b.fee_requested()).withdrawn()
    assert (book.status, book.now.dvcqg_status) == ("withdrawn", 7)


def test_withdrawing_twice_changes_nothing() -> None:
    book = dossier().withdrawn()
    assert book.attempt(domain.withdraw, hour(9)) == "intake.already_withdrawn"
    assert book.now.withdrawn_at == hour(4)


def test_a_withdrawal_wins_over_a_decision_that_is_heard_later() -> None:
    book = dossier().withdrawn().noting(b.decided("granted"), b.issued(), b.rejected())
    assert (book.status, book.now.resolved) == ("withdrawn", False)


@pytest.mark.parametrize(
    ("others", "code"),
    [
        ([b.decided("granted")], "intake.already_decided"),
        ([b.decided("granted"), b.fee_requested(order="R")], "intake.already_decided"),
        ([b.decided("refused")], "intake.already_decided"),
        ([b.issued()], "intake.already_ended"),
        ([b.rejected()], "intake.already_ended"),
        ([b.stopped()], "intake.already_ended"),
    ],
)
def test_nobody_withdraws_after_the_decision_or_the_end(others: list[Event], code: str) -> None:
    assert dossier(*others).attempt(domain.withdraw, hour(20)) == code


def test_a_result_that_waits_for_its_fee_need_not_be_bought() -> None:
    granted = dossier(b.decided("granted"), b.fee_requested(order="R", when_due="before_result"))
    granted.keep(domain.withdraw, hour(20))
    assert (granted.status, granted.now.withdrawn_at) == ("withdrawn", hour(20))


@pytest.mark.parametrize("too_late", [b.fee_paid(order="R"), b.issued()])
def test_a_result_whose_fee_is_paid_is_not_taken_back(too_late: Event) -> None:
    asked = b.fee_requested(order="R", when_due="before_result")
    refusal = dossier(b.decided("granted"), asked, too_late).attempt(domain.withdraw, hour(20))
    assert refusal in {"intake.already_decided", "intake.already_ended"}


def test_a_supplement_and_a_withdrawal_exclude_each_other() -> None:
    book = dossier(b.asked()).withdrawn()
    assert book.attempt(domain.supplement, 1, ["TP01"], hour(5)) == "intake.no_supplement_requested"


# Return


def test_a_result_is_handed_over_once() -> None:
    book = dossier(b.decided("refused"))
    book.keep(domain.return_result, "post", hour(20))
    assert (book.status, book.now.return_method) == ("returned", "post")
    assert book.attempt(domain.return_result, "post", hour(21)) == "intake.already_returned"


@pytest.mark.parametrize("others", [[], [b.accepted(), b.decided("granted")], [b.rejected()]])
def test_there_is_nothing_to_hand_over_before_there_is_a_result(others: list[Event]) -> None:
    assert dossier(*others).attempt(domain.return_result, "direct", hour(20)) == "intake.not_resolved"


def test_a_revoked_result_is_not_handed_over() -> None:
    book = dossier(b.accepted(), b.decided("granted"), b.issued(), b.revoked())
    assert book.attempt(domain.return_result, "online", hour(21)) == "intake.result_revoked"


@pytest.mark.parametrize(
    ("others", "ended_at"),
    [
        ([b.accepted()], None),
        ([b.issued()], None),
        ([b.rejected(3)], hour(3)),
        ([b.accepted(), b.stopped(9)], hour(9)),
    ],
)
def test_a_look_up_says_when_a_dossier_ended(others: list[Event], ended_at: datetime | None) -> None:
    said = views.public(dossier(*others).now)["ended_at"]
    assert (said and datetime.fromisoformat(said)) == ended_at


def test_a_look_up_says_when_a_dossier_was_withdrawn_or_handed_over() -> None:
    withdrawn, returned = dossier(), dossier(b.issued())
    withdrawn.keep(domain.withdraw, hour(4))
    returned.keep(domain.return_result, "online", hour(21))
    assert [views.public(book.now)["ended_at"] for book in (withdrawn, returned)] == [hour(4), hour(21)]


def test_what_was_decided_on_each_row_is_told_to_the_applicant_and_not_in_a_look_up() -> None:
    rows = [{"row": 1, "outcome": "granted"}, {"row": 2, "outcome": "refused"}]
    book = dossier(b.accepted(), b.decided("granted", rows=rows), b.issued())
    assert views.whole(book.now, {}, "")["case"]["rows"] == rows
    assert "rows" not in json.dumps(views.public(book.now), default=str)


def test_a_decision_noted_before_rows_were_kept_is_read() -> None:
    kept = {"outcome": "granted", "decided_at": "2026-01-16T03:00:00.000+00:00", "due_at": None, "on_time": True}
    book = dossier(b.accepted())
    noted = {"fact": "case_decided", "fact_data": kept, "sequence": 3}
    assert views.whole(domain.evolve(book.now, Event("dossier_progressed", noted)), {}, "")["case"]["rows"] == []


def test_a_command_on_an_unknown_dossier_finds_nothing() -> None:
    for decide, args in ((domain.withdraw, ()), (domain.return_result, ("post",)), (domain.supplement, (1, []))):
        assert Book().attempt(decide, *args, hour(1)) == "intake.unknown_dossier"


def test_a_dossier_is_with_the_unit_that_it_was_handed_on_to_last_whatever_is_heard_first() -> None:
    first, second = b.transferred(1, "cuc-bao-chi"), b.transferred(2, "cuc-attt", at=5)
    assert dossier().now.unit == b.UNIT
    for heard in ([first, second], [second, first], [second, first, second]):
        book = dossier(b.accepted(), *heard)
        assert (book.now.unit, book.status) == ("cuc-attt", "accepted")
        assert [one["to_unit"] for one in book.now.transfers] == ["cuc-bao-chi", "cuc-attt"]


@pytest.mark.parametrize(
    "book",
    [
        dossier(b.asked(), b.transferred()).supplemented(),
        dossier(b.accepted(), b.transferred()).withdrawn(),
        dossier(b.accepted(), b.transferred(), b.decided("refused", unit=ELSEWHERE)),
        dossier(b.accepted(), b.transferred(), b.decided("granted", unit=ELSEWHERE), b.issued(unit=ELSEWHERE)),
        dossier(b.accepted(), b.decided("refused", unit=ELSEWHERE)),
        dossier(b.accepted(), b.issued(unit=ELSEWHERE)),
    ],
    ids=["supplemented", "withdrawn", "refused", "granted", "refused before it is heard how", "granted before that"],
)
def test_what_is_said_of_a_dossier_names_the_unit_that_has_it_then(book: Book) -> None:
    assert book.history[-1].data["unit"] == ELSEWHERE


def test_a_decision_noted_before_units_were_kept_leaves_the_dossier_where_it_was_handed_on_to() -> None:
    kept = {"outcome": "granted", "decided_at": "2026-01-16T03:00:00.000+00:00", "due_at": None, "on_time": True}
    noted = {"fact": "case_decided", "fact_data": kept, "sequence": 3}
    assert domain.evolve(dossier(b.transferred()).now, Event("dossier_progressed", noted)).unit == ELSEWHERE


@pytest.mark.parametrize("heard", [b.decided("granted"), b.issued()], ids=["decided", "issued"])
def test_what_is_heard_again_adds_no_unit_to_what_an_earlier_release_noted(heard: Event) -> None:
    again = fact_of(heard, 3)
    noted = read_fact(again.type, {name: value for name, value in again.data.items() if name != "unit"}, 3)
    assert joined((noted,), again) == (noted,)
