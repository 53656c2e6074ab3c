"""What payment believes a gateway, and what it answers."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from flask import Flask

from services.chassis import clock
from services.chassis.errors import Conflict, Refused, Unavailable
from services.contracts.event import Event
from services.payment import vnpay
from services.payment.clients import NOT_REACHED, UNDECIDED
from services.payment.http import routes
from services.payment.vnpay import Report
from tests.unit.payment.builders import CITIZEN, CODE, FIRST, NOW, SECOND
from tests.unit.payment.fakes import Desk, cause_of, door
from tests.unit.payment.test_vnpay import CALLBACK, signed

CONFIRMED, ALREADY, FORGED, UNKNOWN, WRONG, BROKEN = ("00", "02", "97", "01", "04", "99")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The clock: the test sets the one instant in it."""
    instant = [NOW]
    monkeypatch.setattr(clock, "now", lambda: instant[0])
    return instant


@pytest.fixture
def desk(now: list[Any]) -> Desk:
    """A dossier whose payer was sent to the gateway twice."""
    desk = Desk()
    desk.submit()
    desk.start("request-1")
    desk.start("request-2")
    return desk


def callback(attempt: str = FIRST, **changes: str) -> str:
    """A signed callback for an attempt."""
    named = {f"vnp_{name}": value for name, value in changes.items()}
    return signed({**CALLBACK, "vnp_TxnRef": attempt, "vnp_Amount": "60000000", **named})


def failed(attempt: str = FIRST) -> str:
    """The payer changed his mind."""
    return callback(attempt, ResponseCode="24", TransactionStatus="02", TransactionNo="0")


def code_of(desk: Desk, query: str) -> str:
    """What the gateway is answered."""
    return desk.settlement.take_callback(query)[0]


def report(outcome: str = "captured", code: str = "00", amount_vnd: int = 600_000, attempt: str = FIRST) -> Report:
    """What the gateway says when asked."""
    return Report(attempt, amount_vnd, outcome, code, CALLBACK["vnp_TransactionNo"], NOW)


def test_a_callback_settles_once_and_its_repetitions_are_told_so(desk: Desk) -> None:
    assert [code_of(desk, callback()) for _ in range(3)] == [CONFIRMED, ALREADY, ALREADY]
    assert (desk.order().status, desk.types().count("fee_paid")) == ("paid", 1)
    assert desk.order().paid_at == vnpay.moment(CALLBACK["vnp_PayDate"])


def test_the_checks_are_made_in_the_gateways_order(desk: Desk) -> None:
    assert code_of(desk, callback("UNKNOWN", Amount="100").replace("Amount=100", "Amount=200")) == FORGED
    assert code_of(desk, callback("UNKNOWN", Amount="100")) == UNKNOWN
    assert code_of(desk, callback(Amount="60000100")) == WRONG
    assert code_of(desk, callback(Amount="60000050")) == WRONG
    assert desk.types()[-1] == "payment_started"
    code_of(desk, callback())
    assert code_of(desk, callback(Amount="100")) == WRONG


def test_a_failed_payment_is_recorded_and_confirmed(desk: Desk) -> None:
    assert [code_of(desk, failed()) for _ in range(2)] == [CONFIRMED, ALREADY]
    assert (desk.order().status, desk.order().attempts[0].response_code) == ("requested", "24")


def test_a_success_after_a_failure_settles(desk: Desk) -> None:
    assert [code_of(desk, query) for query in (failed(), callback(), failed())] == [CONFIRMED, CONFIRMED, ALREADY]
    assert desk.order().status == "paid"


def test_a_second_capture_is_confirmed_and_owed_back(desk: Desk) -> None:
    assert [code_of(desk, callback(one)) for one in (FIRST, SECOND, SECOND)] == [CONFIRMED, CONFIRMED, ALREADY]
    assert [refund.reason for refund in desk.order().refunds] == ["paid_twice"]
    assert desk.order().attempt == FIRST


