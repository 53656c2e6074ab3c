"""What officers may do with a case, and what a case does about events of others."""

from datetime import datetime, timedelta
from typing import Any

import bson
import pytest
from bson.codec_options import CodecOptions
from cattrs.preconf.bson import make_converter

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Denied, NotFound, Refused
from services.routing import access, deciding, domain, transferring
from services.routing.case import CLOSED, MOVES, OPEN, STATUSES, Case
from services.routing.domain import FeeFact
from tests.unit.routing.builders import (
    CALENDAR,
    CITIZEN,
    CODE,
    COLLEAGUE,
    OFFICER,
    STRANGER,
    SYSTEM,
    Book,
    at,
    fold,
    terms,
)

NOON = at("01-12", "11:00")
DECISIONS = ("decide", "propose", "return_proposal")
ACTIONS: dict[str, tuple[Any, ...]] = {
    "accept": (CALENDAR, NOON),
    "reject": (NOON,),
    "request_supplement": (["TP01"], NOON, at("02-12")),
    "assign": ("cb-007", NOON),
    "decide": ("granted", None, NOON),
    "propose": ("granted", [], NOON),
    "return_proposal": (NOON,),
    "stop": (NOON,),
    "transfer": ("cuc-bao-chi", "not_competent", True, NOON),
}


OF_ANOTHER = {  # allowed, but not to whoever acts here
    ("propose", "in_hand"): "routing.not_in_charge",
    ("decide", "proposed"): "routing.own_proposal",
    ("return_proposal", "proposed"): "routing.own_proposal",
}


def act_of(action: str) -> Any:
    """The rule of an action."""
    modules = {"transfer": transferring, **dict.fromkeys(DECISIONS, deciding)}
    return getattr(modules.get(action, domain), action)


def in_status(status: str) -> Book:
    """A case in that status."""
    book = Book().opened()
    if status in {"accepted", "in_hand", "proposed", "decided", "stopped"}:
        book.accepted()
    steps: dict[str, tuple[Any, ...]] = {
        "in_hand": (domain.assign, OFFICER, "cb-003", NOON),
        "decided": (deciding.decide, OFFICER, "granted", None, NOON),
        "stopped": (domain.stop, OFFICER, NOON),
        "rejected": (domain.reject, OFFICER, NOON),
        "supplement_requested": (domain.request_supplement, OFFICER, ["TP01"], NOON, at("02-12")),
        "withdrawn": (domain.withdraw, NOON),
    }
    if status == "proposed":
        book.keep(domain.assign, OFFICER, OFFICER.id, NOON)
        book.keep(deciding.propose, OFFICER, "granted", [], NOON)
    if status in steps:
        book.keep(*steps[status])
    assert book.now.status == status
    return book


def granted(when_due: str = "before_result", outcome: str = "granted") -> Book:
    """A decided case whose applicant was asked for a fee."""
    book = Book().opened().accepted()
    book.keep(deciding.decide, OFFICER, outcome, None, NOON)
    book.keep(domain.note_fee, FeeFact(f"{CODE}-R", when_due, "required", NOON), CALENDAR)
    return book


def test_what_was_granted_and_is_not_paid_for_is_stopped_once() -> None:
    book = granted()
    [stopped] = book.keep(domain.stop, OFFICER, NOON)
    assert (stopped.data["granted"], book.now.status, book.now.punctuality) == (True, "stopped", None)
    with pytest.raises(Refused, match="not_accepted"):
        domain.stop(book.now, OFFICER, NOON)


@pytest.mark.parametrize("book", [in_status("decided"), granted("on_acceptance"), granted(outcome="refused")])
def test_what_is_decided_and_waits_for_no_fee_of_its_result_is_not_stopped(book: Book) -> None:
    with pytest.raises(Refused, match="not_accepted"):
        domain.stop(book.now, OFFICER, NOON)


def test_what_is_paid_for_is_not_stopped() -> None:
    book = granted()
    book.keep(domain.note_fee, FeeFact(f"{CODE}-R", "before_result", "settled", NOON), CALENDAR)
    with pytest.raises(Refused, match="not_accepted"):
        domain.stop(book.now, OFFICER, NOON)


def test_another_unit_does_not_stop_what_was_granted() -> None:
    with pytest.raises(Denied):
        domain.stop(granted().now, STRANGER, NOON)


def test_a_submitted_dossier_opens_a_case_in_the_queue_of_its_unit() -> None:
    case = Book().opened().now
    assert (case.status, case.unit, case.clock) == ("opened", "vnnic", "answer")
    assert case.next_due_at == case.rings_at == at("01-13", "09:00")


def test_the_same_dossier_opens_no_second_case() -> None:
    book = Book().opened()
    assert book.opened().types == ["case_opened"]


def test_the_terms_of_the_day_of_submission_are_kept_in_the_history() -> None:
    of = terms("batch", on_supplement="pause", fees_awaited=("on_acceptance",))
    book = Book().opened(of)
    assert book.now.terms == of
    assert book.history[0].data["fee_before_decision"] is True


