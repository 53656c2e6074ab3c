"""What a door counts of its requests: all of them, by route and outcome, once."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask, abort
from flask.sessions import SecureCookieSessionInterface
from flask.testing import FlaskClient

from services.chassis import http
from services.chassis.counted import UNCOUNTED, outcome_of_status, tell_outcome
from services.chassis.errors import KINDS, Refused, Unavailable
from services.chassis.metrics import REQUESTS
from services.chassis.patience import Places
from services.chassis.rpc import RpcDoor
from services.chassis.settings import Settings
from tests.keys import ring
from tests.unit.counts import requests_counted


class Taking(SecureCookieSessionInterface):
    """Sessions that are away when an answer is there."""

    is_away = False

    def save_session(self, *_: Any) -> None:
        """Fail."""
        if self.is_away:
            raise Unavailable("store.unavailable", "Away.", "Chưa sẵn sàng.")


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> FlaskClient:
    """A door as every service opens it."""
    for name, value in {"AMQP_URI": "amqp://nowhere", "MONGO_URI": "mongodb://nowhere"}.items():
        monkeypatch.setenv(f"MOTCUA_{name}", value)
    monkeypatch.setenv("MOTCUA_ACTOR_KEYS", str(ring().public))
    monkeypatch.setattr("services.chassis.logs.configure", lambda *_: None)
    wired = SimpleNamespace(start=lambda **_: None, stop=lambda: None, health=lambda: {"ready": True})
    app = http.create_app("sample", Settings, lambda _settings: cast("Any", wired), _routes)
    app.secret_key, app.session_interface = "of a test", Taking()
    return app.test_client()


def _routes(app: Flask, _wired: Any) -> None:
    def refuse(**_: Any) -> Any:
        raise Refused("sample.no", "No.", "Không.")

    def fail() -> Any:
        raise ZeroDivisionError

    def say() -> Any:
        tell_outcome("Denied")
        return "no"

    def bring(who: str) -> Any:
        places = Places(2, 1)
        for one in ("a", who, "b"):
            places.take(one)

    app.add_url_rule("/bring/<who>", "bring", bring)
    app.add_url_rule("/things/<ticket>", "take", refuse, methods=["PUT"])
    app.add_url_rule("/sample/fail", "sample fail", fail)
    app.add_url_rule("/good", "good", lambda: "good")
    app.add_url_rule("/gone", "gone", lambda: abort(405))
    app.add_url_rule("/said", "said", say)


@pytest.mark.parametrize(
    ("method", "path", "label", "outcome"),
    [
        ("PUT", "/things/a-secret-ticket", "take", "Refused"),
        ("GET", "/sample/fail", "fail", "Defect"),
        ("GET", "/good", "good", "ok"),
        ("GET", "/gone", "gone", "Invalid"),
        ("GET", "/said", "said", "Denied"),
        ("GET", "/bring/a", "bring", "Denied"),  # he has his place already
        ("GET", "/bring/c", "bring", "Unavailable"),  # others have all
        ("GET", "/things", "none", "NotFound"),
    ],
)
def test_a_request_is_counted_by_its_route_and_what_became_of_it(
    door: FlaskClient, method: str, path: str, label: str, outcome: str
) -> None:
    before = requests_counted("http", label, outcome)
    door.open(path, method=method)
    assert requests_counted("http", label, outcome) == before + 1


def test_a_request_that_is_refused_before_any_view_sees_it_is_counted(
    door: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = requests_counted("http", "good", "Unavailable")
    monkeypatch.setattr("services.chassis.patience._served", SimpleNamespace(waited=60))
    assert door.get("/good").status_code == 503
    assert requests_counted("http", "good", "Unavailable") == before + 1


def test_an_answer_that_could_not_be_given_is_counted_as_the_one_that_was(
    door: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = requests_counted("http", "good", "ok"), requests_counted("http", "good", "Defect")
    monkeypatch.setattr(Taking, "is_away", True)
    door.application.config["PROPAGATE_EXCEPTIONS"] = False
    assert door.get("/good").status_code == 500
    assert (requests_counted("http", "good", "ok"), requests_counted("http", "good", "Defect")) == (
        before[0],
        before[1] + 1,
    )


def test_probes_and_addresses_make_no_series(door: FlaskClient) -> None:
    door.get("/health/live")
    door.get("/health/ready")
    door.put("/things/another-ticket")
    labels = {sample.labels.get("method") for family in REQUESTS.collect() for sample in family.samples}
    assert not labels & {*UNCOUNTED, "another-ticket", "/things/another-ticket"}


def test_every_status_is_an_outcome() -> None:
    assert {outcome_of_status(status) for status in range(200, 600)} == {"ok", *KINDS}
    assert all(outcome_of_status(kind.status) == name for name, kind in KINDS.items())


@pytest.mark.parametrize(
    ("key", "label", "outcome"), [("sample.other", "none", "NotFound"), ("sample.get", "get", "Invalid")]
)
def test_a_request_by_rpc_that_no_worker_ever_sees_is_counted(key: str, label: str, outcome: str) -> None:
    answered: list[Any] = []

    def begin(_message: Any) -> None:
        raise KINDS[outcome]("sample.bad", "Bad.", "Sai.")

    door: Any = RpcDoor()
    door.container = SimpleNamespace(service_name="sample", spawn_managed_thread=answered.append)
    door._providers = [SimpleNamespace(method_name="get", begin=begin)]  # noqa: SLF001
    before = requests_counted("rpc", label, outcome)
    door.receive(SimpleNamespace(properties={"reply_to": "somebody"}, delivery_info={"routing_key": key}))
    assert requests_counted("rpc", label, outcome) == before + 1
    assert len(answered) == 1
