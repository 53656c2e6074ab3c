"""A broker that comes back opens its door before its queues are there: that is waited for, and nothing else is."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from amqp.exceptions import NotFound
from prometheus_client import REGISTRY

from services.chassis.bus import HAS_PUBLISHED, PUBLISHERS, SETTINGS, Bus, is_unknown
from services.chassis.errors import Unavailable
from services.cli import topology

RECOVERING = NotFound("NOT_FOUND - home node 'n' of durable queue 'events.log' in vhost '/' is down or inaccessible")
ABSENT = NotFound("NOT_FOUND - no queue 'x' in vhost '/'")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """What the broker answers, in turn; the last again and again."""
    given: list[Exception | None] = []

    def declare(_uri: str, _ladders: topology.Ladders) -> list[str]:
        answer = given.pop(0) if len(given) > 1 else given[0]
        if answer is not None:
            raise answer
        return []

    monkeypatch.setattr(topology, "_declare", declare)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return given


def test_queues_that_recover_are_awaited(answers: list[Exception | None]) -> None:
    answers += [RECOVERING, RECOVERING, None]
    topology.declare_all("amqp://nowhere", {})
    assert answers == [None]


def test_queues_that_never_recover_are_unavailable_in_the_end(
    answers: list[Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    instants: Iterator[float] = iter([0.0, 1.0, topology.RECOVERY_SECONDS + 1])
    clock = SimpleNamespace(monotonic=lambda: next(instants), sleep=lambda _seconds: None)
    monkeypatch.setattr(topology, "time", clock)  # not the module itself, which others look at meanwhile
    answers.append(RECOVERING)
    with pytest.raises(Unavailable) as caught:
        topology.declare_all("amqp://nowhere", {})
    assert caught.value.code == "broker.recovering"


def test_any_other_absence_is_told_at_once(answers: list[Exception | None]) -> None:
    answers.append(ABSENT)
    with pytest.raises(NotFound):
        topology.declare_all("amqp://nowhere", {})


class Broker:
    """Knows the dead letters of the service or not; all else it is told it forgets."""

    def __init__(self, known: bool) -> None:
        self.connection = SimpleNamespace(client=self)
        self._known = known

    def channel(self) -> Any:
        return self

    def queue_declare(self, name: str, passive: bool) -> None:
        assert (name, passive) == ("intake.dead", True)
        if not self._known:
            raise ABSENT

    def close(self) -> None:
        """Nothing to close."""


def away() -> bool:
    raise Unavailable("store.unavailable", "No.", "Không.")


def needed() -> float:
    """How often a person was needed because of it."""
    return REGISTRY.get_sample_value("motcua_needs_hand_total", {"what": "broker_came_back_empty"}) or 0.0


@pytest.mark.parametrize(
    ("lives", "known", "has_published", "is_said"),
    [
        (0, False, lambda: False, False),  # a new installation
        (0, False, lambda: True, True),
        (0, False, away, True),
        (1, False, lambda: False, True),
        (0, True, lambda: True, False),
        (1, True, lambda: True, False),
    ],
)
def test_a_process_says_that_the_broker_has_lost_its_disk_also_when_it_starts_with_it(
    monkeypatch: pytest.MonkeyPatch, lives: int, known: bool, has_published: Callable[[], bool], is_said: bool
) -> None:
    said: list[str] = []
    monkeypatch.setattr("services.chassis.bus.log", SimpleNamespace(error=said.append))
    monkeypatch.setattr("services.chassis.bus.declare", lambda *_: None)
    monkeypatch.setattr("services.chassis.wire.leave_raw", lambda channel: channel)
    consuming, settings, before = Bus(), SimpleNamespace(retry_ladder=()), needed()
    config = {SETTINGS: settings, PUBLISHERS: (), HAS_PUBLISHED: has_published}
    container: Any = SimpleNamespace(service_name="intake", config=config)
    consuming.container = container
    consuming.lives = lives
    consuming.get_consumers(None, Broker(known))
    assert said == ["broker_came_back_empty"] * is_said
    assert needed() - before == is_said


@pytest.mark.parametrize(("answer", "unknown"), [(None, False), (RECOVERING, False), (ABSENT, True)])
def test_a_broker_that_knows_nothing_of_a_service_is_told_from_one_that_recovers(
    answer: Exception | None, unknown: bool
) -> None:
    def declare(name: str, passive: bool) -> None:
        assert (name, passive) == ("intake.dead", True)
        if answer:
            raise answer

    channel = SimpleNamespace(queue_declare=declare, close=lambda: None)
    connection: Any = SimpleNamespace(channel=lambda: channel)
    assert is_unknown(connection, "intake") is unknown