def test_acceptance_starts_the_decision_clock() -> None:
    book = Book().opened().accepted()
    assert book.now.status == "accepted"
    assert book.now.due_at == book.history[-1].data["due_at"] == at("01-19", "17:30")
    assert book.now.rings_at == book.now.due_at


def test_an_assigned_case_is_in_hand_and_may_be_given_to_another_officer() -> None:
    book = in_status("in_hand")
    book.keep(domain.assign, COLLEAGUE, "cb-009", NOON)
    assert (book.now.status, book.now.officer) == ("in_hand", "cb-009")


def test_giving_a_case_to_the_officer_who_has_it_changes_nothing() -> None:
    assert in_status("in_hand").keep(domain.assign, OFFICER, "cb-003", NOON) == []


def test_a_decision_says_whether_it_came_on_time() -> None:
    early, late = Book().opened().accepted(), Book().opened().accepted()
    early.keep(deciding.decide, OFFICER, "granted", None, at("01-19", "17:30"))
    late.keep(deciding.decide, OFFICER, "refused", None, at("01-20", "08:00"))
    assert (early.now.on_time, late.now.on_time) == (True, False)
    assert (early.history[-1].data["on_time"], late.history[-1].data["on_time"]) == (True, False)
    assert late.now.outcome == "refused"


def test_of_two_officers_who_decide_at_once_the_second_meets_a_conflict() -> None:
    book = in_status("decided")
    with pytest.raises(Conflict) as caught:
        book.keep(deciding.decide, COLLEAGUE, "refused", None, NOON)
    assert caught.value.code == "routing.already_decided"
    assert book.now.outcome == "granted"


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_possible_in_the_statuses_of_its_row_and_refused_by_name_in_all_others(
    action: str, status: str
) -> None:
    allowed, code = domain.ACTIONS[action]
    book = in_status(status)
    before = book.now
    error = book.attempt(act_of(action), OFFICER, *ACTIONS[action])
    if status in allowed and (action, status) in OF_ANOTHER:
        assert isinstance(error, Refused)
        assert error.code == OF_ANOTHER[action, status]
    elif status in allowed:
        assert error is None
    elif (action, status) == ("decide", "decided"):
        assert isinstance(error, Conflict)
    else:
        assert isinstance(error, Refused)
        assert error.code == f"routing.{code}"
        assert status in error.en
        assert book.now == before


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("actor", [CITIZEN, SYSTEM, Actor("organisation", "9900000016")])
def test_only_officers_act(action: str, actor: Actor) -> None:
    for case in (None, Book().opened().now):
        with pytest.raises(Denied) as caught:
            act_of(action)(case, actor, *ACTIONS[action])
        assert caught.value.code == "routing.officers_only"


@pytest.mark.parametrize("action", ACTIONS)
def test_an_officer_of_another_unit_is_denied_by_name(action: str) -> None:
    with pytest.raises(Denied) as caught:
        act_of(action)(Book().opened().now, STRANGER, *ACTIONS[action])
    assert caught.value.code == "routing.other_unit"


@pytest.mark.parametrize("action", ACTIONS)
def test_there_is_nothing_to_do_with_an_unknown_dossier(action: str) -> None:
    with pytest.raises(NotFound):
        act_of(action)(None, OFFICER, *ACTIONS[action])


def test_a_case_is_seen_by_the_officers_of_its_unit_and_by_the_system() -> None:
    case = Book().opened().now
    assert access.may_read(OFFICER, case) is access.may_read(SYSTEM, case) is case
    with pytest.raises(NotFound):
        access.may_read(STRANGER, case)
    with pytest.raises(Denied):
        access.may_read(CITIZEN, case)


def test_an_officer_lists_his_own_unit_only_and_the_system_any() -> None:
    assert access.unit_to_list(OFFICER, None) == access.unit_to_list(OFFICER, "vnnic") == "vnnic"
    assert access.unit_to_list(SYSTEM, None) is None
    assert access.unit_to_list(SYSTEM, "cuc-bao-chi") == "cuc-bao-chi"
    for actor, unit in ((OFFICER, "cuc-bao-chi"), (CITIZEN, None)):
        with pytest.raises(Denied):
            access.unit_to_list(actor, unit)


def test_a_supplement_is_asked_for_once_before_acceptance_and_once_after_it() -> None:
    book = Book().opened().asked(NOON, ["TP01", "TP02", "TP01"]).answered(at("01-13"))
    assert book.now.supplements[0].components == ("TP01", "TP02")
    again = book.attempt(domain.request_supplement, OFFICER, ["TP03"], at("01-13"), at("02-12"))
    assert again is not None
    assert again.code == "routing.supplement_already_requested"
    book.accepted(at("01-14")).asked(at("01-15")).answered(at("01-16"), round_=2)
    assert [one.before_acceptance for one in book.now.supplements] == [True, False]
    assert isinstance(book.attempt(domain.request_supplement, OFFICER, [], at("01-19"), at("02-12")), Refused)


