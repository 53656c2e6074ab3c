"""Payment's door to the gateway (gunicorn): the callback that settles, and the page a payer comes back to."""

from typing import Any, Final

from flask import Flask, Response, request

from services.chassis import http as door
from services.chassis import metrics
from services.chassis.counted import tell_outcome
from services.chassis.wired import Wired
from services.payment import vnpay
from services.payment.settings import PaymentSettings
from services.payment.usecases import PaymentCases
from services.payment.wiring import wire

# Every answer to a callback has status 200, whatever it says.
_OUTCOMES: Final = {
    vnpay.CONFIRMED[0]: "ok",
    vnpay.ALREADY_CONFIRMED[0]: "ok",
    vnpay.BAD_SIGNATURE[0]: "Denied",
    vnpay.UNKNOWN_ORDER[0]: "NotFound",
    vnpay.WRONG_AMOUNT[0]: "Refused",
    vnpay.UNKNOWN_ERROR[0]: "Unavailable",
}


def create_app() -> Flask:
    """The door, for gunicorn."""
    return door.create_app("payment", PaymentSettings, wire, routes)


def routes(app: Flask, wired: Wired[PaymentCases]) -> None:
    """Open the two addresses. Neither needs an actor: the gateway's signature says who speaks."""
    settlement = wired.cases.settlement
    metrics.begin_outcomes(metrics.REQUESTS, "http", "take_callback")

    @app.get("/payment/vnpay/ipn", provide_automatic_options=False)
    def take_callback() -> Response:
        code, message = settlement.take_callback(_query())
        tell_outcome(_OUTCOMES[code])
        return door.answer({"RspCode": code, "Message": message})

    @app.get("/payment/vnpay/return", provide_automatic_options=False)
    def read_return() -> Response:
        shown: dict[str, Any] = settlement.read_return(_query())
        return door.answer(shown)


def _query() -> str:
    return request.query_string.decode(errors="replace")
