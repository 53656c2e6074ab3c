"""Ready is who can work: a process that hears nothing, or that the broker takes nothing of, is not."""

import math
import threading
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, NoReturn, cast

import pytest
from flask import Flask
from nameko.containers import ServiceContainer
from prometheus_client import REGISTRY
from pymongo.errors import OperationFailure

from services.chassis.bus import SETTINGS, Bus
from services.chassis.errors import Unavailable
from services.chassis.http import readiness
from services.chassis.publish import BROKER_UNAVAILABLE, Outgoing
from services.chassis.reach import Found
from services.chassis.relay import Relay
from services.chassis.runner import is_consuming
from services.intake.service import IntakeService
from tests.unit.chassis.test_retelling import Broker, Calm, Process
from tests.unit.chassis.world import SETTINGS_OF_SAMPLE, WELL, World
from tests.unit.simulation.mongo import Collection


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """All is well there."""
    return World(monkeypatch)


def test_a_service_for_which_all_is_there_is_ready(world: World) -> None:
    assert world.serve().ready()
    assert world.ready(heard=True)


@pytest.mark.parametrize("found", [Found(), Found(answers=True, takes=False)], ids=["away", "blocked"])
def test_a_service_is_not_ready_while_the_broker_takes_nothing(world: World, found: Found) -> None:
    world.serve().found = found
    assert not world.ready()
    assert world.health.report()["broker"] == found.answers
    assert world.ready(heard=True)  # who asks through the broker has just shown that it takes messages


def test_a_service_is_not_ready_while_it_consumes_nothing(world: World) -> None:
    world.serve().consumes = False
    assert not world.ready()
    assert world.health.report()["consuming"] is False


def test_a_service_is_not_ready_while_its_relay_gets_nothing_through(world: World) -> None:
    world.serve().relay.misses_broker = True
    assert not world.ready()
    assert not world.ready(heard=True)


def test_a_relay_that_fails_for_another_reason_is_told_and_leaves_its_service_ready(world: World) -> None:
    world.serve().relay.healthy = False
    assert world.ready()
    assert world.health.report()["relay"]["healthy"] is False
    assert REGISTRY.get_sample_value("motcua_relay_healthy") == 0.0


@pytest.mark.parametrize("is_service", [True, False], ids=["service", "door"])
def test_nobody_is_ready_before_what_he_needs_has_come(world: World, is_service: bool) -> None:
    here: list[str] = []
    world.health.needs("catalogue", lambda: bool(here))
    if is_service:
        world.serve()
    assert not world.ready(heard=True)
    assert world.health.report()["catalogue"] is False
    assert not world.health.look()  # so it is looked again soon
    assert REGISTRY.get_sample_value("motcua_ready") == 0.0
    here.append("a procedure")
    assert world.ready()
    assert world.health.report()["catalogue"] is True


def test_what_only_a_service_needs_keeps_nobody_from_its_door(world: World) -> None:
    world.health.needs("catalogue", lambda: False, at_doors=False)
    assert world.ready()
    assert "catalogue" not in world.health.report()
    assert not world.serve().ready()


def test_what_had_come_is_not_gone_because_the_store_does_not_answer(world: World) -> None:
    def is_there() -> bool:
        if fails:
            raise Unavailable("store.unavailable", "Away.", "Chưa sẵn sàng.")
        return True

    fails = False
    world.serve().health.needs("catalogue", is_there)
    assert world.ready()
    fails = True
    assert world.ready()
    world.writable = False
    assert not world.ready()
    assert world.health.report()["catalogue"] is True


def test_nobody_is_ready_while_the_store_is_away(world: World) -> None:
    world.writable = False
    assert not world.ready()
    assert not world.serve().ready(heard=True)


def test_a_look_writes_once_and_a_probe_never(world: World) -> None:
    assert world.health.look()
    world.health.report()
    world.health.report(heard=True)
    assert world.writes_tried == 1


def test_a_door_takes_requests_without_the_broker_and_says_that_it_is_away(world: World) -> None:
    world.found, world.relay.misses_broker = Found(), True
    assert world.ready()
    report = world.health.report()
    assert (report["broker"], report["publishing"]) == (False, False)
    assert "consuming" not in report


