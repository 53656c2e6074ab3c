"""The sandbox gateway as a payer and a merchant meet it: the pay page, the return, the callback."""

import json
import threading

import pytest
import requests

from tests.integration.programs.sandbox_merchant import (
    CONFIRM,
    RETURN_URL,
    TMN_CODE,
    Gateway,
    Merchant,
    local_time,
    pay_fields,
    signed_query,
    verified,
)
from tests.integration.programs.sandbox_programs import until

# Domain notes §3.1, computed from the documented rule.
VECTOR = (
    "vnp_Amount=55000000&vnp_Command=pay&vnp_CreateDate=20260115093000&vnp_CurrCode=VND"
    "&vnp_ExpireDate=20260115094500&vnp_IpAddr=127.0.0.1&vnp_Locale=vn"
    "&vnp_OrderInfo=Nop+phi+ho+so+000.00.05.G14-260115-0001&vnp_OrderType=other"
    "&vnp_ReturnUrl=https%3A%2F%2Fdvc.example.gov.vn%2Fthanh-toan%2Fket-qua"
    "&vnp_TmnCode=DEMOV210&vnp_TxnRef=G142601150001P1&vnp_Version=2.1.0"
)
VECTOR_HASH = (
    "4b4bda053441fef61bc2f5173170483816ecbe37364df6c3703385d9dac893a5"
    "ddb4aaf15d6572e3ec633054d04538a0915aac70ee7a31905120c90fdbe5e8ba"
)


def error_of(page: requests.Response) -> tuple[int, str]:
    return page.status_code, page.text.partition('id="error-code">')[2].partition("<")[0]


def test_the_documented_vector_is_taken_as_rightly_signed_and_refused_only_for_its_age(gateway: Gateway) -> None:
    page = gateway.get(f"/paymentv2/vpcpay.html?{VECTOR}&vnp_SecureHash={VECTOR_HASH}")
    assert error_of(page) == (400, "11")


def test_the_signature_may_be_in_capital_letters(gateway: Gateway) -> None:
    page = gateway.get(f"/paymentv2/vpcpay.html?{VECTOR}&vnp_SecureHash={VECTOR_HASH.upper()}")
    assert error_of(page) == (400, "11")


def test_one_wrong_digit_in_the_signature_gives_the_page_of_error_70(gateway: Gateway) -> None:
    page = gateway.get(f"/paymentv2/vpcpay.html?{VECTOR}&vnp_SecureHash={VECTOR_HASH[:-1]}b")
    assert error_of(page) == (400, "70")
    assert "Sai chữ ký" in page.text
    assert "Wrong signature" in page.text


@pytest.mark.parametrize("signature", ["", "&vnp_SecureHash=", "&vnp_SecureHash=%C4%91"])
def test_a_request_without_a_usable_signature_is_error_70(gateway: Gateway, signature: str) -> None:
    unsigned = signed_query(pay_fields()).partition("&vnp_SecureHash=")[0]
    assert error_of(gateway.get(f"/paymentv2/vpcpay.html?{unsigned}{signature}")) == (400, "70")


def test_a_parameter_changed_after_signing_is_error_70(gateway: Gateway) -> None:
    query = signed_query(pay_fields()).replace("vnp_Amount=55000000", "vnp_Amount=5500000")
    assert error_of(gateway.get(f"/paymentv2/vpcpay.html?{query}")) == (400, "70")


def test_the_pay_page_shows_the_order_in_two_languages_with_four_choices(gateway: Gateway) -> None:
    page = gateway.open(pay_fields())
    assert page.status_code == 200
    assert "550.000 đ" in page.text
    assert "Nop phi ho so 000.00.05.G14-260115-0001" in page.text
    assert "Số tiền / Amount" in page.text
    for outcome in ("00", "51", "24", "leave"):
        assert f'name="outcome" value="{outcome}"' in page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Version", "2.0.1"),
        ("Command", "querydr"),
        ("Amount", "0"),
        ("Amount", "-55000000"),
        ("Amount", "550000.00"),
        ("Amount", "55000050"),
        ("Amount", "５５００００00"),
        ("CreateDate", "20260231000000"),
        ("CreateDate", "2026-01-15"),
        ("ExpireDate", "20200101000000"),
        ("ExpireDate", ""),
        ("CurrCode", "USD"),
        ("IpAddr", "300.1.1.1"),
        ("Locale", "fr"),
        ("OrderInfo", "Nộp phí hồ sơ"),
        ("OrderInfo", "a" * 256),
        ("OrderType", ""),
        ("ReturnUrl", "javascript:alert(1)"),
        ("ReturnUrl", "https://dvc.example.gov.vn/~a"),
        ("TxnRef", "a" * 101),
        ("TxnRef", ""),
        ("BankCode", "!"),
    ],
)
def test_a_field_out_of_format_is_error_03_and_named(gateway: Gateway, field: str, value: str) -> None:
    page = gateway.open(pay_fields(**{field: value}))
    assert error_of(page) == (400, "03")
    assert f">vnp_{field}<" in page.text


