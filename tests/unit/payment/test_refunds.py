"""Money goes back once, whatever becomes of answers and events, and where nobody can tell a person says."""

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import Denied, NotFound, Refused, Unavailable
from services.contracts.event import Event
from services.payment.clients import NOT_REACHED, UNDECIDED
from services.payment.refunds import Owed
from services.payment.vnpay import Report
from tests.unit.payment.builders import CODE, FIRST, NOW, OFFICER, SECOND
from tests.unit.payment.fakes import Desk, cause_of
from tests.unit.payment.test_settlement import MINUTE, callback, code_of, report

OPERATOR = Actor("operator", "vh-001")


def hear(desk: Desk, attempt: str | None, amount_vnd: int, event: str, replay: str | None = None) -> None:
    """Hear that a refund is due, in the words of an event from before refunds were numbered."""
    due = Owed(f"{CODE}-S", None, attempt, amount_vnd, event, replay)
    desk.refunds.give_back(cause_of(event), due)


def owed(desk: Desk) -> None:
    """A dossier that was paid twice."""
    code_of(desk, callback(FIRST))
    code_of(desk, callback(SECOND))


def give_back(desk: Desk, replay: str | None = None) -> None:
    """Hear of the refund."""
    hear(desk, SECOND, 600_000, "event-1", replay)


def test_a_refund_is_made_once_however_often_it_is_heard_of(desk: Desk) -> None:
    owed(desk)
    for _ in range(2):
        give_back(desk)
    assert len(desk.gateway.refunds) == 1
    reference, amount_vnd, transaction, request_id = desk.gateway.refunds[0]
    assert (reference, amount_vnd, transaction) == (SECOND, 600_000, None)
    assert request_id.isalnum()
    assert len(request_id) == 32
    assert desk.order().refunds[0].refunded_at == NOW
    assert desk.types().count("fee_refunded") == 1


def test_two_who_hear_of_a_refund_at_once_do_not_ask_the_gateway_together(desk: Desk) -> None:
    owed(desk)

    def hear_it_too() -> None:
        with pytest.raises(Unavailable) as caught:
            give_back(desk)
        assert caught.value.code == "payment.refund_under_way"

    desk.gateway.meanwhile = hear_it_too
    give_back(desk)
    give_back(desk)
    assert len(desk.gateway.refunds) == 1
    assert desk.order().refunds[0].refunded_at == NOW


def test_a_refund_whose_answer_was_lost_is_asked_for_under_the_same_id(desk: Desk) -> None:
    owed(desk)
    desk.gateway.refund_error = Unavailable("payment.gateway_unavailable", "", "")
    with pytest.raises(Unavailable):
        give_back(desk)
    desk.gateway.refund_error = None
    give_back(desk)
    first, second = desk.gateway.refunds
    assert first == second


def test_a_refused_refund_is_tried_again_under_another_id(desk: Desk) -> None:
    owed(desk)
    desk.gateway.refund_error = Refused("payment.refund_refused", "", "")
    with pytest.raises(Refused):
        give_back(desk)
    assert desk.order().refunds[0].refunded_at is None
    desk.gateway.refund_error = None
    give_back(desk)
    first, second = desk.gateway.refunds
    assert first[-1] != second[-1]
    assert desk.order().refunds[0].refunded_at == NOW


LOST = Unavailable("payment.gateway_unavailable", "", "")
UPKEEP = 500_000


def owe_more(desk: Desk, amount_vnd: int, attempt: str | None = FIRST) -> None:
    """So much is owed back of the first payment, for the end of the dossier."""
    about = {"order_id": f"{CODE}-S", "dossier_code": CODE, "attempt": attempt, "amount_vnd": amount_vnd}
    number = len(desk.order().refunds) + 1
    owed = Event("refund_due", {**about, "refund": number, "reason": "dossier_ended", "due_at": NOW})
    why = cause_of(f"ended/{len(desk.order().refunds)}")
    desk.journal.change(f"{CODE}-S", why, lambda _order: [owed])


