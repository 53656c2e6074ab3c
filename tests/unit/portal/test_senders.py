"""Whoever sends slowly gets through, and keeps nobody else waiting."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from types import SimpleNamespace
from typing import Any, Final

import pytest
from flask.testing import FlaskClient

from services.chassis.actor import Actor
from services.chassis.patience import PATIENCE, PIECE_SECONDS, WAIT_SECONDS
from tests.unit.portal.fakes import CITIZEN, FakeServices, app, visit

LOOKUPS: Final = "/api/v1/lookups"
PART: Final = f"/tai-len/{'0' * 32}/{'t' * 43}"
OURS: Final = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}


class Body(io.BytesIO):
    """A body on its way; `then` happens while the portal waits for its first piece."""

    def __init__(self, content: bytes = b"{", then: Callable[[], None] | None = None) -> None:
        super().__init__(content)
        self._then = then

    def read(self, most: int | None = -1) -> bytes:
        """The next bytes."""
        then, self._then = self._then, None
        if then:
            meanwhile = Thread(target=then)  # as at the door: a request has a thread to itself
            meanwhile.start()
            meanwhile.join()
        return super().read(most)


def send(browser: FlaskClient, body: Body, address: str = "10.0.0.1", **how: Any) -> Any:
    """A body that announces more than it has, from this address."""
    here = {"wsgi.input": body, "CONTENT_LENGTH": "100", "REMOTE_ADDR": address, "gunicorn.socket": object()}
    how = {"path": LOOKUPS, "method": "POST", "content_type": "application/json", **how}
    return browser.open(environ_overrides=here, **how)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the portal was ready to wait, each time that it waited."""
    waited: list[float] = []

    @contextmanager
    def within(_sock: Any, seconds: float) -> Iterator[None]:
        waited.append(seconds)
        yield

    monkeypatch.setattr(PATIENCE, "within", within)
    return waited


def sender_of_parts(took: Callable[..., int]) -> FlaskClient:
    """A citizen who sends files in parts to an intake that takes them like this."""
    services = FakeServices()
    vars(services)["tickets"] = SimpleNamespace(append=took)
    return visit(services, CITIZEN)


def test_a_part_is_waited_for_as_long_as_its_pieces_come(waits: list[float]) -> None:
    came: list[bytes] = []
    part = bytes(range(256)) * 4_000

    def take(_actor: Actor, _upload: str, _ticket: str, _offset: int, some: bytes) -> int:
        came.append(some)
        return len(some)

    browser = sender_of_parts(take)
    here = {"wsgi.input": Body(part), "CONTENT_LENGTH": str(len(part)), "gunicorn.socket": object()}
    answer = browser.patch(PART, environ_overrides=here)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(len(part)))
    assert came == [part]
    assert set(waits) == {PIECE_SECONDS}
    assert len(waits) >= len(part) / 16_384  # at 2 KiB a second each piece is here in its time


def test_a_part_that_does_not_come_whole_is_asked_for_once_more(waits: list[float]) -> None:
    browser = sender_of_parts(lambda *_: pytest.fail("half a part went on to intake"))
    answer = send(browser, Body(), path=PART, method="PATCH", content_type="application/offset+octet-stream")
    assert answer.status_code == 408
    assert answer.json["say"] == "Nội dung gửi lên bị gián đoạn."
    assert waits


def test_half_a_body_is_told_of_as_at_the_other_doors(waits: list[float]) -> None:
    answer = send(app(FakeServices()).test_client(), Body())
    assert (answer.status_code, answer.json["code"]) == (400, "http.broken_off")
    assert waits


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_half_a_form_is_told_of_on_a_page(kind: str, waits: list[float]) -> None:
    made = app(FakeServices())
    made.config["WTF_CSRF_ENABLED"] = True
    body = Body(b'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n1')
    answer = send(made.test_client(), body, path="/tra-cuu", content_type=kind, headers=OURS)
    assert answer.status_code == 400
    assert "Nội dung gửi lên bị gián đoạn." in answer.text
    assert waits


def test_a_form_of_ours_that_is_too_long_is_told_of_on_a_page() -> None:
    browser = app(FakeServices()).test_client()
    assert browser.post("/tra-cuu", data={"code": "x" * 5_000_000}, headers=OURS).status_code == 413


def waiting_at_once(made: Any, addresses: list[str], told: list[str], then: Callable[[], None]) -> None:
    """Senders of these addresses, all of whom the portal waits for when `then` happens; what each is told."""
    if not addresses:
        then()
        return
    body = Body(then=lambda: waiting_at_once(made, addresses[1:], told, then))
    told.append(send(made.test_client(), body, addresses[0]).json["code"])


def test_one_address_keeps_few_threads_waiting() -> None:
    made, told, met = app(FakeServices()), list[str](), list[int]()
    there = ["10.0.0.1"] * 4

    def others() -> None:
        met.append(send(made.test_client(), Body()).status_code)
        met.append(send(made.test_client(), Body(), "10.0.0.2").status_code)

    waiting_at_once(made, there, told, others)
    assert told == ["http.broken_off"] * 4
    assert met == [503, 400]
    assert send(made.test_client(), Body()).status_code == 400  # their places are free again


def test_strangers_take_no_place_from_people_who_have_signed_in() -> None:
    made, told, met = app(FakeServices()), list[str](), list[str]()

    def others() -> None:
        met.append(send(made.test_client(), Body(), "10.0.1.1").json["code"])
        browser = made.test_client()
        with browser.session_transaction() as session:
            session["person"] = CITIZEN.kept()
        met.append(send(browser, Body(), "10.0.1.1").json["code"])

    waiting_at_once(made, [f"10.0.0.{number}" for number in range(8)], told, others)
    assert told == ["http.broken_off"] * 8
    assert met == ["http.busy", "http.broken_off"]


def test_what_waited_too_long_for_a_thread_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    browser = app(FakeServices()).test_client()
    monkeypatch.setattr("services.chassis.patience._served", SimpleNamespace(waited=WAIT_SECONDS + 1))
    late = browser.get("/")
    assert (late.status_code, late.headers["Retry-After"]) == (503, "10")
    assert browser.get("/health/live").status_code == 200
