"""What the portal asks of intake's door: never another address than the one that is meant."""

import io
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
import requests
from flask import Flask

from services.chassis import codec, tracing
from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Denied, NotFound, Refused, ServiceError, Unavailable
from services.chassis.patience import Places
from services.chassis.tracing import Work
from services.portal.clients import Services
from tests.unit.chassis.recorded import TRACE, Seen, identity, parent_of, said
from tests.unit.counts import counted

CITIZEN = Actor("citizen", "001801000001")
UPLOAD_ID, TICKET = "0" * 32, "t" * 43


class Door:
    """Takes down which address is asked for, and has nothing there."""

    status_code, ok, content = 404, False, b"{}"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, address: str, **_: Any) -> "Door":
        self.asked.append(address)
        return self

    post = get


@pytest.mark.parametrize("code", ["../../health/ready", "a?b=c", "a#b", "a/b", "%2e%2e", "000.00.06.G14-261201-0001"])
def test_a_code_from_an_address_stays_one_part_of_the_next_address(code: str) -> None:
    services, door = Services(cast("Any", None), cast("Any", Keys()), "http://intake"), Door()
    vars(services)["_http"] = door
    with pytest.raises(ServiceError):
        services.download(CITIZEN, code, code)
    (address,) = door.asked
    assert address.startswith("http://intake/dossiers/")
    assert address.count("/") == len(("http:", "", "intake", "dossiers", "code", "documents", "paper")) - 1
    assert "?" not in address
    assert "#" not in address


class Keys:
    """Signs anything."""

    def fresh(self, _actor: Actor) -> str:
        """A token."""
        return "token"


class Broken:
    """A line to the services on which intake does not answer: nobody says so but those who ask it."""

    def __init__(self, said_by: str = "") -> None:
        self.asked: list[str] = []
        self._said_by = said_by

    def acting_as(self, _actor: Actor | None) -> "Broken":
        """Whoever asks."""
        return self

    def call(self, service: str, method: str, **_: Any) -> None:
        """No answer."""
        self.asked.append(f"{service}.{method}")
        error = Unavailable("intake.unavailable", "intake does not answer.", "Dịch vụ chưa sẵn sàng.")
        error.said_by = self._said_by
        raise error


@pytest.mark.parametrize(("said_by", "posts"), [("", 1), ("intake", 0)], ids=["silent", "it says so itself"])
def test_intake_is_asked_by_its_door_where_it_is_silent_by_rpc(said_by: str, posts: int) -> None:
    services, door = Services(cast("Any", Broken(said_by)), cast("Any", Keys()), "http://intake"), Door()
    vars(services)["_http"] = door
    with pytest.raises(ServiceError):
        services.ask(CITIZEN, "intake.get", dossier_code="x")
    assert door.asked == ["http://intake/intake/get"] * posts


def test_what_payment_says_of_intake_is_no_reason_to_ask_intake_for_a_payment() -> None:
    line = Broken("payment")
    services = Services(cast("Any", line), cast("Any", Keys()), "http://nowhere.invalid")
    with pytest.raises(Unavailable):
        services.ask(CITIZEN, "payment.get_order", dossier_code="000.00.06.G14-261201-0001")
    assert services._avoid_until == 0  # noqa: SLF001 – intake itself is asked by RPC as before
    assert line.asked == ["payment.get_order"]


