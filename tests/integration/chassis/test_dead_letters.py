"""Dead letters that are acted on while they are still on their way back from somebody's look."""

import threading
import time
from typing import Any

import pytest
from amqp import Message

from services.chassis import dead, retry, topology
from tests.conftest import eventually
from tests.integration.chassis.conftest import waiting

IDS = [f"letter-{n}" for n in range(20)]


@pytest.fixture
def uri(broker: Any, environment: dict[str, str]) -> str:
    """Where twenty dead letters of the sample service rest."""
    topology.dead_queue("sample")(broker).declare()
    work = topology.work_queue("sample", "echo", "sample", ["counted"])(broker)
    topology.events_exchange("sample")(broker).declare()
    work.declare()
    for id_ in IDS:
        letter = Message(b"{}", message_id=id_, application_headers={retry.QUEUE: "sample.echo"}, delivery_mode=2)
        broker.basic_publish(letter, exchange="", routing_key="sample.dead")
    eventually(lambda: waiting(broker, "sample.dead") == len(IDS))
    return environment["MOTCUA_AMQP_URI"]


def test_what_was_looked_at_is_there_for_whoever_looks_next(uri: str) -> None:
    for _ in range(30):
        assert [letter.id for letter in dead.peek(uri, "sample")] == IDS


def test_what_was_looked_at_can_be_discarded_at_once(uri: str) -> None:
    kept: list[str] = []
    while seen := [letter.id for letter in dead.peek(uri, "sample", most=2)]:
        assert dead.discard(uri, "sample", seen, lambda letter: kept.append(letter.id)) == 2
    assert kept == IDS


def test_a_letter_in_the_hand_of_somebody_else_is_waited_for(uri: str, broker: Any) -> None:
    held = [broker.basic_get("sample.dead").delivery_info["delivery_tag"] for _ in IDS]
    sent: list[int] = []
    other = threading.Thread(target=lambda: sent.append(dead.replay(uri, "sample", IDS[3:5])))
    other.start()
    time.sleep(0.3)
    assert not sent
    broker.basic_reject(held[3], requeue=True)
    broker.basic_reject(held[4], requeue=True)
    other.join(timeout=20)
    assert sent == [2]
    assert waiting(broker, "sample.echo") == 2


def test_a_letter_that_is_not_there_is_not_waited_for_long(uri: str, broker: Any) -> None:
    assert dead.replay(uri, "sample", ["nobody"]) == 0
    assert len(dead.peek(uri, "sample")) == len(IDS)
    broker.queue_delete("sample.dead")
    assert dead.replay(uri, "sample", ["nobody"]) == 0
    assert dead.replay(uri, "sample") == 0
    assert (dead.peek(uri, "sample"), dead.count(uri, "sample")) == ([], 0)


def test_what_fails_again_at_once_is_not_sent_back_a_second_time(uri: str, broker: Any) -> None:
    """Else a letter that nothing has mended would go round for ever."""
    ended = threading.Event()

    def fail() -> None:
        last = False
        while not last:
            last = ended.is_set()  # before the question: what came until then fails too
            while (message := broker.basic_get("sample.echo", no_ack=True)) is not None:
                message.properties["application_headers"] = {**message.headers, retry.QUEUE: "sample.echo"}
                broker.basic_publish(message, exchange="", routing_key="sample.dead")

    failing = threading.Thread(target=fail)
    failing.start()
    try:
        assert dead.replay(uri, "sample") == len(IDS)
    finally:
        ended.set()
        failing.join(timeout=20)
    eventually(lambda: waiting(broker, "sample.dead") == len(IDS))