def test_a_case_returns_from_a_supplement_to_where_it_was() -> None:
    for status in ("opened", "accepted", "in_hand"):
        book = in_status(status).asked(NOON)
        assert (book.now.status, book.now.awaiting) == ("supplement_requested", "supplement")
        assert book.answered(at("01-13")).now.status == status


def test_the_answer_to_a_request_nobody_made_comes_again_later() -> None:
    with pytest.raises(NotFound):
        Book().opened().answered(at("01-13"))


def test_a_decision_waits_for_every_priced_fee_and_for_nothing_else() -> None:
    book = Book().opened(terms(fees_awaited=("on_submission", "on_acceptance"))).accepted()
    assert book.now.unpaid == ("on_submission", "on_acceptance")
    book.fee("required", NOON, "on_submission").fee("settled", NOON, "on_submission")
    refused = book.attempt(deciding.decide, OFFICER, "granted", None, NOON)
    assert refused is not None
    assert refused.code == "routing.fee_unpaid"
    book.fee("waived", NOON, "on_acceptance").fee("required", NOON, "before_result")
    assert book.attempt(deciding.decide, OFFICER, "granted", None, NOON) is None


def test_a_fee_that_payment_asks_for_is_waited_for_even_if_routing_did_not_expect_it() -> None:
    book = Book().opened().accepted().fee("required", NOON)
    assert (book.now.awaiting, book.now.unpaid) == ("fee", ("on_acceptance",))
    assert isinstance(book.attempt(deciding.decide, OFFICER, "refused", None, NOON), Refused)


@pytest.mark.parametrize("status", [status for status in STATUSES if status != "withdrawn"])
def test_a_withdrawal_closes_a_case_in_any_status(status: str) -> None:
    book = in_status(status)
    book.keep(domain.withdraw, at("01-14"))
    assert (book.now.status, book.now.rings_at, book.now.awaiting) == ("withdrawn", None, None)
    assert book.keep(domain.withdraw, at("01-15")) == []


@pytest.mark.parametrize(
    ("decide", "args"),
    [
        (domain.withdraw, (NOON,)),
        (domain.receive_supplement, (1, NOON, CALENDAR, 8)),
        (domain.note_fee, (domain.FeeFact(f"{CODE}-A", "on_acceptance", "settled", NOON), CALENDAR)),
        (domain.slip, ("answer", NOON)),
    ],
)
def test_what_is_told_of_a_case_that_is_not_open_yet_comes_again_later(decide: Any, args: tuple[Any, ...]) -> None:
    with pytest.raises(NotFound):
        decide(None, *args)


def test_a_clock_that_runs_out_is_reported_once() -> None:
    book = Book().opened()
    due = book.now.answer_due_at
    assert book.keep(domain.slip, "answer", due) == []
    slipped = book.keep(domain.slip, "answer", due + timedelta(seconds=1))
    assert slipped[0].data == {"dossier_code": CODE, "unit": "vnnic", "clock": "answer", "due_at": due}
    assert book.keep(domain.slip, "answer", due + timedelta(days=1)) == []
    assert book.now.overdue_at == due


def test_each_of_the_two_clocks_is_reported_on_its_own() -> None:
    book = Book().opened()
    book.keep(domain.slip, "answer", at("01-14"))
    book.accepted(at("01-15"))
    book.keep(domain.slip, "answer", at("03-01"))
    book.keep(domain.slip, "decision", at("03-01"))
    assert book.now.slipped == ("answer", "decision")


@pytest.mark.parametrize("status", ["supplement_requested", *CLOSED])
def test_a_clock_that_stands_still_never_runs_out(status: str) -> None:
    book = in_status(status)
    assert book.now.overdue_at is None
    assert book.keep(domain.slip, book.now.clock, at("12-31")) == []


def test_every_status_is_open_or_closed_and_every_move_leads_to_a_status() -> None:
    assert {*OPEN, *CLOSED} == {*MOVES} == {*domain.STATUS_VI}
    assert all(targets <= set(MOVES) for targets in MOVES.values())
    assert all(set(allowed) <= set(OPEN) for allowed, _ in domain.ACTIONS.values())


def test_a_case_comes_back_from_the_store_as_it_went_in() -> None:
    of = terms("batch", on_supplement="pause", fees_awaited=("on_submission",))
    book = Book().opened(of).fee("required", NOON, "on_submission").accepted().asked(at("01-13"))
    converter = make_converter()
    stored = bson.decode(bson.encode(converter.unstructure(book.now)), CodecOptions[dict[str, Any]](tz_aware=True))
    assert converter.structure(stored, Case) == book.now == fold(book.history)
    assert all(isinstance(when, datetime) for when in (stored["opened_at"], stored["next_due_at"]))