@pytest.mark.parametrize("kind", [Denied, NotFound, Conflict, Refused, Unavailable])
def test_why_an_upload_cannot_go_on_is_told_by_the_status_alone(kind: type[ServiceError]) -> None:
    class Intake(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(kind.status)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Content-Length", "99")  # of the body that HEAD does not bring
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Nothing is written down."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Intake) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        services = Services(cast("Any", Closed()), cast("Any", Keys()), address)
        with pytest.raises(ServiceError) as told:
            services.tickets.offset(CITIZEN, "0" * 32, TICKET)
        services.close()
        server.shutdown()
    assert type(told.value) is kind


class Closed:
    """A line that is not used."""

    def close(self) -> None:
        """Nothing is open."""


class Intake:
    """Answers every request alike, and takes down with which headers it came."""

    def __init__(self, status: int, body: bytes = b"{}") -> None:
        self.status, self.body, self.headers = status, body, list[dict[str, str]]()

    def __getattr__(self, verb: str) -> Callable[..., requests.Response]:
        def ask(_address: str, headers: dict[str, str], **_: Any) -> requests.Response:
            self.headers.append(headers)
            answer = requests.Response()
            answer.status_code, answer.headers["Upload-Offset"] = self.status, "5"
            answer._content = self.body  # noqa: SLF001
            return answer

        return ask


@pytest.fixture
def seen() -> Iterator[Seen]:
    """A request of the portal is recorded, in memory."""
    seen = Seen()
    tracing.record_with(seen.recorder)
    tracing.enter(Work(TRACE))
    yield seen
    tracing.leave()
    tracing.record_with(None)


CALLS: list[tuple[str, str, Callable[[Services], Any]]] = [
    ("POST get", "get", lambda asked: asked.ask(CITIZEN, "intake.get", dossier_code="x")),
    ("GET send", "send", lambda asked: asked.download(CITIZEN, "x", UPLOAD_ID)),
    ("PUT receive", "receive", lambda asked: asked.tickets.put(CITIZEN, UPLOAD_ID, TICKET, "a/b", io.BytesIO())),
    ("HEAD resume", "resume", lambda asked: asked.tickets.offset(CITIZEN, UPLOAD_ID, TICKET)),
    ("PATCH resume", "resume", lambda asked: asked.tickets.append(CITIZEN, UPLOAD_ID, TICKET, 0, b"%PDF-")),
]


@pytest.mark.parametrize(("name", "method", "call"), CALLS, ids=[name for name, *_ in CALLS])
@pytest.mark.parametrize(("status", "outcome"), [(200, "ok"), (503, "Unavailable")])
def test_whoever_asks_intake_by_its_door_is_counted_and_recorded_and_says_whose_request_it_is(
    seen: Seen, name: str, method: str, call: Callable[[Services], Any], status: int, outcome: str
) -> None:
    services, door = Services(cast("Any", Broken()), cast("Any", Keys()), "http://intake.example.vn"), Intake(status)
    vars(services)["_http"] = vars(services.tickets)["_http"] = door
    before = counted("motcua_call_seconds_count", target=f"intake.{method}", outcome=outcome)
    try:
        call(services)
    except Unavailable:
        assert status == Unavailable.status
    span, (headers,) = seen.one(name), door.headers
    assert counted("motcua_call_seconds_count", target=f"intake.{method}", outcome=outcome) == before + 1
    assert headers["traceparent"] == identity(span)
    assert headers["Authorization"] == "Bearer token"
    assert (parent_of(span), span.kind.name, span.status.is_ok) == (TRACE, "CLIENT", status == 200)
    assert said(span)["server.address"] == "intake.example.vn"
    assert TICKET not in json.dumps(said(span))


def test_too_many_files_of_one_person_at_once_are_counted_as_his_doing_and_no_silence_of_intake() -> None:
    places = Places(8, 1)
    with Flask("intake").test_request_context():
        places.take("he")
        with pytest.raises(Unavailable) as told:
            places.take("he")
    services = Services(cast("Any", Broken()), cast("Any", Keys()), "http://intake.example.vn")
    vars(services)["_http"] = Intake(503, codec.encode(told.value.problem()))
    before = counted("motcua_call_seconds_count", target="intake.send", outcome="Denied")
    with pytest.raises(Unavailable) as error:
        services.download(CITIZEN, "x", UPLOAD_ID)
    assert error.value.problem() == told.value.problem()
    assert counted("motcua_call_seconds_count", target="intake.send", outcome="Denied") == before + 1