def test_a_parameter_given_twice_is_error_03(gateway: Gateway) -> None:
    page = gateway.get("/paymentv2/vpcpay.html?" + signed_query(pay_fields()) + "&vnp_Amount=100")
    assert error_of(page) == (400, "03")


def test_an_empty_parameter_is_left_out_of_the_signature(gateway: Gateway) -> None:
    assert gateway.get("/paymentv2/vpcpay.html?vnp_BankCode=&" + signed_query(pay_fields())).status_code == 200


def test_an_unknown_terminal_is_error_02(gateway: Gateway) -> None:
    assert error_of(gateway.open(pay_fields(TmnCode="OTHER001"))) == (400, "02")


def test_a_request_whose_time_is_over_is_error_11(gateway: Gateway) -> None:
    fields = pay_fields(CreateDate=local_time(-1800), ExpireDate=local_time(-900))
    assert error_of(gateway.open(fields)) == (400, "11")


def test_a_reference_used_twice_on_one_day_is_error_01_but_the_next_day_it_is_free(gateway: Gateway) -> None:
    fields = gateway.pay()
    assert error_of(gateway.open(fields)) == (400, "01")
    assert error_of(gateway.open(fields | {"vnp_Amount": "100"})) == (400, "01")
    tomorrow = {"vnp_CreateDate": local_time(86400), "vnp_ExpireDate": local_time(86400 + 900)}
    assert gateway.open(fields | tomorrow).status_code == 200


def test_loading_the_same_unfinished_page_again_continues_the_same_payment(gateway: Gateway) -> None:
    fields = pay_fields()
    assert gateway.token(fields) == gateway.token(fields)
    assert error_of(gateway.open(fields | {"vnp_Amount": "100"})) == (400, "01")


def test_order_text_cannot_become_markup(gateway: Gateway) -> None:
    page = gateway.open(pay_fields(TxnRef="<script>alert(1)</script>"))
    assert page.status_code == 400
    assert "<script" not in page.text


def test_paying_sends_the_browser_home_and_calls_the_merchant_with_the_same_signed_outcome(
    gateway: Gateway, merchant: Merchant
) -> None:
    fields = pay_fields()
    answer = gateway.choose(gateway.token(fields), "00")
    assert answer.status_code == 302
    place, _, query = answer.headers["Location"].partition("?")
    assert place == RETURN_URL
    returned = verified(query)
    assert verified(merchant.next_call()) == returned
    number = returned.pop("vnp_TransactionNo")
    assert returned.pop("vnp_PayDate")[:8] == fields["vnp_CreateDate"][:8]
    assert returned == {
        "vnp_TmnCode": TMN_CODE,
        "vnp_Amount": "55000000",
        "vnp_BankCode": "NCB",
        "vnp_BankTranNo": f"VNP{number}",
        "vnp_CardType": "ATM",
        "vnp_OrderInfo": "Nop phi ho so 000.00.05.G14-260115-0001",
        "vnp_ResponseCode": "00",
        "vnp_TransactionStatus": "00",
        "vnp_TxnRef": fields["vnp_TxnRef"],
    }
    seen = gateway.settled(fields["vnp_TxnRef"])
    assert (seen["state"], seen["amount_vnd"], seen["tries"]) == ("captured", 550000, 1)
    assert seen["last_answer"] == {"http_status": 200, **CONFIRM}


