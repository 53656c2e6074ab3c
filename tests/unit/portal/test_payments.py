"""The pages about paying: what is asked for, the way to the gateway, and the truth about what became of it."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine

from services.chassis import clock
from services.chassis.errors import NotFound, Refused
from services.portal.qr import qr
from tests.unit.portal.answers import CODE, ORDER_ID, PAID, RECEIPT, attempt, order, services
from tests.unit.portal.fakes import CITIZEN, FakeServices, visit

FEES = f"/ho-so/{CODE}/phi"
HERE = f"{FEES}/{ORDER_ID}"
GATEWAY = "https://gateway.example/pay?vnp_Amount=55000000&vnp_SecureHash=ab"


def known(of: dict[str, Any], **answers: Any) -> FakeServices:
    def found(order_id: str) -> Any:
        return of if order_id == of["order_id"] else NotFound("payment.unknown_order", "No.", "Không.")

    started = {
        "redirect_url": GATEWAY,
        "attempt": "P1",
        "expires_at": (clock.now() + timedelta(minutes=15)).isoformat(),
    }
    table = {"payment__get_order": of, "payment__find_order": found, "payment__start_payment": started, **answers}
    return services(**table)


def test_a_fee_is_shown_line_by_line_with_its_sum() -> None:
    page = visit(known(order()), CITIZEN).get(FEES).text
    for said in (
        "Lệ phí đăng ký",
        "200.000\u00a0đ",
        "Phí duy trì",
        "350.000\u00a0đ",
        "Tổng cộng",
        "550.000\u00a0đ",
        "chờ nộp",
    ):
        assert said in page
    assert f'action="{HERE}/thanh-toan"' in page


@pytest.mark.parametrize("code", ["payment.no_fee", "payment.not_assessed_yet"])
def test_no_fee_is_said_plainly(code: str) -> None:
    answer = visit(known(order(), payment__get_order=NotFound(code, "No.", "Không.")), CITIZEN).get(FEES)
    assert answer.status_code == 200
    assert "chưa có khoản nào phải nộp" in answer.text


def test_what_is_settled_cannot_be_paid_again() -> None:
    page = visit(known(order("paid", **PAID, receipt=RECEIPT)), CITIZEN).get(FEES).text
    assert "thanh-toan" not in page
    assert "số 0000007" in page


def test_paying_leads_on_to_the_gateway_by_a_page_of_ours() -> None:
    made = known(order())
    browser = visit(made, CITIZEN)
    answer = browser.post(f"{HERE}/thanh-toan", data={"request_id": "r-1", "way": "here"})
    assert (answer.status_code, answer.location) == (303, f"{HERE}/chuyen-tiep")
    assert made.of("payment.start_payment") == [
        {
            "order_id": ORDER_ID,
            "return_url": f"http://localhost{HERE}/ket-qua",
            "ip_address": "127.0.0.1",
            "request_id": "r-1",
        }
    ]
    page = browser.get(answer.location).text
    assert 'http-equiv="refresh" content="0;url=https://gateway.example/pay' in page
    assert GATEWAY not in answer.location


def test_a_phone_gets_a_code_and_nobody_is_led_away() -> None:
    browser = visit(known(order()), CITIZEN)
    answer = browser.post(f"{HERE}/thanh-toan", data={"request_id": "r-1", "way": "phone"})
    page = browser.get(answer.location).text
    assert 'http-equiv="refresh"' not in page
    assert qr(GATEWAY, "Mã QR dẫn đến trang thanh toán") in page
    assert page.count('class="qr"') == 1
    assert f'data-poll="{HERE}/cho"' in page


def test_the_page_with_the_code_goes_on_once_the_phone_has_paid() -> None:
    made = known(order())
    browser = visit(made, CITIZEN)
    waiting = browser.get(f"{HERE}/cho")
    assert "X-Onward" not in waiting.headers
    known_part = {"If-None-Match": waiting.headers["ETag"]}
    assert browser.get(f"{HERE}/cho", headers=known_part).status_code == 304
    made.answers["payment.find_order"] = order("paid", **PAID)
    paid = browser.get(f"{HERE}/cho", headers=known_part)
    assert (paid.status_code, paid.headers["X-Onward"]) == (200, f"{HERE}/ket-qua")


def test_a_way_to_the_gateway_that_is_over_leads_back() -> None:
    over = {"redirect_url": GATEWAY, "attempt": "P1", "expires_at": "2026-01-15T03:20:00+00:00"}
    browser = visit(known(order(), payment__start_payment=over), CITIZEN)
    browser.post(f"{HERE}/thanh-toan", data={"request_id": "r-1"})
    assert browser.get(f"{HERE}/chuyen-tiep").location == FEES


def test_a_refusal_to_start_is_said_on_the_page_of_fees() -> None:
    no = Refused("payment.already_paid", "Paid.", "Khoản này đã nộp.")
    browser = visit(known(order(), payment__start_payment=no), CITIZEN)
    assert browser.post(f"{HERE}/thanh-toan", data={"request_id": "r-1"}).location == FEES
    assert "Khoản này đã nộp." in browser.get(FEES).text


def test_what_the_browser_brings_back_is_dropped_unread() -> None:
    made = known(order(attempts=[attempt()]))
    browser = visit(made, CITIZEN)
    answer = browser.get(f"{HERE}/ket-qua?vnp_ResponseCode=00&vnp_TransactionStatus=00")
    assert (answer.status_code, answer.location) == (303, f"{HERE}/ket-qua")
    assert made.of("payment.find_order") == []
    assert "Đang chờ xác nhận của cổng thanh toán" in browser.get(answer.location).text


FAILED = attempt("failed", response_code="51")
TWICE = {"attempt": "P2", "amount_vnd": 550_000, "reason": "paid_twice", "due_at": "2026-01-15T03:07:00+00:00"}


@pytest.mark.parametrize(
    ("of", "said", "is_final"),
    [
        (order(attempts=[attempt()]), "Đang chờ xác nhận", False),
        (order(attempts=[attempt(held_since="2026-01-15T03:06:00+00:00")]), "Ngân hàng đang kiểm tra", False),
        (order(attempts=[FAILED]), "tài khoản không đủ số dư", True),
        (order(attempts=[attempt("failed", response_code="99")]), "mã 99", True),
        (order("paid", **PAID), "Biên lai đang được lập", False),
        (order("paid", **PAID, receipt=RECEIPT), "Đã nhận 550.000\u00a0đ", True),
        (order("paid", **PAID, receipt=RECEIPT, refunds=[{**TWICE, "refunded_at": None}]), "đã nộp hai lần", False),
        (
            order("refunded", **PAID, refunds=[{**TWICE, "refunded_at": "2026-01-15T04:00:00+00:00"}]),
            "Đã hoàn 550.000\u00a0đ",
            True,
        ),
        (order("expired"), "Chưa nộp", True),
        (order("cancelled", attempts=[attempt()]), "không phải nộp nữa", False),
        (order("waived"), "không phải nộp khoản này", True),
    ],
)
def test_the_truth_is_told_about_each_outcome(of: dict[str, Any], said: str, is_final: bool) -> None:
    browser = visit(known(of), CITIZEN)
    page = browser.get(f"{HERE}/ket-qua").text
    assert said in page
    assert ("data-final" in page) is is_final
    assert ("X-Final" in browser.get(f"{HERE}/hien-trang").headers) is is_final


def test_a_payment_that_renews_itself_keeps_no_session_alive() -> None:
    with time_machine.travel("2026-01-15T02:00:00+00:00", tick=False) as now:
        browser = visit(known(order()), CITIZEN)
        assert browser.get(f"{HERE}/ket-qua").status_code == 200
        now.shift(timedelta(minutes=25))
        assert browser.get(f"{HERE}/hien-trang").status_code == 200
        now.shift(timedelta(minutes=10))
        assert browser.get(FEES).status_code == 302


def test_a_phone_that_nobody_signed_in_on_is_told_where_to_look() -> None:
    made = known(order("paid", **PAID, receipt=RECEIPT))
    answer = visit(made).get(f"{HERE}/ket-qua")
    assert answer.status_code == 200
    assert "trên thiết bị bạn dùng để nộp hồ sơ" in answer.text
    assert made.of("payment.find_order") == []


def test_an_order_of_another_dossier_is_not_there() -> None:
    made = known({**order(), "dossier_code": "other"})
    assert visit(made, CITIZEN).get(f"{HERE}/ket-qua").status_code == 404
