"""What the portal asks of intake's door: never another address than the one that is meant."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Denied, NotFound, Refused, ServiceError, Unavailable
from services.portal.clients import Services

CITIZEN = Actor("citizen", "001801000001")


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
            services.tickets.offset("0" * 32, "t" * 43)
        services.close()
        server.shutdown()
    assert type(told.value) is kind


class Closed:
    """A line that is not used."""

    def close(self) -> None:
        """Nothing is open."""