def test_what_is_shown_to_prometheus_is_what_was_found_and_nothing_before(world: World) -> None:
    assert REGISTRY.get_sample_value("motcua_ready") is None
    world.serve().found = Found(answers=True, takes=False, dead_letters=2)
    assert not world.health.look()
    shown = {name: REGISTRY.get_sample_value(name) for name in ("motcua_ready", "motcua_dead_letters")}
    assert shown == {"motcua_ready": 0.0, "motcua_dead_letters": 2.0}
    assert REGISTRY.get_sample_value("motcua_relay_healthy") == 1.0
    world.found = WELL
    assert world.health.look()
    assert REGISTRY.get_sample_value("motcua_ready") == 1.0


def test_anybody_is_told_no_more_than_whether_and_however_often_it_is_looked_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def report() -> dict[str, Any]:
        asked.append(None)
        return world.health.report()

    door = Flask("sample")
    door.add_url_rule("/health/ready", "ready", readiness(report))
    assert [door.test_client().get("/health/ready").json for _ in range(3)] == [{"ready": True}] * 3
    assert len(asked) == 1
    monkeypatch.setattr("services.chassis.believed.BELIEVED_SECONDS", 0)
    world.writable = False
    answer = door.test_client().get("/health/ready")
    assert (answer.status_code, answer.json) == (503, {"ready": False})


def test_of_a_look_that_fails_nothing_from_before_is_shown(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> NoReturn:
        raise OperationFailure("not authorized")

    said: list[str] = []
    monkeypatch.setattr("services.chassis.health.log", SimpleNamespace(exception=said.append))
    assert world.serve().health.look()
    world.relay.lag = refused
    stopping = threading.Event()
    monkeypatch.setattr(stopping, "wait", lambda _seconds: stopping.set())
    world.health.keep_looking(stopping)
    assert said == ["health_not_looked_at"]
    assert REGISTRY.get_sample_value("motcua_ready") == 0.0
    gauges = ("relay_healthy", "relay_waiting", "relay_oldest_seconds", "dead_letters")
    assert all(math.isnan(REGISTRY.get_sample_value(f"motcua_{name}") or 0.0) for name in gauges)


@pytest.mark.parametrize(
    ("code", "misses"), [(BROKER_UNAVAILABLE, True), ("store.unavailable", False)], ids=["broker", "store"]
)
def test_a_relay_knows_whom_it_misses(monkeypatch: pytest.MonkeyPatch, code: str, misses: bool) -> None:
    relay = Relay("sample", cast("Any", SimpleNamespace(close=lambda: None)))
    monkeypatch.setattr(relay._stopping, "wait", lambda _seconds: True)  # noqa: SLF001
    relay._pause(Unavailable(code, "Away.", "Chưa sẵn sàng."))  # noqa: SLF001
    assert (relay.healthy, relay.misses_broker) == (False, misses)


class Busy(Broker):
    """Notes what the relay that publishes says of itself meanwhile; refuses the histories named."""

    relay: Relay

    def __init__(self, *refused: str) -> None:
        super().__init__()
        self.seen: list[tuple[bool, bool]] = []
        self._refused = refused

    def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        self.seen.append((self.relay.healthy, self.relay.misses_broker))
        super().publish(messages)
        return [one.headers["cloudEvents:aggregate"].partition("/")[2] not in self._refused for one in messages]


@pytest.mark.parametrize(
    ("refused", "healthy_after_a_batch"), [((), True), (("A",), False)], ids=["all goes", "one is put off"]
)
def test_a_relay_is_well_again_once_a_backlog_moves(refused: tuple[str, ...], healthy_after_a_batch: bool) -> None:
    broker, collection = Busy(*refused), Collection(Calm())
    Process(collection, broker).change("A", "1", "2")
    Process(collection, broker).change("B", "3")
    broker.relay = relay = Process(collection, broker, batch=1).relay
    relay.healthy, relay.misses_broker = False, True  # as an outage has left it
    relay.run_once(0)
    confirmed_within_the_batch = [(False, False)] if not refused else []
    assert broker.seen == [(False, True), *confirmed_within_the_batch, (healthy_after_a_batch, False)]


def test_a_container_consumes_while_its_bus_is_connected() -> None:
    container = ServiceContainer(IntakeService, {SETTINGS: SETTINGS_OF_SAMPLE})
    assert not is_consuming(container)
    bus: Any = container.shared_extensions[Bus]
    bus.connected = True
    assert is_consuming(container)
