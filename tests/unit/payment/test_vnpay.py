"""VNPAY's way of signing and telling, by the documented rule and its published test vector."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest

from services.payment import vnpay
from services.payment.vnpay import Merchant, Purchase, Report

MERCHANT = Merchant("DEMOV210", "TESTSECRETTESTSECRETTESTSECRET32")
STARTED = datetime(2026, 1, 15, 2, 30, tzinfo=UTC)
PURCHASE = Purchase(
    reference="G142601150001P1",
    amount_vnd=550_000,
    about="000.00.05.G14-260115-0001",
    started_at=STARTED,
    expires_at=STARTED + timedelta(minutes=15),
)
RETURN = "https://dvc.example.gov.vn/thanh-toan/ket-qua"
VECTOR = (
    "vnp_Amount=55000000&vnp_Command=pay&vnp_CreateDate=20260115093000&vnp_CurrCode=VND"
    "&vnp_ExpireDate=20260115094500&vnp_IpAddr=127.0.0.1&vnp_Locale=vn"
    "&vnp_OrderInfo=Nop+phi+ho+so+000.00.05.G14-260115-0001&vnp_OrderType=other"
    "&vnp_ReturnUrl=https%3A%2F%2Fdvc.example.gov.vn%2Fthanh-toan%2Fket-qua&vnp_TmnCode=DEMOV210"
    "&vnp_TxnRef=G142601150001P1&vnp_Version=2.1.0"
)
VECTOR_HASH = (
    "4b4bda053441fef61bc2f5173170483816ecbe37364df6c3703385d9dac893a5"
    "ddb4aaf15d6572e3ec633054d04538a0915aac70ee7a31905120c90fdbe5e8ba"
)
CALLBACK = {
    "vnp_Amount": "55000000",
    "vnp_BankCode": "NCB",
    "vnp_BankTranNo": "VNP14000001",
    "vnp_CardType": "ATM",
    "vnp_OrderInfo": "Nop phi ho so 000.00.05.G14-260115-0001",
    "vnp_PayDate": "20260115093512",
    "vnp_ResponseCode": "00",
    "vnp_TmnCode": "DEMOV210",
    "vnp_TransactionNo": "14000001",
    "vnp_TransactionStatus": "00",
    "vnp_TxnRef": "G142601150001P1",
}


def hmac_sha512(text: str, secret: str = MERCHANT.secret) -> str:
    """The rule, read once more from the document."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def signed(fields: dict[str, str], secret: str = MERCHANT.secret) -> str:
    """A callback as the gateway sends it."""
    query = "&".join(f"{name}={quote_plus(fields[name])}" for name in sorted(fields) if fields[name])
    return f"{query}&vnp_SecureHash={hmac_sha512(query, secret)}"


def test_the_pay_address_is_the_published_test_vector() -> None:
    url = vnpay.pay_url("https://pay.example.vn/pay", MERCHANT, PURCHASE, RETURN)
    assert url == f"https://pay.example.vn/pay?{VECTOR}&vnp_SecureHash={VECTOR_HASH}"


def test_what_people_wrote_reaches_the_gateway_as_plain_letters() -> None:
    purchase = Purchase("R1", 1, "hồ sơ №1 <&>~*", STARTED, STARTED)
    query = parse_qs(urlsplit(vnpay.pay_url("https://pay.example.vn/", MERCHANT, purchase, RETURN)).query)
    assert query["vnp_OrderInfo"] == ["Nop phi ho so h s 1 "]
    assert len(vnpay.plain("x" * 1000)) == 255


def test_a_signed_callback_is_believed() -> None:
    assert vnpay.read_callback(MERCHANT, signed(CALLBACK)) == Report(
        reference="G142601150001P1",
        amount_vnd=550_000,
        outcome="captured",
        response_code="00",
        transaction="14000001",
        paid_at=datetime(2026, 1, 15, 2, 35, 12, tzinfo=UTC),
    )


def test_the_signature_may_be_in_capitals_and_its_type_is_not_signed() -> None:
    query, _, signature = signed(CALLBACK).rpartition("=")
    assert vnpay.read_callback(MERCHANT, f"{query}={signature.upper()}&vnp_SecureHashType=HmacSHA512") is not None


def test_what_is_not_the_gateways_is_neither_signed_nor_minded() -> None:
    assert vnpay.read_callback(MERCHANT, signed(CALLBACK) + "&utm_source=mail") is not None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "vnp_TxnRef=G142601150001P1",
        signed(CALLBACK).rpartition("&")[0],
        signed(CALLBACK, secret="ANOTHERSECRETANOTHERSECRET"),
        signed(CALLBACK)[:-1],
        signed(CALLBACK).replace("vnp_Amount=55000000", "vnp_Amount=55000001"),
        signed(CALLBACK).replace("vnp_ResponseCode=00", "vnp_ResponseCode=24"),
        signed(CALLBACK) + "&vnp_Extra=1",
        signed(CALLBACK) + "&vnp_Amount=100",
        "vnp_Amount=100&" + signed(CALLBACK),
        signed(CALLBACK) + "&x=1&x=2",
        signed({**CALLBACK, "vnp_TmnCode": "OTHER210"}),
        signed(CALLBACK) + "&x=%ff",
        signed(CALLBACK) + "&a=1" * 100,
        "vnp_SecureHash=%C4%91",
    ],
)
def test_a_forged_altered_or_ambiguous_callback_says_nothing(query: str) -> None:
    assert vnpay.read_callback(MERCHANT, query) is None


