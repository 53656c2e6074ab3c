"""What the chassis promises of delivery: at least once, effects once, in order, and nothing lost on the way."""

import contextlib
import json
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from amqp import Message
from nameko.exceptions import RemoteError

from services.chassis import dead, topology
from services.chassis.errors import Unavailable
from services.chassis.failpoint import POINTS
from services.chassis.remote import Remote
from services.cli.acting import Context, issuer_of
from tests.conftest import Process, eventually
from tests.integration.chassis.conftest import SYSTEM, await_ready, is_ready, publish, waiting

pytestmark = pytest.mark.servers


def add(rpc: Any, name: str, amount: int, request_id: str) -> Any:
    return rpc.sample.add(name=name, amount=amount, request_id=request_id)


def echoed(rpc: Any, name: str, total: int) -> bool:
    return bool(rpc.sample.get(name=name)["echo"] == total)


def answers(uri: str) -> bool:
    """Whether the service answers a client who does not wait long, and begins anew each time."""
    remote = Remote(uri, most=1, deadline_seconds=2)
    try:
        return bool(remote.call("sample", "health")["ready"])
    except Unavailable:
        return False
    finally:
        remote.close()


def patiently(rpc: Any, name: str, amount: int, request_id: str) -> Any:
    """Ask again with the same request id, as every client must who got no answer."""

    def attempt() -> Any:
        try:
            return add(rpc, name, amount, request_id)
        except RemoteError:
            raise
        except Exception:  # noqa: BLE001 – the connection was cut, the service is down, no answer in time
            return None

    return eventually(attempt, seconds=60)


def test_a_repeated_request_gives_the_same_answer_and_changes_nothing(serving: Process, rpc: Any) -> None:
    first = add(rpc, "a", 3, "r1")
    assert add(rpc, "a", 4, "r2")["total"] == 7
    assert add(rpc, "a", 3, "r1") == first == {"name": "a", "total": 3, "version": 1}


def test_the_same_request_id_with_other_content_is_a_conflict(serving: Process, rpc: Any) -> None:
    add(rpc, "a", 3, "r1")
    with pytest.raises(RemoteError) as caught:
        add(rpc, "a", 4, "r1")
    assert caught.value.exc_type == "Conflict"
    assert json.loads(caught.value.value)["code"] == "sample.request_id_reused"


def test_events_reach_their_handler_once_in_effect(serving: Process, rpc: Any) -> None:
    for number in range(20):
        add(rpc, f"t{number % 4}", 1, f"r{number}")
    assert all(eventually(partial(echoed, rpc, name, 5)) for name in ("t0", "t1", "t2", "t3"))


def test_an_event_delivered_twice_has_its_effect_once(serving: Process, rpc: Any, broker: Any, database: Any) -> None:
    add(rpc, "a", 3, "r1")
    eventually(lambda: echoed(rpc, "a", 3))
    database.tallies.update_one({"_id": "a"}, {"$set": {"relayed": 0, "pending_since": past(database)}})
    eventually(lambda: database.tallies.find_one({"_id": "a"})["relayed"] == 1)
    add(rpc, "a", 1, "r2")
    eventually(lambda: echoed(rpc, "a", 4))
    assert len(database.echoes.find_one({"_id": "a"})["history"]) == 2


@pytest.mark.timeout(300)
def test_a_message_that_kills_whoever_takes_it_rests_and_the_next_one_is_handled(
    serving: Process, rpc: Any, broker: Any, database: Any
) -> None:
    database.faults.insert_one({"_id": "fatal:killer"})
    publish(broker, BODY.replace(b'"a"', b'"killer"'), GOOD)
    deaths = 0
    while deaths <= topology.DELIVERY_LIMIT + 1 and not waiting(broker, "sample.dead"):
        eventually(lambda: serving.running[-1].poll() is not None or waiting(broker, "sample.dead"))
        if serving.running[-1].poll() is not None:
            deaths += 1
            serving.running.pop()
            serving.start()
    assert topology.DELIVERY_LIMIT <= deaths <= topology.DELIVERY_LIMIT + 1
    await_ready(rpc)
    add(rpc, "harmless", 1, "r1")
    assert eventually(lambda: echoed(rpc, "harmless", 1))
    assert waiting(broker, "sample.dead") == 1


def test_a_queue_of_requests_is_made_anew_where_the_brokers_have_become_others(
    sample: Process, broker: Any, environment: dict[str, str]
) -> None:
    uri = environment["MOTCUA_AMQP_URI"]
    for addresses in (uri, f"{uri};{uri}", uri):
        sample.start(MOTCUA_AMQP_URI=addresses)
        eventually(lambda addresses=addresses: answers(addresses))  # type: ignore[misc]
        arguments = topology.rpc_queue("sample", addresses).queue_arguments
        broker.queue_declare("rpc-sample", durable=True, auto_delete=False, arguments=arguments)  # or it is refused
        sample.stop()