def test_a_held_payment_is_confirmed_and_stays_open_until_the_gateway_decides(desk: Desk, now: list[Any]) -> None:
    held = callback(ResponseCode="07", TransactionStatus="07")
    assert [code_of(desk, held) for _ in range(2)] == [CONFIRMED, CONFIRMED]
    assert desk.order().attempts[0].outcome == "open"
    desk.gateway.reports[FIRST] = report("held", "07")
    now[0] += timedelta(days=1)
    desk.settlement.ask_about_silent()
    assert desk.order().attempts[0].outcome == "open"
    desk.gateway.reports[FIRST] = report()
    now[0] += timedelta(days=1)
    desk.settlement.ask_about_silent()
    assert desk.order().status == "paid"


def held_for_ever(desk: Desk) -> None:
    """The gateway holds the first attempt and never decides; nothing came of the second."""
    desk.gateway.reports[FIRST] = report("held", "07")
    code_of(desk, callback(ResponseCode="07", TransactionStatus="07"))


def test_whoever_may_see_an_order_sees_since_when_a_payment_of_it_is_held(desk: Desk, now: list[Any]) -> None:
    held_for_ever(desk)
    now[0] += MINUTE
    held_for_ever(desk)
    shown = desk.cases.get_order(CITIZEN, CODE)["attempts"]
    assert [one["held_since"] for one in shown] == [NOW, None]
    code_of(desk, callback())
    assert [one["held_since"] for one in desk.cases.get_order(CITIZEN, CODE)["attempts"]] == [None, None]


def asked_for(desk: Desk, now: list[Any], lasting: timedelta, reference: str = FIRST) -> list[timedelta]:
    """When the gateway is asked about an attempt, while the timer looks every five minutes."""
    times = []
    while (since := now[0] - NOW) < lasting:
        before = desk.gateway.asked.count(reference)
        desk.settlement.ask_about_silent()
        times += [since] * (desk.gateway.asked.count(reference) - before)
        now[0] += 5 * MINUTE
    return times


def test_what_stays_undecided_is_asked_about_ever_less_often_and_no_longer_than_a_month(
    desk: Desk, now: list[Any]
) -> None:
    held_for_ever(desk)
    times = asked_for(desk, now, timedelta(days=40))
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert waits[:2] == [5 * MINUTE] * 2  # while the page is open
    assert waits == sorted(waits)
    assert waits[-1] == timedelta(days=1)
    assert 35 < len(times) < 50
    assert timedelta(days=30) < times[-1] < timedelta(days=32)
    attempt = desk.order().attempts[0]
    assert (attempt.outcome, attempt.response_code, desk.order().silent_since) == ("failed", "07", None)
    assert code_of(desk, callback()) == CONFIRMED
    assert desk.order().status == "paid"


@pytest.mark.parametrize("said", [Refused("payment.query_refused", "", ""), report(amount_vnd=1)])
def test_an_attempt_nothing_can_be_made_of_ends_as_failed_after_a_month(
    desk: Desk, now: list[Any], said: Report | Refused
) -> None:
    desk.gateway.reports[FIRST] = said
    asked_for(desk, now, timedelta(days=29))
    assert desk.order().attempts[0].outcome == "open"
    asked_for(desk, now, timedelta(days=33))
    attempt = desk.order().attempts[0]
    assert (attempt.outcome, attempt.response_code) == ("failed", "99")


def test_a_fee_whose_payment_is_held_does_not_expire_until_the_gateway_lets_it_fail_and_the_payer_is_told(
    desk: Desk, now: list[Any]
) -> None:
    held_for_ever(desk)
    now[0] += timedelta(days=12)
    desk.settlement.ask_about_silent()
    desk.cases.expire_overdue()
    assert (desk.order().status, desk.types().count("fee_failed")) == ("requested", 1)
    desk.gateway.reports[FIRST] = report("failed", "24")
    now[0] += timedelta(days=1)
    desk.settlement.ask_about_silent()
    failures = [entry["data"] for entry in desk.journal.history(f"{CODE}-S") if entry["type"] == "fee_failed"]
    assert [(one["attempt"], one["was_held"]) for one in failures] == [(SECOND, False), (FIRST, True)]
    desk.cases.expire_overdue()
    assert desk.order().status == "expired"


