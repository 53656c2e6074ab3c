"""The sandbox gateway's merchant API where it was planned that it answers badly, or not at all."""

import time
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.programs.sandbox_merchant import (
    QUERYDR_ANSWER,
    REFUND_ANSWER,
    Gateway,
    checked,
    code_of,
    pay_fields,
    querydr,
    refund,
    running_shop,
)
from tests.integration.programs.sandbox_programs import until

FEE = 550_000
IMPATIENT = 0.4


def plan(gateway: Gateway, fault: str, **wanted: Any) -> None:
    assert gateway.post("/sandbox/plan", {"api": fault, **wanted}).status_code == 200


def insist_silence(gateway: Gateway, call: dict[str, Any]) -> None:
    with pytest.raises(requests.ReadTimeout):
        gateway.ask(call, IMPATIENT)


def test_a_silent_gateway_does_nothing_and_takes_the_same_call_later(gateway: Gateway) -> None:
    paid = gateway.pay()
    call = refund(paid, FEE, "02")
    plan(gateway, "silent")
    insist_silence(gateway, call)
    assert code_of(REFUND_ANSWER, gateway.call(call)) == "00"
    assert gateway.mishaps(paid) == [("refund", "silent", "")]


def test_a_gateway_in_error_says_500_and_does_nothing(gateway: Gateway) -> None:
    call = refund(gateway.pay(), FEE, "02")
    plan(gateway, "error")
    assert gateway.ask(call).status_code == 500
    assert code_of(REFUND_ANSWER, gateway.call(call)) == "00"


def test_a_refund_whose_answer_is_lost_is_made(gateway: Gateway) -> None:
    paid = gateway.pay()
    call = refund(paid, FEE, "02")
    plan(gateway, "lost")
    insist_silence(gateway, call)
    assert code_of(REFUND_ANSWER, gateway.call(call)) == "94"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 1_000))) == "93"
    assert gateway.mishaps(paid) == [("refund", "lost", "00")]


def test_a_slow_answer_comes_whole_and_late(gateway: Gateway) -> None:
    call = querydr(gateway.pay())
    plan(gateway, "slow:0.5")
    began = time.monotonic()
    assert checked(QUERYDR_ANSWER, gateway.call(call))["vnp_TransactionStatus"] == "00"
    assert time.monotonic() - began >= 0.5


def test_a_dripping_answer_outlasts_whoever_waits_for_each_byte_only(gateway: Gateway) -> None:
    call = querydr(gateway.pay())
    plan(gateway, "drip:0.8")
    began = time.monotonic()
    answer = gateway.ask(call, IMPATIENT).json()
    assert checked(QUERYDR_ANSWER, answer)["vnp_TransactionStatus"] == "00"
    assert time.monotonic() - began >= 0.8


def test_who_hangs_up_on_a_slow_refund_finds_it_made(gateway: Gateway) -> None:
    call = refund(gateway.pay(), FEE, "02")
    plan(gateway, "slow:60")
    insist_silence(gateway, call)
    assert code_of(REFUND_ANSWER, gateway.call(call)) == "94"


def test_an_answer_that_is_cut_breaks_off_and_hides_what_was_done(gateway: Gateway) -> None:
    call = refund(gateway.pay(), FEE, "02")
    plan(gateway, "cut")
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        gateway.ask(call)
    assert code_of(REFUND_ANSWER, gateway.call(call)) == "94"


def test_garbage_is_no_json_and_hides_what_was_done(gateway: Gateway) -> None:
    call = refund(gateway.pay(), FEE, "02")
    plan(gateway, "garbage")
    told = gateway.ask(call)
    assert told.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        told.json()
    assert code_of(REFUND_ANSWER, gateway.call(call)) == "94"


def test_a_forged_answer_has_a_signature_that_does_not_hold(gateway: Gateway) -> None:
    plan(gateway, "forged")
    told = gateway.call(querydr(gateway.pay()))
    assert (told["vnp_TransactionStatus"], len(told["vnp_SecureHash"])) == ("00", 128)
    with pytest.raises(AssertionError):
        checked(QUERYDR_ANSWER, told)


