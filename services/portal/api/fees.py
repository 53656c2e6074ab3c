"""The calls about the fees of a dossier: its orders, and the way to the gateway."""

from typing import Any, Final

from flask import request

from services.portal.api import answers, requests
from services.portal.api.door import Answer, Door, applicant, ask, keyed, protect
from services.portal.belonging import order_of

fees: Final = Door("api-fees", __name__, url_prefix="/api/v1", description="What a dossier costs, and paying it.")
fees.before_request(protect)


@fees.get("/dossiers/<code:code>/order")
@fees.etag
@fees.response(200, answers.Order)
@fees.problems(401, 403)
def get_order(code: str) -> Any:
    """The fee order that matters now; right after a submission it may not be there yet."""
    return ask("payment.get_order", dossier_code=code)


@fees.get("/dossiers/<code:code>/orders/<code:order_id>")
@fees.etag
@fees.response(200, answers.Order)
@fees.problems(401, 403)
def find_order(code: str, order_id: str) -> Any:
    """One of several: `orders` of the one that matters names them all."""
    applicant()
    return order_of(code, order_id)


@fees.post("/dossiers/<code:code>/order/payments")
@fees.arguments(requests.Payment)
@fees.arguments(requests.Header, location="headers")
@fees.response(201, answers.PaymentStarted)
@fees.problems(401, 403, 409, 422)
@keyed
def pay(payment: Answer, request_id: str, code: str) -> Any:
    """Go to the gateway. What comes of it is said by the order, never by the browser that comes back."""
    return _start(ask("payment.get_order", dossier_code=code), request_id, payment)


@fees.post("/dossiers/<code:code>/orders/<code:order_id>/payments")
@fees.arguments(requests.Payment)
@fees.arguments(requests.Header, location="headers")
@fees.response(201, answers.PaymentStarted)
@fees.problems(401, 403, 409, 422)
@keyed
def pay_order(payment: Answer, request_id: str, code: str, order_id: str) -> Any:
    """The same for one of several, also where it is not the one that matters now."""
    applicant()
    return _start(order_of(code, order_id), request_id, payment)


def _start(order: Any, request_id: str, payment: Answer) -> Any:
    payer = {"ip_address": request.remote_addr} if request.remote_addr else {}
    return ask("payment.start_payment", order_id=order["order_id"], request_id=request_id, **payer, **payment)