def test_a_new_attempt_does_not_wait_as_long_as_an_old_one_that_is_held(desk: Desk, now: list[Any]) -> None:
    held_for_ever(desk)
    asked_for(desk, now, timedelta(days=9))
    third = desk.start("request-3")["attempt"]
    desk.gateway.reports[third] = report(attempt=third)
    started = now[0]
    now[0] += 2 * MINUTE
    desk.settlement.ask_about_silent()
    assert (desk.order().attempt, now[0] - started) == (third, 2 * MINUTE)


def test_whatever_breaks_the_gateway_gets_an_answer_and_comes_again(desk: Desk) -> None:
    def broken(_reference: str) -> None:
        raise Unavailable("store.unavailable", "", "")

    desk.orders.find_by_attempt = broken  # type: ignore[assignment,method-assign]
    assert code_of(desk, callback()) == BROKEN


def test_the_gateway_is_asked_only_after_a_silence(desk: Desk, now: list[Any]) -> None:
    now[0] += MINUTE
    desk.settlement.ask_about_silent()
    assert desk.gateway.asked == []
    now[0] += MINUTE
    desk.settlement.ask_about_silent()
    desk.settlement.ask_about_silent()
    assert desk.gateway.asked == [FIRST, SECOND]


def test_a_lost_callback_is_made_good_and_the_late_one_is_a_repetition(desk: Desk, now: list[Any]) -> None:
    desk.gateway.reports[FIRST] = report()
    now[0] += 2 * MINUTE
    desk.settlement.ask_about_silent()
    assert desk.order().status == "paid"
    assert code_of(desk, callback()) == ALREADY


def test_an_attempt_that_came_to_nothing_fails_when_its_time_is_over_and_may_still_succeed(
    desk: Desk, now: list[Any]
) -> None:
    for _ in range(2):
        now[0] += 14 * MINUTE
        desk.settlement.ask_about_silent()
        assert [one.outcome for one in desk.order().attempts] == ["open", "open"]
    now[0] += 2 * MINUTE
    desk.settlement.ask_about_silent()
    assert [(one.outcome, one.response_code) for one in desk.order().attempts] == [("failed", "11")] * 2
    assert desk.order().silent_since is None
    assert code_of(desk, callback()) == CONFIRMED
    assert desk.order().status == "paid"


def test_another_amount_than_ours_is_neither_settled_nor_given_up(desk: Desk, now: list[Any]) -> None:
    desk.gateway.reports[FIRST] = report(amount_vnd=1)
    now[0] += timedelta(days=1)
    desk.settlement.ask_about_silent()
    assert [one.outcome for one in desk.order().attempts] == ["open", "failed"]


def test_an_attempt_the_gateway_refuses_to_speak_of_does_not_keep_others_waiting(desk: Desk, now: list[Any]) -> None:
    desk.gateway.reports = {FIRST: Refused("payment.query_refused", "", ""), SECOND: report(attempt=SECOND)}
    now[0] += 2 * MINUTE
    desk.settlement.ask_about_silent()
    assert (desk.order().status, desk.order().attempt) == ("paid", SECOND)


def owed(desk: Desk) -> None:
    """A dossier that was paid twice."""
    code_of(desk, callback(FIRST))
    code_of(desk, callback(SECOND))


def give_back(desk: Desk) -> None:
    """Hear of the refund."""
    desk.settlement.give_back(cause_of("refund_due"), f"{CODE}-S", SECOND, 600_000, "event-1")


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


def owe_more(desk: Desk, amount_vnd: int) -> None:
    """So much is owed back of the first payment, for the end of the dossier."""
    about = {"order_id": f"{CODE}-S", "dossier_code": CODE, "attempt": FIRST, "amount_vnd": amount_vnd}
    owed = Event("refund_due", {**about, "reason": "dossier_ended", "due_at": NOW})
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


