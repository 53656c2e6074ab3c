"""What the payer sees: the pay page, its outcome, and VNPAY's error pages."""

from urllib.parse import urlsplit

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from deploy.sandbox.gateway import clock, codes
from deploy.sandbox.gateway.callbacks import Callbacks
from deploy.sandbox.gateway.ledger import Ledger, Transaction
from deploy.sandbox.gateway.orders import PayRefused, read_order
from deploy.sandbox.gateway.outcomes import outcome_address
from deploy.sandbox.gateway.settings import Settings

_LEAVE = "leave"
_CHOICES = (
    (codes.OK, "Thanh toán", "Pay"),
    ("51", "Tài khoản không đủ tiền", "Not enough money"),
    ("24", "Hủy giao dịch", "Cancel"),
    (_LEAVE, "Rời trang, để dở giao dịch", "Leave without finishing"),
)


def dong(amount: int) -> str:
    """đồng times 100 as people read it: 550.000 đ."""
    return f"{amount // 100:,} đ".replace(",", ".")


def payer_pages(settings: Settings, ledger: Ledger, callbacks: Callbacks) -> Blueprint:
    """The routes under /paymentv2."""
    pages = Blueprint("pages", __name__, url_prefix="/paymentv2")
    pages.add_app_template_filter(dong)

    @pages.get("/vpcpay.html")
    def show_pay_page() -> ResponseReturnValue:
        try:
            order = read_order(request.args.to_dict(flat=False), settings, clock.now())
            transaction = ledger.open_order(order)
        except PayRefused as refusal:
            return _error_page(refusal)
        return render_template("pay.html", transaction=transaction, choices=_CHOICES)

    @pages.post("/pay")
    def finish() -> ResponseReturnValue:
        token, outcome = request.form.get("token", ""), request.form.get("outcome", "")
        transaction = ledger.by_token(token)
        if transaction is None or outcome not in (_LEAVE, *codes.STATUS_OF_OUTCOME):
            return _error_page(PayRefused(codes.BAD_FORMAT, "token" if transaction is None else "outcome"))
        if transaction.is_open and outcome == _LEAVE:
            return render_template("left.html", merchant=urlsplit(transaction.return_url).hostname)
        at = clock.now()
        code = codes.EXPIRED if transaction.expire_date <= clock.stamp(at) else outcome
        if ledger.finish(token, code, clock.stamp(at), callbacks.first_at()):
            callbacks.wake()
        return _back_to_merchant(ledger.by_token(token) or transaction)

    def _back_to_merchant(transaction: Transaction) -> Response:
        return redirect(outcome_address(transaction.return_url, transaction, settings.secret), 302)

    return pages


def _error_page(refusal: PayRefused) -> ResponseReturnValue:
    vietnamese, english = codes.PAGE_MESSAGES[refusal.code]
    page = render_template("error.html", refusal=refusal, vietnamese=vietnamese, english=english)
    return page, 400
