"""What a service says of its queues: each that it has for itself, and what its broker counts in it."""

from types import SimpleNamespace
from typing import Any

import pytest
from amqp.exceptions import NotFound as NoSuchQueue

from services.chassis import queues
from services.chassis.errors import Unavailable
from services.chassis.queues import Depth
from services.routing.service import RoutingService

ONE = "amqp://nowhere"


class Broker:
    """A broker that knows some queues; as one does, it closes a channel on which another is asked for."""

    def __init__(self, known: dict[str, tuple[int, int]]) -> None:
        self.known, self.open_channels, self.connections = known, 0, 0

    def dial(self, _uri: str) -> Any:
        self.connections += 1
        return SimpleNamespace(channel=self.channel, release=self.release)

    def release(self) -> None:
        self.connections -= 1

    def channel(self) -> Any:
        self.open_channels += 1
        channel = SimpleNamespace(is_open=True, close=self.close)
        channel.queue_declare = lambda name, passive: self.declare(channel, name, passive)
        return channel

    def close(self) -> None:
        self.open_channels -= 1

    def declare(self, channel: Any, name: str, passive: bool) -> Any:
        assert passive, "looking may make nothing"
        assert channel.is_open
        if name not in self.known:
            channel.is_open = False
            self.open_channels -= 1
            raise NoSuchQueue
        return SimpleNamespace(message_count=self.known[name][0], consumer_count=self.known[name][1])


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker({"rpc-routing": (1, 2), "routing.dead": (7, 0)})
    monkeypatch.setattr(queues, "dial", made.dial)
    monkeypatch.setattr(queues, "open_channel", lambda connection: connection.channel())
    return made


def test_a_service_names_each_of_its_queues_once() -> None:
    named = list(queues.named(RoutingService, (1, 30), ONE))
    assert ("requests", "rpc-routing") in named
    assert ("work", "routing.open_case") in named
    assert [name for kind, name in named if kind == "retry"] == ["routing.retry.1s", "routing.retry.30s"]
    assert ("dead", "routing.dead") in named
    assert len({name for _, name in named}) == len(named)


def test_a_queue_that_is_not_there_is_told_as_that_and_the_others_behind_it_are_counted(broker: Broker) -> None:
    asked = [("requests", "rpc-routing"), ("work", "routing.open_case"), ("dead", "routing.dead")]
    assert queues.depths(ONE, asked) == [
        Depth("rpc-routing", "requests", 1, 2),
        Depth("routing.open_case", "work", None, None),
        Depth("routing.dead", "dead", 7, 0),
    ]
    assert (broker.open_channels, broker.connections) == (0, 0)


def test_a_broker_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_uri: str) -> Any:
        raise ConnectionRefusedError

    monkeypatch.setattr(queues, "dial", away)
    with pytest.raises(Unavailable) as caught:
        queues.depths(ONE, [("work", "routing.open_case")])
    assert caught.value.code == "broker.unavailable"
