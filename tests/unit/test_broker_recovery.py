"""A broker that comes back opens its door before its queues are there: that is waited for, and nothing else is."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from amqp.exceptions import NotFound

from services.chassis.bus import is_unknown
from services.chassis.errors import Unavailable
from services.cli import topology

RECOVERING = NotFound("NOT_FOUND - home node 'n' of durable queue 'events.log' in vhost '/' is down or inaccessible")
ABSENT = NotFound("NOT_FOUND - no queue 'x' in vhost '/'")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[Exception | None]:
    """What the broker answers, in turn; the last again and again."""
    given: list[Exception | None] = []

    def declare(_uri: str, _ladder: tuple[float, ...]) -> None:
        answer = given.pop(0) if len(given) > 1 else given[0]
        if answer is not None:
            raise answer

    monkeypatch.setattr(topology, "_declare", declare)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    return given


def test_queues_that_recover_are_awaited(answers: list[Exception | None]) -> None:
    answers += [RECOVERING, RECOVERING, None]
    topology.declare_all("amqp://nowhere", ())
    assert answers == [None]


def test_queues_that_never_recover_are_unavailable_in_the_end(
    answers: list[Exception | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    instants: Iterator[float] = iter([0.0, 1.0, topology.RECOVERY_SECONDS + 1])
    clock = SimpleNamespace(monotonic=lambda: next(instants), sleep=lambda _seconds: None)
    monkeypatch.setattr(topology, "time", clock)  # not the module itself, which others look at meanwhile
    answers.append(RECOVERING)
    with pytest.raises(Unavailable) as caught:
        topology.declare_all("amqp://nowhere", ())
    assert caught.value.code == "broker.recovering"


def test_any_other_absence_is_told_at_once(answers: list[Exception | None]) -> None:
    answers.append(ABSENT)
    with pytest.raises(NotFound):
        topology.declare_all("amqp://nowhere", ())


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