def lost_yesterday(desk: Desk, now: list[Any], amount_vnd: int, error: Unavailable = LOST) -> None:
    """A refund was sent a minute before midnight in Hà Nội, and its answer did not come."""
    code_of(desk, callback())
    owe_more(desk, amount_vnd)
    now[0] = NOW.replace(hour=16, minute=59)
    desk.gateway.refund_error = error
    with pytest.raises(Unavailable):
        pay_out(desk, amount_vnd)
    desk.gateway.refund_error = None
    now[0] += 2 * MINUTE


def pay_out(desk: Desk, amount_vnd: int, replay: str | None = None) -> None:
    """Hear of a refund for a dossier that ended."""
    hear(desk, FIRST, amount_vnd, f"event-{amount_vnd}", replay)


def test_a_refund_that_was_made_yesterday_is_not_made_again_when_its_answer_was_lost(
    desk: Desk, now: list[Any]
) -> None:
    lost_yesterday(desk, now, 100_000)
    desk.gateway.reports[FIRST] = report("refunded", "00", 100_000)
    pay_out(desk, 100_000)
    assert len(desk.gateway.refunds) == 1
    assert desk.order().refunds[0].refunded_at == now[0]


def uncertain(desk: Desk, amount_vnd: int, replay: str | None = None) -> None:
    """Hear of a refund of which nobody can tell."""
    with pytest.raises(Refused, match=r"refund_uncertain"):
        pay_out(desk, amount_vnd, replay)


def test_a_refund_of_which_nobody_can_tell_is_left_to_a_person_whose_replay_sends_it(
    desk: Desk, now: list[Any]
) -> None:
    lost_yesterday(desk, now, 100_000)
    desk.gateway.reports[FIRST] = report()
    for _ in range(3):  # two relays may tell of it, a worker may die before its ack, all may be told again
        uncertain(desk, 100_000)
        now[0] += timedelta(days=1)
    assert len(desk.gateway.refunds) == 1
    pay_out(desk, 100_000, "replay-1")
    first, second = desk.gateway.refunds
    assert first[-1] != second[-1]
    assert desk.order().refunds[0].refunded_at == now[0]


def test_a_replay_is_the_word_of_a_person_once_however_often_its_message_comes(desk: Desk, now: list[Any]) -> None:
    lost_yesterday(desk, now, 100_000)
    desk.gateway.reports[FIRST] = report()
    uncertain(desk, 100_000)
    desk.gateway.repeated = True
    for replay in ("replay-1", "replay-1", None, "replay-1"):
        uncertain(desk, 100_000, replay)
    assert len(desk.gateway.refunds) == 2
    desk.gateway.repeated = False
    pay_out(desk, 100_000, "replay-2")
    assert len({one[-1] for one in desk.gateway.refunds}) == 3


def test_a_replay_from_before_nobody_could_tell_does_not_send_it_anew(desk: Desk, now: list[Any]) -> None:
    lost_yesterday(desk, now, 100_000)
    desk.gateway.reports[FIRST] = report()
    for _ in range(2):
        uncertain(desk, 100_000, "replay-1")
    assert len(desk.gateway.refunds) == 1


def test_a_refusal_of_what_may_have_arrived_before_says_nothing_of_that(desk: Desk) -> None:
    code_of(desk, callback())
    owe_more(desk, 100_000)
    for error, told in ((LOST, Unavailable), (Refused("payment.refund_refused", "", ""), Refused)):
        desk.gateway.refund_error = error
        with pytest.raises(told):
            pay_out(desk, 100_000)
    desk.gateway.refund_error = None
    uncertain(desk, 100_000)
    assert len(desk.gateway.refunds) == 2


def test_a_refusal_of_which_nobody_could_ask_is_not_taken_for_made_later(desk: Desk) -> None:
    code_of(desk, callback())
    owe_more(desk, 100_000)
    desk.gateway.reports[FIRST] = Unavailable("payment.gateway_unavailable", "", "")
    for error in (LOST, Refused("payment.refund_refused", "", "")):
        desk.gateway.refund_error = error
        with pytest.raises(Unavailable):
            pay_out(desk, 100_000)
    desk.gateway.refund_error, desk.gateway.repeated = None, True
    desk.gateway.reports[FIRST] = report()
    uncertain(desk, 100_000)


