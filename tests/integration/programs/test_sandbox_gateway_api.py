"""The sandbox gateway's merchant API: querydr and refund."""

import threading
from typing import Any

import pytest

from tests.integration.programs.sandbox_merchant import (
    QUERYDR_ANSWER,
    REFUND_ANSWER,
    Gateway,
    checked,
    code_of,
    pay_fields,
    querydr,
    refund,
)


def test_querydr_tells_a_captured_payment(gateway: Gateway) -> None:
    paid = gateway.pay()
    told = checked(QUERYDR_ANSWER, gateway.call(querydr(paid)))
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"], told["vnp_TransactionType"]) == ("00", "00", "01")
    assert (told["vnp_TxnRef"], told["vnp_Amount"]) == (paid["vnp_TxnRef"], "55000000")
    assert told["vnp_OrderInfo"] == paid["vnp_OrderInfo"]
    assert told["vnp_TransactionNo"] == str(gateway.transaction(paid["vnp_TxnRef"])["transaction_no"])


@pytest.mark.parametrize(("outcome", "status"), [("24", "02"), ("51", "02"), ("07", "07")])
def test_querydr_tells_a_payment_that_failed_or_is_held(gateway: Gateway, outcome: str, status: str) -> None:
    told = checked(QUERYDR_ANSWER, gateway.call(querydr(gateway.pay(outcome))))
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"]) == ("00", status)


def test_querydr_tells_an_unfinished_payment_as_01(gateway: Gateway) -> None:
    fields = pay_fields()
    gateway.token(fields)
    assert checked(QUERYDR_ANSWER, gateway.call(querydr(fields)))["vnp_TransactionStatus"] == "01"


def test_querydr_of_an_unknown_reference_or_another_date_is_91(gateway: Gateway) -> None:
    paid = gateway.pay()
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(paid, TxnRef="nobody"))) == "91"
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(paid, TransactionDate="20260101000000"))) == "91"


def test_a_call_with_a_wrong_signature_is_97_and_echoes_nothing(gateway: Gateway) -> None:
    call = querydr(gateway.pay())
    told = checked(QUERYDR_ANSWER, gateway.call(call | {"vnp_OrderInfo": "Khac"}))
    assert (told["vnp_ResponseCode"], told["vnp_OrderInfo"], told["vnp_Amount"]) == ("97", "", "")
    assert code_of(QUERYDR_ANSWER, gateway.call(call | {"vnp_SecureHash": ""})) == "97"


def test_a_call_for_another_terminal_is_02(gateway: Gateway) -> None:
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(gateway.pay(), TmnCode="OTHER001"))) == "02"


@pytest.mark.parametrize(
    "changes",
    [
        {"RequestId": ""},
        {"RequestId": "a" * 33},
        {"Version": "2.0"},
        {"Command": "cancel"},
        {"TransactionDate": "yesterday"},
        {"IpAddr": "here"},
        {"OrderInfo": ""},
    ],
)
def test_a_signed_call_out_of_format_is_03(gateway: Gateway, changes: dict[str, str]) -> None:
    assert code_of(QUERYDR_ANSWER, gateway.call(querydr(gateway.pay(), **changes))) == "03"


@pytest.mark.parametrize("body", [[], "querydr", None, {"vnp_TmnCode": ["x"]}, {"vnp_TmnCode": "\ud800"}])
def test_a_body_that_is_no_object_of_plain_values_is_03(gateway: Gateway, body: Any) -> None:
    assert code_of(QUERYDR_ANSWER, gateway.call(body)) == "03"


def test_numbers_may_be_json_numbers(gateway: Gateway) -> None:
    paid = gateway.pay()
    call = querydr(paid, TransactionDate=int(paid["vnp_CreateDate"]))
    assert code_of(QUERYDR_ANSWER, gateway.call(call)) == "00"


def test_the_same_request_id_again_is_94(gateway: Gateway) -> None:
    call = querydr(gateway.pay())
    assert code_of(QUERYDR_ANSWER, gateway.call(call)) == "00"
    assert code_of(QUERYDR_ANSWER, gateway.call(call)) == "94"


def test_a_full_refund_is_accepted_once_and_can_be_asked_after(gateway: Gateway) -> None:
    paid = gateway.pay()
    told = checked(REFUND_ANSWER, gateway.call(refund(paid, 550_000, "02")))
    assert (told["vnp_ResponseCode"], told["vnp_TransactionType"], told["vnp_TransactionStatus"]) == ("00", "02", "05")
    assert (told["vnp_TxnRef"], told["vnp_OrderInfo"]) == (paid["vnp_TxnRef"], "Hoan tien")
    asked = checked(QUERYDR_ANSWER, gateway.call(querydr(paid, TransactionNo=told["vnp_TransactionNo"])))
    assert (asked["vnp_TransactionType"], asked["vnp_TransactionStatus"]) == ("02", "06")
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 550_000, "02"))) == "94"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 1_000))) == "93"


def test_partial_refunds_never_exceed_the_captured_amount(gateway: Gateway) -> None:
    paid = gateway.pay()
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 550_001))) == "93"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 549_999, "02"))) == "93"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 300_000))) == "00"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 300_000))) == "94"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 250_001))) == "93"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 550_000, "02"))) == "93"
    assert code_of(REFUND_ANSWER, gateway.call(refund(paid, 250_000))) == "00"


def test_refunds_at_the_same_moment_never_exceed_the_captured_amount(gateway: Gateway) -> None:
    paid = gateway.pay()
    amounts = [100_000 + each for each in range(10)]
    accepted: list[int] = []

    def ask(amount: int) -> None:
        if code_of(REFUND_ANSWER, gateway.call(refund(paid, amount))) == "00":
            accepted.append(amount)

    threads = [threading.Thread(target=ask, args=(amount,)) for amount in amounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(accepted) == 5
    assert sum(accepted) <= 550_000


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"TransactionType": "01"}, "03"),
        ({"Amount": "0"}, "03"),
        ({"Amount": "-100"}, "03"),
        ({"Amount": "150"}, "03"),
        ({"CreateBy": ""}, "03"),
        ({"TransactionNo": "1"}, "91"),
        ({"TxnRef": "nobody"}, "91"),
    ],
)
def test_a_refund_of_something_else_is_refused(gateway: Gateway, changes: dict[str, str], code: str) -> None:
    assert code_of(REFUND_ANSWER, gateway.call(refund(gateway.pay(), 1_000, **changes))) == code


def test_a_payment_that_was_not_captured_cannot_be_refunded(gateway: Gateway) -> None:
    assert code_of(REFUND_ANSWER, gateway.call(refund(gateway.pay("51"), 1_000))) == "95"