def test_a_return_address_with_a_query_of_its_own_keeps_it(gateway: Gateway) -> None:
    fields = pay_fields(ReturnUrl=RETURN_URL + "?lang=vi")
    place = gateway.choose(gateway.token(fields), "00").headers["Location"]
    own, _, signed = place.partition("?lang=vi&")
    assert own == RETURN_URL
    assert verified(signed)["vnp_ResponseCode"] == "00"


def test_not_enough_money_is_told_as_51_failed(gateway: Gateway, merchant: Merchant) -> None:
    gateway.pay("51")
    told = verified(merchant.next_call())
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"]) == ("51", "02")
    assert told["vnp_TransactionNo"] != "0"
    assert "vnp_BankTranNo" not in told


def test_a_cancelled_payment_is_told_as_24_without_a_transaction_number(gateway: Gateway, merchant: Merchant) -> None:
    gateway.pay("24")
    told = verified(merchant.next_call())
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"]) == ("24", "02")
    assert told["vnp_TransactionNo"] == "0"


def test_who_leaves_is_not_called_back_and_may_come_back_to_pay(gateway: Gateway, merchant: Merchant) -> None:
    fields = pay_fields()
    token = gateway.token(fields)
    assert gateway.choose(token, "leave").status_code == 200
    assert gateway.transaction(fields["vnp_TxnRef"])["state"] == "open"
    assert merchant.calls.empty()
    assert gateway.choose(gateway.token(fields), "00").status_code == 302
    assert verified(merchant.next_call())["vnp_TxnRef"] == fields["vnp_TxnRef"]


def test_a_payment_made_after_its_time_is_told_as_11(gateway: Gateway, merchant: Merchant) -> None:
    fields = pay_fields(CreateDate=local_time(-5), ExpireDate=local_time(1))
    token = gateway.token(fields)
    until(lambda: error_of(gateway.open(fields)) == (400, "11"), "the order expires")
    gateway.choose(token, "00")
    told = verified(merchant.next_call())
    assert (told["vnp_ResponseCode"], told["vnp_TransactionStatus"]) == ("11", "02")


def test_pressing_twice_records_one_outcome_and_calls_once(gateway: Gateway, merchant: Merchant) -> None:
    fields = pay_fields()
    token = gateway.token(fields)
    answers: list[str] = []

    def press(outcome: str) -> None:
        answers.append(gateway.choose(token, outcome).headers["Location"])

    buttons = [threading.Thread(target=press, args=(outcome,)) for outcome in ("00", "24", "00", "51")]
    for button in buttons:
        button.start()
    for button in buttons:
        button.join()
    assert len(answers) == 4
    assert len(set(answers)) == 1
    assert gateway.settled(fields["vnp_TxnRef"])["tries"] == 1
    assert merchant.calls.qsize() == 1


def test_an_unknown_token_or_outcome_is_error_03(gateway: Gateway) -> None:
    assert error_of(gateway.choose("nobody", "00")) == (400, "03")
    fields = pay_fields()
    assert error_of(gateway.choose(gateway.token(fields), "98")) == (400, "03")
    assert gateway.transaction(fields["vnp_TxnRef"])["state"] == "open"


def test_the_callback_is_repeated_until_the_merchant_confirms(gateway: Gateway, merchant: Merchant) -> None:
    refusal = json.dumps({"RspCode": "97", "Message": "Invalid Checksum"}).encode()
    merchant.answers = [(500, json.dumps(CONFIRM).encode()), (200, b"<html>"), (200, refusal)]
    fields = gateway.pay()
    assert gateway.settled(fields["vnp_TxnRef"])["tries"] == 4
    calls = [merchant.next_call() for _ in range(4)]
    assert len(set(calls)) == 1
    verified(calls[0])


def test_order_already_confirmed_also_ends_the_callbacks(gateway: Gateway, merchant: Merchant) -> None:
    merchant.answers = [(200, b'{"RspCode":"02","Message":"Order already confirmed"}')]
    seen = gateway.settled(gateway.pay()["vnp_TxnRef"])
    assert (seen["tries"], seen["last_answer"]["RspCode"]) == (1, "02")


def test_the_gateway_gives_up_after_the_last_try(gateway: Gateway, merchant: Merchant) -> None:
    merchant.answers = [(503, b"")] * 4
    seen = gateway.settled(gateway.pay()["vnp_TxnRef"], "given_up")
    assert (seen["tries"], seen["last_answer"]["http_status"]) == (4, 503)