def past(database: Any) -> Any:
    return database.tallies.find_one({"_id": "a"})["history"][0]["at"]


@pytest.mark.parametrize("point", POINTS)
def test_a_process_killed_at_any_step_loses_and_doubles_nothing(
    point: str, sample: Process, rpc: Any, database: Any, tmp_path: Path
) -> None:
    fuse = tmp_path / f"sample@{point}"
    victim = sample.start(MOTCUA_FAILPOINTS=str(tmp_path))
    await_ready(rpc)
    patiently(rpc, "a", 1, "r0")
    fuse.touch()
    sent = [rpc.sample.add.call_async(name="a", amount=1, request_id=f"r{number}") for number in range(6)]
    assert len(sent) == 6
    assert victim.wait(30) == -signal.SIGKILL
    assert not fuse.exists()
    sample.start()
    for number in range(6):
        patiently(rpc, "a", 1, f"r{number}")
    eventually(lambda: echoed(rpc, "a", 6))
    assert database.tallies.find_one({"_id": "a"})["state"]["total"] == 6
    sequence = [entry["data"]["heard"] for entry in database.echoes.find_one({"_id": "a"})["history"]]
    assert len(sequence) == len(set(sequence)) == 6


def test_sigterm_under_load_finishes_what_is_in_hand_and_loses_nothing(
    serving: Process, rpc: Any, database: Any
) -> None:
    pending = [rpc.sample.add.call_async(name=f"n{i}", amount=1, request_id=f"r{i}") for i in range(200)]
    assert len(pending) == 200
    assert serving.stop() == 0
    serving.start()
    eventually(lambda: database.tallies.count_documents({}) == 200)
    eventually(lambda: database.echoes.count_documents({}) == 200)
    assert database.tallies.count_documents({"version": {"$ne": 1}}) == 0


def test_a_handler_bug_climbs_the_ladder_rests_and_is_healed_by_replay(
    serving: Process, rpc: Any, broker: Any, database: Any, environment: dict[str, str]
) -> None:
    uri = environment["MOTCUA_AMQP_URI"]
    database.faults.insert_one({"_id": "a"})
    add(rpc, "a", 3, "r1")
    add(rpc, "b", 1, "r2")
    eventually(lambda: echoed(rpc, "b", 1))
    eventually(lambda: dead.count(uri, "sample") == 1)
    (letter,) = dead.peek(uri, "sample")
    assert (letter.queue, letter.type, letter.attempts) == ("sample.echo", "counted", 3)
    assert letter.reason == "RuntimeError"
    database.faults.delete_one({"_id": "a"})
    assert dead.replay(uri, "sample") == 1
    eventually(lambda: echoed(rpc, "a", 3))
    assert dead.count(uri, "sample") == 0


def test_what_is_not_here_yet_is_tried_again_until_it_is(serving: Process, rpc: Any, database: Any) -> None:
    database.faults.insert_one({"_id": "absent:a"})
    add(rpc, "a", 3, "r1")
    eventually(lambda: "not_yet" in serving.log.read_text())
    database.faults.delete_many({})
    eventually(lambda: echoed(rpc, "a", 3))


GOOD = {
    "cloudEvents:id": "x-1",
    "cloudEvents:source": "/sample",
    "cloudEvents:type": "counted",
    "cloudEvents:subject": "a",
    "cloudEvents:time": "2026-01-01T00:00:00+00:00",
    "cloudEvents:dataschema": "urn:motcua:sample:counted:v1",
    "cloudEvents:sequence": 1,
    "cloudEvents:correlationid": "c",
    "cloudEvents:causationid": "c",
    "cloudEvents:traceparent": "t",
}
BODY = b'{"name": "a", "amount": 1}'
MALFORMED = {
    "no headers": (BODY, {}),
    "not json": (b"{", GOOD),
    "not utf-8": (b"\xff\xfe", GOOD),
    "duplicate keys": (b'{"name": "a", "name": "b", "amount": 1}', GOOD),
    "not a number": (b'{"name": "a", "amount": NaN}', GOOD),
    "too deep": (b"[" * 5000 + b"]" * 5000, GOOD),
    "kombu type object": (b'{"name": {"__type__": "uuid", "__value__": "x"}, "amount": 1}', GOOD),
    "wrong type": (b'{"name": "a", "amount": "1"}', GOOD),
    "missing field": (b'{"name": "a"}', GOOD),
    "unknown version": (BODY, {**GOOD, "cloudEvents:dataschema": "urn:motcua:sample:counted:v9"}),
    "unknown type": (BODY, {**GOOD, "cloudEvents:type": "x", "cloudEvents:dataschema": "urn:motcua:sample:x:v1"}),
    "unknown source": (BODY, {**GOOD, "cloudEvents:dataschema": "urn:motcua:nobody:counted:v1"}),
    "sequence as text": (BODY, {**GOOD, "cloudEvents:sequence": "1"}),
}