@pytest.mark.parametrize(
    ("code", "status", "outcome", "told"),
    [
        ("00", "00", "captured", "00"),
        ("24", "02", "failed", "24"),
        ("00", "04", "failed", "04"),
        ("00", "01", "failed", "01"),
        ("07", "07", "held", "07"),
        ("00", "07", "held", "07"),
        ("", "", "failed", "99"),
        ("", "00", "failed", "99"),
    ],
)
def test_only_two_successes_are_a_payment(code: str, status: str, outcome: str, told: str) -> None:
    fields = {**CALLBACK, "vnp_ResponseCode": code, "vnp_TransactionStatus": status}
    report = vnpay.read_callback(MERCHANT, signed(fields))
    assert report is not None
    assert (report.outcome, report.response_code) == (outcome, told)


@pytest.mark.parametrize(
    ("amount", "amount_vnd"),
    [("100", 1), ("55000000", 550_000), ("55000001", None), ("-100", None), ("0100", None), ("1e4", None), ("", None)],
)
def test_an_amount_is_a_whole_number_of_dong_times_a_hundred(amount: str, amount_vnd: int | None) -> None:
    report = vnpay.read_callback(MERCHANT, signed({**CALLBACK, "vnp_Amount": amount}))
    assert report is not None
    assert report.amount_vnd == amount_vnd


@pytest.mark.parametrize("date", ["", "20260230000000", "2026011509", "٢٠٢٦٠١١٥٠٩٣٥١٢"])
def test_a_date_that_cannot_be_is_no_date(date: str) -> None:
    assert vnpay.moment(date) is None


def test_a_local_stamp_is_read_back_as_the_instant_it_was() -> None:
    assert vnpay.moment(vnpay.stamp(STARTED)) == STARTED


QUERY_NAMES = "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
REFUND_NAMES = (
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate"
    " CreateBy CreateDate IpAddr OrderInfo"
)
ANSWER_NAMES = (
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo"
)


def joined(names: str, fields: dict[str, Any]) -> str:
    """Values in the order of the document."""
    return "|".join(str(fields.get(f"vnp_{name}", "")) for name in names.split())


def answer(command: str = "querydr", **changes: Any) -> dict[str, Any]:
    """A signed answer of the merchant API."""
    fields: dict[str, Any] = {
        **{f"vnp_{name}": "" for name in ANSWER_NAMES.split()},
        "vnp_Command": command,
        "vnp_ResponseCode": "00",
        "vnp_TmnCode": "DEMOV210",
        "vnp_TxnRef": "G142601150001P1",
        "vnp_Amount": 55000000,
        "vnp_PayDate": "20260115093512",
        "vnp_TransactionNo": "14000001",
        "vnp_TransactionType": "01",
        "vnp_TransactionStatus": "00",
        **{f"vnp_{name}": value for name, value in changes.items()},
    }
    names = ANSWER_NAMES if command == "refund" else f"{ANSWER_NAMES} PromotionCode PromotionAmount"
    return {**fields, "vnp_SecureHash": hmac_sha512(joined(names, fields))}


def test_a_question_is_signed_over_its_values_in_the_order_of_the_document() -> None:
    call = vnpay.query_request(MERCHANT, PURCHASE, "q1", STARTED + timedelta(minutes=3))
    assert call.pop("vnp_SecureHash") == hmac_sha512(joined(QUERY_NAMES, call))
    assert set(call) == {f"vnp_{name}" for name in QUERY_NAMES.split()}
    assert (call["vnp_TransactionDate"], call["vnp_CreateDate"]) == ("20260115093000", "20260115093300")


@pytest.mark.parametrize(("amount_vnd", "type_"), [(550_000, "02"), (100_000, "03")])
def test_a_refund_says_whether_it_is_all_or_a_part(amount_vnd: int, type_: str) -> None:
    call = vnpay.refund_request(MERCHANT, PURCHASE, amount_vnd, "14000001", "r1", STARTED)
    assert call.pop("vnp_SecureHash") == hmac_sha512(joined(REFUND_NAMES, call))
    assert set(call) == {f"vnp_{name}" for name in REFUND_NAMES.split()}
    assert (call["vnp_TransactionType"], call["vnp_Amount"]) == (type_, str(amount_vnd * 100))


@pytest.mark.parametrize("command", ["querydr", "refund"])
def test_a_signed_answer_is_believed(command: str) -> None:
    read = vnpay.read_answer(MERCHANT, answer(command))
    assert read is not None
    assert read["vnp_Amount"] == "55000000"


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "00",
        {},
        {"vnp_ResponseCode": "00"},
        {**answer(), "vnp_TransactionStatus": "02"},
        {**answer(), "vnp_Amount": 1.5},
        {**answer(), "vnp_Amount": True},
        {**answer(), "vnp_SecureHash": "\ud800"},
    ],
)
def test_an_answer_that_is_not_signed_says_nothing(body: Any) -> None:
    assert vnpay.read_answer(MERCHANT, body) is None


@pytest.mark.parametrize(
    ("status", "type_", "outcome"),
    [
        ("00", "01", "captured"),
        ("02", "01", "failed"),
        ("07", "01", "held"),
        ("01", "01", None),
        ("05", "02", "refunded"),
        ("06", "03", "refunded"),
        ("09", "03", None),
        ("00", "99", None),
    ],
)
def test_an_answer_reports_a_payment_only_when_it_is_completed(status: str, type_: str, outcome: str | None) -> None:
    read = vnpay.read_answer(MERCHANT, answer(TransactionStatus=status, TransactionType=type_))
    assert read is not None
    report = vnpay.report_of(read)
    assert (report.outcome if report else None) == outcome


def test_callback_and_answer_report_a_capture_in_the_same_words() -> None:
    read = vnpay.read_answer(MERCHANT, answer())
    assert read is not None
    assert vnpay.report_of(read) == vnpay.read_callback(MERCHANT, signed(CALLBACK))


def test_the_secret_does_not_show() -> None:
    assert MERCHANT.secret not in repr(MERCHANT)