def test_a_94_to_what_was_not_sent_before_is_not_taken_for_made_when_it_comes_again(desk: Desk) -> None:
    code_of(desk, callback())
    owe_more(desk, 100_000)
    desk.gateway.repeated = True
    desk.gateway.reports[FIRST] = Unavailable("payment.gateway_unavailable", "", "")
    with pytest.raises(Unavailable):
        pay_out(desk, 100_000)
    desk.gateway.reports[FIRST] = report()
    uncertain(desk, 100_000)


@pytest.mark.parametrize("on_line", [True, False])
def test_what_a_person_has_seen_made_is_never_sent_again_and_the_order_is_at_rest(
    desk: Desk, now: list[Any], on_line: bool
) -> None:
    if on_line:
        lost_yesterday(desk, now, 100_000)
        desk.gateway.reports[FIRST] = report()
        uncertain(desk, 100_000)
    else:  # the person has paid it out
        desk.cases.record_counter_payment(OFFICER, cause_of("counter"), f"{CODE}-S", 600_000, "TQ")
        owe_more(desk, 100_000, None)
    told = desk.refunds.record(OPERATOR, cause_of("seen"), f"{CODE}-S", 1)
    assert (told["status"], told["refunds"][0]["refunded_at"]) == ("refunded", now[0])
    sent = len(desk.gateway.refunds)
    hear(desk, FIRST if on_line else None, 100_000, "event-100000", "replay-1")
    desk.refunds.record(OPERATOR, cause_of("seen twice"), f"{CODE}-S", 1)
    assert len(desk.gateway.refunds) == sent
    last = desk.journal.history(f"{CODE}-S")[-1]
    assert (last["type"], last["data"]["confirmed_by"], last["data"]["refund"]) == ("fee_refunded", "vh-001", 1)


def test_only_staff_confirm_a_refund_that_there_is(desk: Desk) -> None:
    owed(desk)
    with pytest.raises(Denied, match=r"not_staff"):
        desk.refunds.record(Actor("operator", "Vũ Thị Vận Hành"), cause_of("seen"), f"{CODE}-S", 1)
    for number in (0, 2):
        with pytest.raises(NotFound, match=r"unknown_refund"):
            desk.refunds.record(OPERATOR, cause_of("seen"), f"{CODE}-S", number)


@pytest.mark.parametrize("said", [report(), report("refunded", "00", 50_000), None])
def test_more_than_half_may_be_sent_again_for_a_gateway_gives_back_no_more_than_it_took(
    desk: Desk, now: list[Any], said: Report | None
) -> None:
    lost_yesterday(desk, now, UPKEEP)
    desk.gateway.reports[FIRST] = said
    pay_out(desk, UPKEEP)
    assert len(desk.gateway.refunds) == 2
    assert desk.order().refunds[0].refunded_at == now[0]


def test_an_equal_refund_made_before_is_not_taken_for_the_one_that_was_lost(desk: Desk, now: list[Any]) -> None:
    code_of(desk, callback())
    lost_yesterday(desk, now, 100_000)
    desk.gateway.reports[FIRST] = report("refunded", "00", 100_000)
    pay_out(desk, 100_000)
    owe_more(desk, 100_000)
    desk.gateway.refund_error = LOST
    with pytest.raises(Unavailable):
        hear(desk, FIRST, 100_000, "event-rest")
    now[0] += timedelta(days=1)
    with pytest.raises(Refused, match=r"refund_uncertain"):
        hear(desk, FIRST, 100_000, "event-rest")
    assert len(desk.gateway.refunds) == 2


def test_a_refund_that_never_left_the_house_is_sent_the_next_day_without_asking(desk: Desk, now: list[Any]) -> None:
    lost_yesterday(desk, now, 100_000, Unavailable(NOT_REACHED, "", ""))
    asked = len(desk.gateway.asked)
    pay_out(desk, 100_000)
    assert len(desk.gateway.asked) == asked
    assert desk.order().refunds[0].refunded_at == now[0]


def told_repeated(desk: Desk, before: Unavailable | None) -> None:
    """The refund is sent, after `before` was said of it once, and the gateway answers 94."""
    desk.gateway.refund_error = before
    if before:
        with pytest.raises(Unavailable):
            give_back(desk)
    desk.gateway.refund_error, desk.gateway.repeated = None, True
    give_back(desk)


def test_a_repetition_after_a_lost_answer_is_the_refund_itself(desk: Desk) -> None:
    owed(desk)
    told_repeated(desk, LOST)
    assert desk.order().refunds[0].refunded_at == NOW