def test_malformed_events_rest_with_their_reason_and_those_behind_are_handled(
    serving: Process, rpc: Any, broker: Any, environment: dict[str, str]
) -> None:
    for body, headers in MALFORMED.values():
        publish(broker, body, headers)
    publish(broker, b"cos\nsystem\n", GOOD, "application/x-python-serialize")
    publish(broker, BODY, GOOD)
    eventually(lambda: dead.count(environment["MOTCUA_AMQP_URI"], "sample") == len(MALFORMED) + 1)
    letters = dead.peek(environment["MOTCUA_AMQP_URI"], "sample")
    assert all(letter.reason.startswith("Invalid message.") for letter in letters)
    assert all(letter.queue == "sample.echo" for letter in letters)
    add(rpc, "a", 4, "r1")
    eventually(lambda: echoed(rpc, "a", 5))
    assert waiting(broker, "sample.echo") == 0


def test_a_malformed_request_is_its_own_affair(serving: Process, rpc: Any, broker: Any) -> None:
    for properties in ({}, {"reply_to": "nobody", "content_type": "application/text"}):
        for body in (b"", b"{", b'{"args": [1], "kwargs": {}}', b'{"kwargs": 5}', b"[]"):
            broker.basic_publish(Message(body, **properties), exchange="nameko-rpc", routing_key="sample.add")
    broker.basic_publish(Message(b"{}", reply_to="nobody"), exchange="nameko-rpc", routing_key="sample.nothing")
    assert add(rpc, "a", 3, "r1")["total"] == 3
    assert serving.running[0].poll() is None


def test_the_words_of_an_unexpected_error_stay_inside(serving: Process, rpc: Any) -> None:
    with pytest.raises(RemoteError) as caught:
        rpc.sample.fail(name="zz")
    assert caught.value.exc_type == "Defect"
    assert "zz" not in caught.value.value
    assert "zz" not in serving.log.read_text()


def test_every_event_stays_in_the_log_stream(serving: Process, rpc: Any, broker: Any) -> None:
    add(rpc, "streamed", 3, "r1")
    eventually(lambda: echoed(rpc, "streamed", 3))
    subjects: set[str] = set()

    def read(message: Any) -> None:
        subjects.add(message.headers.get("cloudEvents:subject"))
        message.channel.basic_ack(message.delivery_info["delivery_tag"])

    broker.basic_qos(0, 100, False)
    broker.basic_consume("events.log", callback=read, arguments={"x-stream-offset": "first"})

    def heard() -> bool:
        with contextlib.suppress(TimeoutError):
            broker.connection.drain_events(timeout=0.2)
        return "streamed" in subjects

    eventually(heard, every=0)


def test_what_was_written_while_the_broker_was_away_is_published_when_it_returns(
    serving: Process, rpc: Any, servers: Any, database: Any
) -> None:
    add(rpc, "a", 1, "r1")
    eventually(lambda: echoed(rpc, "a", 1))
    servers.stop("rabbitmq")
    state = database.tallies.find_one({"_id": "a"})
    entry = {**state["history"][0], "seq": 2, "id": "late-1", "cause": "late-1"}
    entry["data"] = {"name": "a", "amount": 5}
    database.tallies.update_one(
        {"_id": "a"},
        {"$push": {"history": entry}, "$set": {"version": 2, "state.total": 6, "pending_since": entry["at"]}},
    )
    servers.start("rabbitmq")
    servers.wait_ready(["rabbitmq"])
    eventually(lambda: is_ready_anew(serving), seconds=60)


def is_ready_anew(serving: Process) -> bool:
    """Over a connection of its own: the one of the test was cut with the broker."""
    from nameko.standalone.rpc import ClusterRpcProxy

    try:
        config = {"AMQP_URI": serving.env["MOTCUA_AMQP_URI"]}
        with ClusterRpcProxy(config, timeout=5, context_data=Context(issuer_of(serving.env), SYSTEM)) as rpc:
            return is_ready(rpc) and echoed(rpc, "a", 6)
    except Exception:  # noqa: BLE001 – not yet
        return False
