"""The portal is ready while it can keep sessions and reaches the services by either way."""

from types import SimpleNamespace
from typing import Any

import pytest
import requests
from prometheus_client import REGISTRY

from services.chassis.reach import Found
from services.portal.health import Health
from services.portal.offers import Offers
from tests.unit.counts import requests_counted
from tests.unit.portal.fakes import FakeServices, app, catalogue, procedure, settings

WELL = Found(answers=True, takes=True)
BLOCKED = Found(answers=True, takes=False)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Any:
    """All is there; a test takes away what it is about."""
    world = SimpleNamespace(store=True, broker=WELL, door=200, writes=[])

    def get(_address: str, **_: Any) -> requests.Response:
        if not world.door:
            raise requests.ConnectionError
        answer = requests.Response()
        answer.status_code = world.door
        return answer

    monkeypatch.setattr("services.chassis.store.Writable.look", lambda _store: world.writes.append(1))
    monkeypatch.setattr("services.chassis.store.Writable.is_so", lambda _store: world.store)
    monkeypatch.setattr("services.chassis.reach.Reach.look", lambda _reach: world.broker)
    monkeypatch.setattr("services.portal.health.requests.get", get)
    return world


@pytest.mark.parametrize(
    ("store", "broker", "door", "ready"),
    [
        (True, WELL, 200, True),
        (True, WELL, 0, True),
        (True, Found(), 200, True),
        (True, BLOCKED, 200, True),
        (True, Found(), 0, False),
        (True, BLOCKED, 503, False),
        (False, WELL, 200, False),
    ],
)
def test_ready_is_who_keeps_sessions_and_reaches_the_services(
    world: Any, store: bool, broker: Found, door: int, ready: bool
) -> None:
    world.store, world.broker, world.door = store, broker, door
    health = Health(settings(), None, Offers(FakeServices(catalogue(procedure()))))  # type: ignore[arg-type]
    is_well = health.look()
    assert len(world.writes) == 1
    assert health.report()["ready"] is ready
    assert REGISTRY.get_sample_value("motcua_ready") == float(ready)
    assert is_well is (store and broker is WELL and door == 200)  # else it looks again soon


def test_the_door_tells_anybody_whether_and_operators_what(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.believed.BELIEVED_SECONDS", 0)
    built = app(FakeServices(catalogue(procedure())))
    door = built.test_client()
    assert door.get("/health/ready").status_code == 503  # nothing was looked at yet
    health = built.extensions["motcua"].health
    health.look()
    answer = door.get("/health/ready")
    assert (answer.status_code, answer.json) == (200, {"ready": True})
    assert health.report() == {
        "ready": True,
        "store": True,
        "catalogue": True,
        "broker": True,
        "publishing": True,
        "intake_door": True,
    }


def test_who_has_no_catalogue_to_show_is_not_ready_and_asks_for_it_again(world: Any) -> None:
    services = FakeServices()
    health = Health(settings(), None, Offers(services))  # type: ignore[arg-type]
    assert health.look() is False  # so it looks again soon
    assert health.report() == {**dict.fromkeys(health.report(), True), "ready": False, "catalogue": False}
    services.answers |= catalogue(procedure())
    assert health.look() is True
    services.answers.clear()
    assert health.look() is True, "what it has once read it shows on"


def test_pages_are_counted_by_their_endpoint(world: Any) -> None:
    door = app(FakeServices(catalogue(procedure()))).test_client()
    before = requests_counted("http", "home.show", "ok"), requests_counted("http", "none", "NotFound")
    door.get("/")
    door.get("/khong-co-trang-nay/123")
    assert (requests_counted("http", "home.show", "ok"), requests_counted("http", "none", "NotFound")) == (
        before[0] + 1,
        before[1] + 1,
    )
