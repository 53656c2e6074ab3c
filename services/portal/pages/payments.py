"""Paying a fee: what it is made of, the way to the gateway, and what truly became of it.

Only payment knows whether money came, by the gateway's signed word. What a browser brings back from there proves
nothing, so it is dropped unread.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from services.chassis import clock
from services.chassis.errors import Refused
from services.portal.belonging import order_of
from services.portal.following import follow
from services.portal.language import words
from services.portal.live import Live
from services.portal.orders import PAYABLE, orders_of
from services.portal.qr import qr
from services.portal.signin import person, signed_in, who
from services.portal.wiring import portal

pages = Blueprint("payments", __name__, url_prefix="/ho-so/<code>/phi")
Document = Mapping[str, Any]
_KEPT: Final = "pay"
_OURS: Final = ("lang", "theme")


@pages.get("")
@signed_in("citizen", "organisation")
def show(code: str) -> str:
    """Every fee order of a dossier, line by line."""
    followed = follow(code)
    orders = orders_of(code)
    request_ids = {one["order_id"]: str(uuid.uuid4()) for one in orders if one["status"] in PAYABLE}
    return render_template("payments/show.html", one=followed, orders=orders, request_ids=request_ids)


@pages.post("/<order_id>/thanh-toan")
@signed_in("citizen", "organisation")
def start(code: str, order_id: str) -> ResponseReturnValue:
    """Open a way to the gateway, for this browser or, by a QR code, for a phone."""
    back = f"{portal().settings.portal_url}{url_for('.result', code=code, order_id=order_id)}"
    try:
        opened = portal().services.ask(
            who().actor,
            "payment.start_payment",
            order_id=order_id,
            return_url=back,
            ip_address=request.remote_addr or "127.0.0.1",
            request_id=request.form.get("request_id", ""),
        )
    except Refused as refusal:
        flash(words({"vi": refusal.vi, "en": refusal.en}), "bad")
        return redirect(url_for(".show", code=code), 303)
    session[_KEPT] = {"order_id": order_id, "url": opened["redirect_url"], "expires_at": opened["expires_at"]}
    way: dict[str, Any] = {"bang": "dien-thoai"} if request.form.get("way") == "phone" else {}
    return redirect(url_for(".onward", code=code, order_id=order_id, **way), 303)


@pages.get("/<order_id>/chuyen-tiep")
@signed_in("citizen", "organisation")
def onward(code: str, order_id: str) -> ResponseReturnValue:
    """On to the gateway: a form may lead to no other host than ours, a page may."""
    kept = session.get(_KEPT)
    if not kept or kept["order_id"] != order_id or datetime.fromisoformat(kept["expires_at"]) <= clock.now():
        return redirect(url_for(".show", code=code))
    order = order_of(code, order_id)
    if order["status"] not in PAYABLE:
        return redirect(url_for(".result", code=code, order_id=order_id))
    by_phone = request.args.get("bang") == "dien-thoai"
    return render_template(
        "payments/onward.html", code=code, order=order, kept=kept, by_phone=by_phone, live=_waiting(order), qr=qr
    )


@pages.get("/<order_id>/cho")
@signed_in("citizen", "organisation")
def waiting(code: str, order_id: str) -> Response:
    """For the page with the QR code: whether the phone has paid."""
    order = order_of(code, order_id)
    is_over = order["status"] not in PAYABLE
    result_page = url_for(".result", code=code, order_id=order_id)
    return _waiting(order).answer(is_final=is_over, onward=result_page if is_over else None)


@pages.get("/<order_id>/ket-qua")
def result(code: str, order_id: str) -> ResponseReturnValue:
    """Where the gateway sends a browser back to; a phone that scanned the code is signed in nowhere."""
    if request.args.keys() - set(_OURS):
        return redirect(url_for(".result", code=code, order_id=order_id), 303)
    found = person()
    if found is None or not found.is_applicant:
        return render_template("payments/elsewhere.html", back=url_for(".result", code=code, order_id=order_id))
    order = order_of(code, order_id)
    live = _state(code, order)
    return render_template("payments/result.html", code=code, order=order, live=live, is_final=_is_final(order))


@pages.get("/<order_id>/hien-trang")
@signed_in("citizen", "organisation")
def state(code: str, order_id: str) -> Response:
    """What became of the payment, for the script that asks again."""
    order = order_of(code, order_id)
    return _state(code, order).answer(is_final=_is_final(order))


def _state(code: str, order: Document) -> Live:
    last = order["attempts"][-1] if order["attempts"] else None
    return Live(render_template("payments/state.html", code=code, order=order, last=last, payable=PAYABLE))


def _waiting(order: Document) -> Live:
    return Live(render_template("payments/waiting.html", order=order, last=order["attempts"][-1:]))


def _is_final(order: Document) -> bool:
    """Whether nothing more will happen by itself: no attempt is open, no receipt and no refund under way."""
    has_open = any(one["outcome"] == "open" for one in order["attempts"])
    owes = any(one["refunded_at"] is None for one in order["refunds"])
    lacks_receipt = order["status"] == "paid" and order["receipt"] is None
    return not (has_open or owes or lacks_receipt)