def pay_out(desk: Desk, amount_vnd: int) -> None:
    """Hear of a refund for a dossier that ended."""
    desk.settlement.give_back(
        cause_of(f"refund_due/{amount_vnd}"), f"{CODE}-S", FIRST, amount_vnd, f"event-{amount_vnd}"
    )


def test_a_refund_that_was_made_yesterday_is_not_made_again_when_its_answer_was_lost(
    desk: Desk, now: list[Any]
) -> None:
    lost_yesterday(desk, now, 100_000)
    desk.gateway.reports[FIRST] = report("refunded", "00", 100_000)
    pay_out(desk, 100_000)
    assert len(desk.gateway.refunds) == 1
    assert desk.order().refunds[0].refunded_at == now[0]


def test_a_refund_of_which_nobody_can_tell_is_left_to_a_person_whose_replay_sends_it(
    desk: Desk, now: list[Any]
) -> None:
    lost_yesterday(desk, now, 100_000)
    desk.gateway.reports[FIRST] = report()
    with pytest.raises(Refused, match=r"refund_uncertain"):
        pay_out(desk, 100_000)
    assert len(desk.gateway.refunds) == 1
    pay_out(desk, 100_000)
    first, second = desk.gateway.refunds
    assert first[-1] != second[-1]
    assert desk.order().refunds[0].refunded_at == now[0]


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
        desk.settlement.give_back(cause_of("rest"), f"{CODE}-S", FIRST, 100_000, "event-rest")
    now[0] += timedelta(days=1)
    with pytest.raises(Refused, match=r"refund_uncertain"):
        desk.settlement.give_back(cause_of("rest"), f"{CODE}-S", FIRST, 100_000, "event-rest")
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
    give_back(desk)
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
    with pytest.raises(Conflict, match=r"refund_in_line"):
        pay_out(desk, UPKEEP)
    assert len(desk.gateway.refunds) == 1
    for amount_vnd in (100_000, UPKEEP):
        pay_out(desk, amount_vnd)
    assert [one.refunded_at for one in desk.order().refunds] == [now[0]] * 2


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
    desk.settlement.give_back(cause_of("refund_due"), f"{CODE}-S", None, 600_000, "event-1")
    assert desk.gateway.refunds == []


@pytest.fixture
def client(desk: Desk) -> Iterator[Any]:
    """A gateway, and a browser, at our HTTP door."""
    app = Flask("payment")
    routes(app, door(desk))
    with app.test_client() as client:
        yield client


def test_the_door_answers_a_callback_as_the_gateway_wants_it(client: Any) -> None:
    answer = client.get(f"/payment/vnpay/ipn?{callback()}")
    assert (answer.status_code, answer.json) == (200, {"RspCode": "00", "Message": "Confirm Success"})
    for query in ("", "vnp_TxnRef=%ff%fe", "a=\xff"):
        answer = client.get("/payment/vnpay/ipn", environ_overrides={"QUERY_STRING": query})
        assert (answer.status_code, answer.json["RspCode"]) == (200, FORGED)


def test_the_return_page_shows_what_is_known_and_settles_nothing(client: Any, desk: Desk) -> None:
    shown = client.get(f"/payment/vnpay/return?{callback()}").json
    assert shown["gateway"] == {"outcome": "captured", "response_code": "00"}
    assert (shown["authentic"], shown["order"]["status"]) == (True, "requested")
    assert desk.order().status == "requested"
    client.get(f"/payment/vnpay/ipn?{callback()}")
    assert client.get(f"/payment/vnpay/return?{callback()}").json["order"]["status"] == "paid"


def test_the_return_page_tells_a_forger_nothing(client: Any) -> None:
    forged = callback().replace("vnp_Amount=6", "vnp_Amount=7")
    assert client.get(f"/payment/vnpay/return?{forged}").json == {"authentic": False, "order": None}
    assert client.get(f"/payment/vnpay/return?{callback('UNKNOWN')}").json == {"authentic": True, "order": None}
