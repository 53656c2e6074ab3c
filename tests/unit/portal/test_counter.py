"""Money taken at the counter: exactly what is due, once, by an officer."""

from typing import Any

import pytest

from services.chassis.errors import NotFound, Refused
from tests.unit.portal.answers import CODE, ORDER_ID, PAID, RECEIPT, attempt, order, services
from tests.unit.portal.fakes import CITIZEN, OFFICER, FakeServices, visit

HERE = f"/ban-lam-viec/{CODE}/thu-tien"
AMOUNT = f"amount-{ORDER_ID}"


def known(of: dict[str, Any], **answers: Any) -> FakeServices:
    return services(payment__get_order=of, **answers)


def test_what_is_due_is_shown_with_its_lines_and_a_form() -> None:
    page = visit(known(order()), OFFICER).get(HERE).text
    for said in ("550.000\u00a0đ", "Lệ phí đăng ký", f'action="{HERE}/{ORDER_ID}"', f'name="{AMOUNT}"'):
        assert said in page
    assert "giao dịch trực tuyến" not in page


def test_who_pays_online_at_this_moment_is_asked_first() -> None:
    page = visit(known(order(attempts=[attempt(outcome="open")])), OFFICER).get(HERE).text
    assert "giao dịch trực tuyến" in page


@pytest.mark.parametrize("typed", ["550000", "550.000", " 550 000 đ", "550.000\u00a0đ"])
def test_money_is_recorded_however_the_amount_is_written(typed: str) -> None:
    made = known(order(), payment__record_counter_payment={})
    answer = visit(made, OFFICER).post(f"{HERE}/{ORDER_ID}", data={"request_id": "r-1", AMOUNT: typed})
    assert (answer.status_code, answer.location) == (303, HERE)
    assert made.of("payment.record_counter_payment") == [
        {"order_id": ORDER_ID, "amount_vnd": 550_000, "collector": "vnnic-1", "request_id": "r-1"}
    ]


@pytest.mark.parametrize("typed", ["", "năm trăm", "-550000", "0", "550.000,5", "9" * 16, "５５００００"])
def test_what_is_no_amount_is_shown_again_and_nothing_is_recorded(typed: str) -> None:
    made = known(order())
    answer = visit(made, OFFICER).post(f"{HERE}/{ORDER_ID}", data={"request_id": "r-1", AMOUNT: typed})
    assert answer.status_code == 400
    assert made.of("payment.record_counter_payment") == []
    assert "Ghi số tiền bằng chữ số" in answer.text
    assert f'value="{typed}"' in answer.text
    assert 'name="request_id" value="r-1"' in answer.text


def test_a_refusal_stands_beside_the_amount() -> None:
    refusal = Refused("payment.wrong_amount", "Not what is due.", "Số tiền không đúng với số phải nộp.")
    made = known(order(), payment__record_counter_payment=refusal)
    answer = visit(made, OFFICER).post(f"{HERE}/{ORDER_ID}", data={AMOUNT: "1"})
    assert answer.status_code == refusal.status
    assert "Số tiền không đúng với số phải nộp." in answer.text


def test_what_was_paid_cannot_be_taken_again_and_shows_its_receipt() -> None:
    page = visit(known(order("paid", **PAID, receipt=RECEIPT)), OFFICER).get(HERE).text
    assert "<form" not in page.partition("<main")[2].partition("</main>")[0]
    assert "số 0000007" in page


def test_a_dossier_without_fee_says_so() -> None:
    made = services(payment__get_order=NotFound("payment.no_fee", "No.", "Không."))
    assert "chưa có khoản nào phải nộp" in visit(made, OFFICER).get(HERE).text


def test_no_citizen_takes_money() -> None:
    made = known(order(), payment__record_counter_payment={})
    visit(made, CITIZEN).post(f"{HERE}/{ORDER_ID}", data={AMOUNT: "550000"})
    assert made.of("payment.record_counter_payment") == []
