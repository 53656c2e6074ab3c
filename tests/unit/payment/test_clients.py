"""What payment asks of others, over a real socket where there is one."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import eventlet
import pytest
import requests
from prometheus_client import REGISTRY

from services.chassis import metrics
from services.chassis.actor import Actor
from services.chassis.errors import Refused, Unavailable
from services.payment import clients
from services.payment.clients import NOT_REACHED, UNDECIDED, Gateway, Owners
from tests.unit.payment.builders import CITIZEN, STRANGER, SYSTEM
from tests.unit.payment.test_vnpay import MERCHANT, PURCHASE, STARTED, answer


class MerchantApi(HTTPServer):
    """Gives one prepared answer and keeps what it was asked."""

    status, body, breaks, missing = 200, b"", False, 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Asked)
        self.asked: list[dict[str, str]] = []


class Asked(BaseHTTPRequestHandler):
    """One call."""

    server: MerchantApi

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.breaks:
            return
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(self.server.body) + self.server.missing))
        self.end_headers()
        self.wfile.write(self.server.body)

    def log_message(self, *_args: Any) -> None:
        """Be quiet."""


@pytest.fixture
def api() -> Iterator[MerchantApi]:
    """A merchant API."""
    server = MerchantApi()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def gateway(api: MerchantApi) -> Gateway:
    """Our side of it."""
    return Gateway(f"http://127.0.0.1:{api.server_port}/", MERCHANT)


def say(api: MerchantApi, body: Any, status: int = 200) -> None:
    """Prepare the answer."""
    api.status, api.body = status, body if isinstance(body, bytes) else json.dumps(body).encode()


def test_the_gateway_is_asked_what_became_of_an_attempt(api: MerchantApi, gateway: Gateway) -> None:
    say(api, answer())
    report = gateway.query(PURCHASE, "q1", STARTED)
    assert report is not None
    assert (report.outcome, report.amount_vnd) == ("captured", 550_000)
    assert (api.asked[0]["vnp_Command"], api.asked[0]["vnp_RequestId"]) == ("querydr", "q1")


def test_what_the_gateway_does_not_know_came_to_nothing(api: MerchantApi, gateway: Gateway) -> None:
    say(api, answer(ResponseCode="91"))
    assert gateway.query(PURCHASE, "q1", STARTED) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (answer(), 500),
        (answer(), 302),
        ({**answer(), "vnp_Amount": "1"}, 200),
        (b"<html>", 200),
        (b"", 200),
        (b"[" * 1000, 200),
        (b" " * 70_000, 200),
        (answer(ResponseCode=""), 200),
        ({**answer("refund", ResponseCode=""), "vnp_ResponseCode": None}, 200),
    ],
)
def test_an_answer_that_cannot_be_believed_is_an_outage(
    api: MerchantApi, gateway: Gateway, body: Any, status: int
) -> None:
    say(api, body, status)
    with pytest.raises(Unavailable, match=r"payment\.gateway_unavailable"):
        gateway.query(PURCHASE, "q1", STARTED)
    with pytest.raises(Unavailable, match=r"payment\.gateway_unavailable"):
        gateway.refund(PURCHASE, 1, None, "r1", STARTED)


@pytest.mark.parametrize("reference", ["ANOTHER", ""])
def test_of_a_refund_that_is_answered_about_another_payment_nothing_is_known(
    api: MerchantApi, gateway: Gateway, reference: str
) -> None:
    say(api, answer("refund", TxnRef=reference))
    with pytest.raises(Unavailable, match=r"payment\.gateway_unavailable"):
        gateway.refund(PURCHASE, 550_000, None, "r1", STARTED)


def test_an_answer_that_comes_byte_by_byte_without_end_is_an_outage(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def drip(*_args: Any, **_how: Any) -> Any:
        while True:  # each byte comes well before anybody would call the line silent
            eventlet.sleep(0.01)

    monkeypatch.setattr(clients, "_SECONDS", (0.05, 0.1))
    monkeypatch.setattr(requests, "post", drip)
    with pytest.raises(Unavailable, match=r"payment\.gateway_unavailable"), eventlet.Timeout(5):
        gateway.refund(PURCHASE, 550_000, None, "r1", STARTED)


def test_an_answer_that_breaks_off_is_an_outage(api: MerchantApi, gateway: Gateway) -> None:
    say(api, answer())
    api.missing = 1
    with pytest.raises(Unavailable, match=r"payment\.gateway_unavailable"):
        gateway.query(PURCHASE, "q1", STARTED)


def test_a_gateway_that_is_not_there_is_an_outage(api: MerchantApi, gateway: Gateway) -> None:
    api.shutdown()
    api.server_close()
    with pytest.raises(Unavailable, match=NOT_REACHED):
        gateway.query(PURCHASE, "q1", STARTED)


def test_what_the_gateway_is_asked_is_counted_by_how_it_ends(api: MerchantApi, gateway: Gateway) -> None:
    metrics.CALLS.clear()
    say(api, answer())
    gateway.query(PURCHASE, "q1", STARTED)
    say(api, b"", 500)
    with pytest.raises(Unavailable):
        gateway.refund(PURCHASE, 1, None, "r1", STARTED)
    counted = partial(REGISTRY.get_sample_value, "motcua_call_seconds_count")
    assert counted({"target": "gateway.querydr", "outcome": "ok"}) == 1
    assert counted({"target": "gateway.refund", "outcome": "Unavailable"}) == 1


def test_a_line_that_breaks_leaves_open_whether_the_gateway_has_heard(api: MerchantApi, gateway: Gateway) -> None:
    api.breaks = True
    with pytest.raises(Unavailable, match=r"payment\.gateway_unavailable"):
        gateway.refund(PURCHASE, 1, None, "r1", STARTED)
    assert len(api.asked) == 1


@pytest.mark.parametrize("changes", [{"ResponseCode": "97"}, {"TxnRef": "ANOTHER"}])
def test_an_answer_about_something_else_is_refused(api: MerchantApi, gateway: Gateway, changes: dict[str, str]) -> None:
    say(api, answer(**changes))
    with pytest.raises(Refused, match=r"payment\.query_refused"):
        gateway.query(PURCHASE, "q1", STARTED)


def test_what_a_gateway_did_after_it_answered_99_is_not_known(api: MerchantApi, gateway: Gateway) -> None:
    say(api, answer(ResponseCode="99"))
    with pytest.raises(Unavailable, match=UNDECIDED):
        gateway.query(PURCHASE, "q1", STARTED)
    say(api, answer("refund", ResponseCode="99"))
    with pytest.raises(Unavailable, match=UNDECIDED):
        gateway.refund(PURCHASE, 1, None, "r1", STARTED)


@pytest.mark.parametrize(("code", "taken_now"), [("00", True), ("94", False)])
def test_a_refund_is_taken_now_or_something_was_taken_before(
    api: MerchantApi, gateway: Gateway, code: str, taken_now: bool
) -> None:
    say(api, answer("refund", ResponseCode=code))
    assert gateway.refund(PURCHASE, 100_000, "14000001", "r1", STARTED) == taken_now
    sent = api.asked[0]
    assert (sent["vnp_TransactionType"], sent["vnp_Amount"], sent["vnp_RequestId"]) == ("03", "10000000", "r1")


def test_a_refused_refund_says_with_which_code(api: MerchantApi, gateway: Gateway) -> None:
    say(api, answer("refund", ResponseCode="95"))
    with pytest.raises(Refused, match="code 95"):
        gateway.refund(PURCHASE, 550_000, None, "r1", STARTED)


class Intake:
    """Knows one dossier."""

    def __init__(self, applicant: dict[str, str] | None) -> None:
        self.applicant = applicant

    def call(self, _service: str, _method: str, **_arguments: Any) -> Any:
        return {"applicant": self.applicant}


@pytest.mark.parametrize(
    ("applicant", "actor", "owns"),
    [
        ({"kind": "citizen", "id_number": "001801000001"}, CITIZEN, True),
        ({"kind": "citizen", "id_number": "001801000001"}, STRANGER, False),
        ({"kind": "citizen", "id_number": "001801000001"}, Actor("organisation", "001801000001"), False),
        ({"kind": "organisation", "tax_code": "9900000016"}, Actor("organisation", "9900000016"), True),
        ({"kind": "organisation", "tax_code": "9900000016"}, Actor("citizen", "9900000016"), False),
        ({"kind": "organisation", "tax_code": "9900000016"}, SYSTEM, False),
        (None, CITIZEN, False),
    ],
)
def test_a_dossier_is_its_applicants(applicant: dict[str, str] | None, actor: Actor, owns: bool) -> None:
    intake: Any = Intake(applicant)
    assert Owners(intake).owns(actor, "x") == owns
