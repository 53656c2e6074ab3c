"""A message that a person sends back says so, under a name that no other act of sending back has."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis import codec, dead, retry
from services.chassis.errors import Refused
from services.chassis.publish import Outgoing
from services.chassis.subscribe import read_event
from tests.contract.test_events import sample

HEADERS = {
    "cloudEvents:id": "event-1",
    "cloudEvents:source": "/payment",
    "cloudEvents:type": "refund_due",
    "cloudEvents:subject": "000.00.06.G14-261124-0004",
    "cloudEvents:time": "2026-01-01T00:00:00+00:00",
    "cloudEvents:dataschema": "urn:motcua:payment:refund_due:v1",
    "cloudEvents:sequence": 4,
    "cloudEvents:correlationid": "c",
    "cloudEvents:causationid": "c",
    "cloudEvents:traceparent": "00-11111111111111111111111111111111-1111111111111111-01",
}
BODY = codec.encode(sample("payment", "refund_due", 1))


class Broker:
    """Two dead letters rest in it; what is published goes to `sent`."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.looked_at = 0
        self.resting = [self._dead(HEADERS), self._dead({**HEADERS, "cloudEvents:id": "event-2"})]

    def publish(self, messages: list[Outgoing]) -> list[bool]:
        self.sent += messages
        return [True] * len(messages)

    def take(self) -> Iterator[Any]:
        """The letters, the oldest first."""
        for message in self.resting:
            self.looked_at += 1
            yield message

    def close(self) -> None:
        """Nothing."""

    def basic_ack(self, _tag: object) -> None:
        """Nothing."""

    def rest(self, onward: Outgoing) -> None:
        """It failed once more."""
        failed = retry.Failed(onward.id, onward.routing_key, onward.body, onward.headers, onward.content_type)
        self.resting = [self._dead(failed.headers)]

    def _dead(self, headers: Any) -> Any:
        failed = retry.Failed("event-1", "payment.give_back", BODY, headers, "application/json")
        onward = retry.next_step("payment", (), failed, Refused("payment.refund_uncertain", "", ""), "now")
        properties = {"message_id": headers["cloudEvents:id"], "content_type": "application/json"}
        return SimpleNamespace(
            headers=onward.headers, body=BODY, properties=properties, delivery_info={"delivery_tag": 1}
        )


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """The broker that dead letters are taken from."""
    broker = Broker()

    @contextmanager
    def channel(_uri: str) -> Iterator[Broker]:
        yield broker

    monkeypatch.setattr(dead, "_channel", channel)
    monkeypatch.setattr(dead, "_take", lambda channel, _service, _most: channel.take())
    monkeypatch.setattr(dead, "Publisher", lambda _uri: broker)
    return broker


def received(onward: Outgoing) -> str | None:
    """What its handler is told of who sent it back."""
    message: Any = SimpleNamespace(headers=onward.headers, body=onward.body)
    return read_event(message).replay


def test_all_that_goes_back_by_one_act_bears_its_name_on_every_rung_and_what_goes_back_again_another(
    broker: Broker,
) -> None:
    assert dead.replay("amqp://", "payment") == 2
    (first,) = {received(one) for one in broker.sent}
    assert first
    broker.rest(broker.sent.pop())
    assert broker.resting[0].headers[retry.REPLAY] == first
    broker.sent.clear()
    assert dead.replay("amqp://", "payment") == 1
    assert received(broker.sent[0]) not in {None, first}


def test_behind_the_last_that_was_chosen_nobody_looks(broker: Broker) -> None:
    behind = broker.resting[1]
    broker.resting.append(behind)
    assert dead.replay("amqp://", "payment", ["event-1"]) == 1
    assert broker.looked_at == 1
    broker.looked_at = 0
    assert dead.replay("amqp://", "payment", ["event-2"]) == 1  # it rests twice, and was chosen once
    assert broker.looked_at == 2
    assert dead.replay("amqp://", "payment", ["event-2", "event-2"]) == 2
    assert dead.replay("amqp://", "payment", ["event-3"]) == 0


def test_what_is_discarded_is_kept_first_and_behind_it_nobody_looks(broker: Broker) -> None:
    kept: list[str] = []
    assert dead.discard("amqp://", "payment", ["event-1"], lambda letter: kept.append(letter.id)) == 1
    assert (kept, broker.looked_at) == (["event-1"], 1)


def test_what_only_comes_once_more_says_nothing_of_a_person() -> None:
    message: Any = SimpleNamespace(headers=HEADERS, body=BODY)
    assert read_event(message).replay is None
    message.headers = {**HEADERS, retry.REPLAY: 7}
    assert read_event(message).replay is None