def test_a_misshapen_answer_is_rightly_signed_and_does_not_say_how_it_went(gateway: Gateway) -> None:
    call = refund(gateway.pay(), FEE, "02")
    plan(gateway, "misshapen")
    told: dict[str, Any] = gateway.call(call)
    assert told["vnp_ResponseCode"] is None
    assert code_of(REFUND_ANSWER, {**told, "vnp_ResponseCode": ""}) == ""
    assert code_of(REFUND_ANSWER, gateway.call(call)) == "94"


@pytest.mark.parametrize(
    ("fault", "field", "wrong"), [("other_ref", "vnp_TxnRef", "{}X"), ("wrong_amount", "vnp_Amount", "55000100")]
)
def test_an_answer_about_something_else_is_rightly_signed(gateway: Gateway, fault: str, field: str, wrong: str) -> None:
    paid = gateway.pay()
    plan(gateway, fault)
    told = checked(QUERYDR_ANSWER, gateway.call(querydr(paid)))
    assert (told["vnp_ResponseCode"], told[field]) == ("00", wrong.format(paid["vnp_TxnRef"]))


def test_a_payment_may_be_unknown_though_it_is_there(gateway: Gateway) -> None:
    paid = gateway.pay()
    plan(gateway, "unknown")
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(paid))) == "91"
    assert checked(QUERYDR_ANSWER, gateway.call(querydr(paid)))["vnp_TransactionStatus"] == "00"


def test_what_is_planned_for_one_payment_meets_it_in_turn_and_nobody_else(gateway: Gateway) -> None:
    chosen, other = gateway.pay(), gateway.pay()
    for fault in ("unknown", "error"):
        plan(gateway, fault, txn_ref=chosen["vnp_TxnRef"])
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(other))) == "00"
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(chosen))) == "91"
    assert gateway.ask(querydr(chosen)).status_code == 500
    assert gateway.mishaps(chosen) == [("querydr", "error", ""), ("querydr", "unknown", "91")]
    assert gateway.mishaps(other) == []


def test_what_is_planned_for_one_command_meets_it_as_often_as_asked(gateway: Gateway) -> None:
    paid = gateway.pay()
    plan(gateway, "error", command="refund", times=2)
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(paid))) == "00"
    assert [gateway.ask(refund(paid, FEE, "02")).status_code for _ in range(3)] == [500, 500, 200]


def test_plans_for_calls_and_for_callbacks_are_forgotten_apart(gateway: Gateway) -> None:
    assert gateway.post("/sandbox/plan", {"ipn": "lost"}).status_code == 200
    plan(gateway, "error")
    plan(gateway, "ok")
    paid = gateway.pay()
    assert gateway.transaction(paid["vnp_TxnRef"])["ipn_state"] == "lost"
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(paid))) == "00"


@pytest.mark.parametrize("reference", [None, 7, "\ud800"])
def test_a_call_that_names_no_payment_meets_what_is_planned_for_any(gateway: Gateway, reference: Any) -> None:
    plan(gateway, "error")
    assert gateway.ask({**querydr(pay_fields()), "vnp_TxnRef": reference}).status_code == 500


@pytest.mark.parametrize(
    "body",
    [
        {"api": "sometimes"},
        {"api": "slow"},
        {"api": "drip:x"},
        {"api": ["silent"]},
        {"api": "silent", "command": "pay"},
        {"api": "silent", "command": []},
        {"api": "silent", "times": 0},
        {"api": "silent", "ipn": "lost"},
    ],
)
def test_a_plan_for_calls_that_makes_no_sense_is_refused(gateway: Gateway, body: Any) -> None:
    assert gateway.post("/sandbox/plan", body).status_code == 400


def test_a_plan_outlives_the_gateway_and_who_is_held_in_silence_does_not_keep_it_from_stopping(tmp_path: Path) -> None:
    with running_shop(tmp_path) as shop:
        paid = shop.gateway.pay()
        shop.gateway.settled(paid["vnp_TxnRef"])
        plan(shop.gateway, "silent", times=2)
        shop.program.kill()
        shop.start()
        insist_silence(shop.gateway, querydr(paid))
        raw = shop.gateway.begin(querydr(paid))
        until(lambda: len(shop.gateway.mishaps(paid)) == 2, "the call is held")
        assert shop.program.stop() == 0
        assert raw.recv(1) == b""
        shop.start()
