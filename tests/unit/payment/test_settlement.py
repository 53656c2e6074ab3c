"""What payment believes a gateway, and what it answers."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from prometheus_client import REGISTRY

from services.chassis.errors import Refused, Unavailable
from services.payment import vnpay
from services.payment.http import routes
from services.payment.vnpay import Report
from tests.unit.payment.builders import CITIZEN, CODE, FIRST, NOW, SECOND
from tests.unit.payment.fakes import Desk, door
from tests.unit.payment.test_vnpay import CALLBACK, signed

CONFIRMED, ALREADY, FORGED, UNKNOWN, WRONG, BROKEN = ("00", "02", "97", "01", "04", "99")
MINUTE = timedelta(minutes=1)


def callback(attempt: str = FIRST, **changes: str) -> str:
    """A signed callback for an attempt."""
    named = {f"vnp_{name}": value for name, value in changes.items()}
    return signed({**CALLBACK, "vnp_TxnRef": attempt, "vnp_Amount": "60000000", **named})


def failed(attempt: str = FIRST) -> str:
    """The payer changed his mind."""
    return callback(attempt, ResponseCode="24", TransactionStatus="02", TransactionNo="0")


def needed(what: str) -> float:
    """How often a person was needed for it."""
    found = REGISTRY.get_sample_value("motcua_needs_hand_total", {"what": what})
    assert found is not None, "it is shown at nought before it happens"
    return found


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


def test_a_callback_that_anybody_may_have_sent_is_a_warning_of_one_kind(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, ...]] = []

    def note(level: str) -> Callable[..., None]:
        return lambda event, **known: said.append((level, event, *known))

    log = SimpleNamespace(info=note("info"), warning=note("warning"))
    monkeypatch.setattr("services.payment.settlement.log", log)
    code_of(desk, callback().replace("Amount=60000000", "Amount=1"))
    code_of(desk, callback())
    assert said == [("warning", "callback_not_signed"), ("info", "callback_answered", "rsp_code", "attempt")]


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
    differed, left = needed("gateway_amount_differs"), needed("attempt_left_undecided")
    asked_for(desk, now, timedelta(days=29))
    assert desk.order().attempts[0].outcome == "open"
    assert (needed("gateway_amount_differs") > differed) == isinstance(said, Report)
    assert needed("attempt_left_undecided") == left
    asked_for(desk, now, timedelta(days=33))
    attempt = desk.order().attempts[0]
    assert (attempt.outcome, attempt.response_code) == ("failed", "99")
    assert needed("attempt_left_undecided") == left + 1


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
