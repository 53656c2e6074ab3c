"""What payment's door counts of the gateway's callbacks, which it answers with status 200 whatever it says."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.chassis.counted import counted
from services.chassis.errors import Unavailable
from services.payment.http import routes
from tests.unit.counts import requests_counted
from tests.unit.payment.fakes import Desk, door
from tests.unit.payment.test_settlement import callback


@pytest.fixture
def gateway(desk: Desk) -> FlaskClient:
    """Who calls back."""
    app = counted(Flask("payment"))
    routes(app, door(desk))
    return app.test_client()


def called(gateway: FlaskClient, query: str) -> dict[str, float]:
    """What was counted of one callback."""
    outcomes = ("ok", "Denied", "NotFound", "Refused", "Unavailable")
    before = {outcome: requests_counted("http", "take_callback", outcome) for outcome in outcomes}
    assert gateway.get(f"/payment/vnpay/ipn?{query}").status_code == 200
    grown = {outcome: requests_counted("http", "take_callback", outcome) - before[outcome] for outcome in outcomes}
    return {outcome: count for outcome, count in grown.items() if count}


def test_a_callback_is_counted_by_what_it_was_answered(gateway: FlaskClient) -> None:
    assert called(gateway, callback()) == {"ok": 1}
    assert called(gateway, callback()) == {"ok": 1}
    assert called(gateway, callback("UNKNOWN")) == {"NotFound": 1}
    assert called(gateway, callback(Amount="100")) == {"Refused": 1}
    assert called(gateway, callback().replace("Amount=", "Amount=1")) == {"Denied": 1}


def test_a_callback_that_fails_through_our_fault_is_counted_as_that(gateway: FlaskClient, desk: Desk) -> None:
    def broken(_reference: str) -> Any:
        raise Unavailable("store.unavailable", "", "")

    desk.orders.find_by_attempt = broken  # type: ignore[assignment,method-assign]
    assert called(gateway, callback()) == {"Unavailable": 1}


def test_a_payer_who_comes_back_is_counted(gateway: FlaskClient) -> None:
    before = requests_counted("http", "read_return", "ok")
    gateway.get(f"/payment/vnpay/return?{callback()}")
    assert requests_counted("http", "read_return", "ok") == before + 1
