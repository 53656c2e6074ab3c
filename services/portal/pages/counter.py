"""Money at the counter: an officer says that he took what is due, and the receipt is made."""

import uuid
from typing import Final

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from services.chassis.errors import Conflict, Refused
from services.portal.language import say, words
from services.portal.orders import PAYABLE, orders_of
from services.portal.signin import signed_in, who
from services.portal.wiring import portal

pages = Blueprint("counter", __name__, url_prefix="/ban-lam-viec/<code>/thu-tien")
_SEE_OTHER: Final = 303
_MOST_DIGITS: Final = 15


@pages.get("")
@signed_in("officer")
def show(code: str) -> ResponseReturnValue:
    """What the dossier owes, and what was taken."""
    return _page(code)


@pages.post("/<order_id>")
@signed_in("officer")
def take(code: str, order_id: str) -> ResponseReturnValue:
    """The officer counted this amount: any other than what is due is refused, and nothing is recorded."""
    counted = request.form.get(f"amount-{order_id}", "")
    amount = _dong(counted)
    if amount is None:
        return _page(code, {order_id: say("Ghi số tiền bằng chữ số, ví dụ 200.000.")}, counted, 400)
    try:
        portal().services.ask(
            who().actor,
            "payment.record_counter_payment",
            order_id=order_id,
            amount_vnd=amount,
            collector=who().id,
            request_id=request.form.get("request_id", ""),
        )
    except (Refused, Conflict) as error:
        return _page(code, {order_id: words({"vi": error.vi, "en": error.en})}, counted, error.status)
    flash(say("Đã ghi nhận tiền nộp tại quầy. Biên lai được lập ngay sau đó."), "good")
    return redirect(url_for(".show", code=code), _SEE_OTHER)


def _page(code: str, wrong: dict[str, str] | None = None, counted: str = "", status: int = 200) -> ResponseReturnValue:
    orders = orders_of(code)
    return make_response(
        render_template(
            "desk/counter.html",
            code=code,
            orders=orders,
            payable=PAYABLE,
            request_id=request.form.get("request_id") or str(uuid.uuid4()),
            wrong=wrong or {},
            counted=counted,
        ),
        status,
    )


def _dong(typed: str) -> int | None:
    """An amount as people write it: thousands apart by dots or spaces, with or without the đồng's sign."""
    digits = "".join(typed.removesuffix("đ").removesuffix("VND").split()).replace(".", "")
    is_number = digits.isascii() and digits.isdigit() and len(digits) <= _MOST_DIGITS
    return int(digits) or None if is_number else None