@pytest.mark.parametrize("before", [Unavailable(UNDECIDED, "", ""), Unavailable(NOT_REACHED, "", ""), None])
def test_a_repetition_of_what_was_never_taken_gives_nothing_back_until_a_person_replays_it(
    desk: Desk, before: Unavailable | None
) -> None:
    owed(desk)
    with pytest.raises(Refused, match=r"refund_uncertain"):
        told_repeated(desk, before)
    assert desk.order().refunds[0].refunded_at is None
    desk.gateway.repeated = False
    give_back(desk, "replay-1")
    assert desk.gateway.refunds[-1][-1] not in {one[-1] for one in desk.gateway.refunds[:-1]}
    assert desk.order().refunds[0].refunded_at == NOW


def test_a_repetition_is_believed_where_the_gateway_speaks_of_this_very_refund(desk: Desk) -> None:
    owed(desk)
    desk.gateway.reports[SECOND] = report("refunded", attempt=SECOND)
    told_repeated(desk, Unavailable(UNDECIDED, "", ""))
    assert desk.order().refunds[0].refunded_at == NOW


def test_a_repetition_may_be_said_of_another_refund_of_the_same_payment(desk: Desk, now: list[Any]) -> None:
    lost_yesterday(desk, now, 100_000, Unavailable(NOT_REACHED, "", ""))
    pay_out(desk, 100_000)
    owe_more(desk, UPKEEP)
    desk.gateway.refund_error = LOST
    with pytest.raises(Unavailable):
        pay_out(desk, UPKEEP)
    desk.gateway.refund_error, desk.gateway.repeated = None, True
    with pytest.raises(Refused, match=r"refund_uncertain"):
        pay_out(desk, UPKEEP)
    assert [one.refunded_at is None for one in desk.order().refunds] == [False, True]


def test_of_two_refunds_of_one_payment_the_second_waits_for_the_first(desk: Desk, now: list[Any]) -> None:
    lost_yesterday(desk, now, 100_000, Unavailable(NOT_REACHED, "", ""))
    owe_more(desk, UPKEEP)
    with pytest.raises(Unavailable, match=r"refund_in_line"):  # as long as an outage lasts, it is not put off for good
        pay_out(desk, UPKEEP)
    assert len(desk.gateway.refunds) == 1
    for amount_vnd in (100_000, UPKEEP):
        pay_out(desk, amount_vnd)
    assert [one.refunded_at for one in desk.order().refunds] == [now[0]] * 2


def test_of_two_equal_refunds_of_one_payment_each_is_its_own_event_s(desk: Desk) -> None:
    code_of(desk, callback())
    for _ in range(2):
        owe_more(desk, 300_000)
    first, second = (Owed(f"{CODE}-S", number, FIRST, 300_000, f"event-{number}") for number in (1, 2))
    with pytest.raises(Unavailable, match=r"refund_in_line"):
        desk.refunds.give_back(cause_of("2"), second)
    assert desk.gateway.refunds == []
    for number, owed in ((1, first), (1, first), (2, second), (2, second)):
        desk.refunds.give_back(cause_of(f"{number}"), owed)
        assert sum(one.refunded_at is not None for one in desk.order().refunds) == number
    assert len({one[-1] for one in desk.gateway.refunds}) == len(desk.gateway.refunds) == 2


def test_a_refund_that_may_have_arrived_is_not_forgotten_when_its_repetition_does_not_leave_the_house(
    desk: Desk, now: list[Any]
) -> None:
    lost_yesterday(desk, now, 100_000)
    now[0] -= MINUTE + timedelta(seconds=1)  # the same day still
    desk.gateway.refund_error = Unavailable(NOT_REACHED, "", "")
    with pytest.raises(Unavailable):
        pay_out(desk, 100_000)
    now[0] += 2 * MINUTE
    desk.gateway.refund_error, desk.gateway.reports[FIRST] = None, report()
    with pytest.raises(Refused, match=r"refund_uncertain"):
        pay_out(desk, 100_000)


def test_counter_money_is_not_given_back_at_a_gateway(desk: Desk) -> None:
    hear(desk, None, 600_000, "event-1")
    assert desk.gateway.refunds == []
