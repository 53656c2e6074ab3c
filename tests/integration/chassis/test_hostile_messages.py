"""Messages that other programs can put on a queue and that py-amqp or kombu stumble over: none stops the service."""

import gzip
import struct
from typing import Any

import amqp.serialization
import pytest
from amqp import Message
from nameko.standalone.rpc import ClusterRpcProxy

from services.chassis import dead
from services.cli.acting import Context, issuer_of
from tests.conftest import Process, eventually
from tests.integration.chassis.conftest import SYSTEM, waiting
from tests.integration.chassis.test_delivery import BODY, GOOD, add, echoed

pytestmark = pytest.mark.servers


class Wire(bytes):
    """Bytes that go into a table as they are, type letter and all: what py-amqp itself would never write."""


@pytest.fixture(autouse=True)
def wire_values(monkeypatch: pytest.MonkeyPatch) -> None:
    write_item: Any = getattr(amqp.serialization, "_write_item")  # noqa: B009 – no name of its stubs

    def write(value: Any, out: Any, bits: Any) -> None:
        if isinstance(value, Wire):
            out(bytes(value))
        else:
            write_item(value, out, bits)

    monkeypatch.setattr(amqp.serialization, "_write_item", write)


def nested(depth: int) -> Wire:
    table = struct.pack(">I", 0)
    for _ in range(depth):
        inner = b"\x01aF" + table
        table = struct.pack(">I", len(inner)) + inner
    return Wire(b"F" + table)


BOMB = gzip.compress(bytes(5_000_000))
UNREADABLE: dict[str, tuple[bytes, dict[str, Any]]] = {
    "an instant past the year 9999": (BODY, {"application_headers": {**GOOD, "x": Wire(b"T" + b"\x7f" * 8)}}),
    "tables without end": (BODY, {"application_headers": {**GOOD, "x": nested(5000)}}),
    "tables too deep to send on": (b"{", {"application_headers": {**GOOD, "x": nested(600)}}),
    "a count beyond all counts": (
        b"{",
        {"application_headers": {**GOOD, "x-motcua-attempt": Wire(b"l" + b"\x7f" + b"\xff" * 7)}},
    ),
    "half a letter by encoding": (b"\\ud800", {"application_headers": GOOD, "content_encoding": "unicode_escape"}),
    "a body that grows": (BOMB, {"application_headers": {**GOOD, "compression": "gzip"}}),
}
ODD_BUT_READABLE: dict[str, dict[str, Any]] = {
    "latin-1 content type": {"application_headers": {**GOOD, "cloudEvents:id": "odd-1"}, "content_type": b"t/\xff"},
    "latin-1 values": {"application_headers": {**GOOD, "cloudEvents:id": "odd-2", "x": b"\xff", b"\xfe": 1}},
    "said to be compressed": {"application_headers": {**GOOD, "cloudEvents:id": "odd-3", "compression": "gzip"}},
    "compressed by a list": {"application_headers": {**GOOD, "cloudEvents:id": "odd-4", "compression": [1]}},
}


def test_no_event_stops_the_service_and_none_is_lost(
    serving: Process, rpc: Any, broker: Any, environment: dict[str, str]
) -> None:
    for body, properties in UNREADABLE.values():
        broker.basic_publish(Message(body, delivery_mode=2, **properties), exchange="", routing_key="sample.echo")
    for properties in ODD_BUT_READABLE.values():
        broker.basic_publish(Message(BODY, delivery_mode=2, **properties), exchange="", routing_key="sample.echo")
    uri = environment["MOTCUA_AMQP_URI"]
    eventually(lambda: dead.count(uri, "sample") == len(UNREADABLE))
    assert BOMB in [letter.body for letter in dead.peek(uri, "sample")]
    add(rpc, "a", 1, "r1")
    eventually(lambda: echoed(rpc, "a", 1 + len(ODD_BUT_READABLE)))
    assert waiting(broker, "sample.echo") == 0
    assert serving.running[0].poll() is None


def test_no_request_stops_the_service(serving: Process, rpc: Any, broker: Any) -> None:
    properties = [*(one for _, one in UNREADABLE.values()), *ODD_BUT_READABLE.values()]
    for one in [*properties, {"reply_to": b"\xff" * 255, "correlation_id": b"\xff" * 255}]:
        request = Message(BODY, **{"reply_to": "nobody", "correlation_id": "1", **one})
        broker.basic_publish(request, exchange="nameko-rpc", routing_key="sample.add")
    broker.basic_publish(Message(b"{}", reply_to="nobody"), exchange="nameko-rpc", routing_key=b"sample.\xff")
    eventually(lambda: waiting(broker, "rpc-sample") == 0)
    assert add(rpc, "a", 3, "r1")["total"] == 3
    assert serving.running[0].poll() is None


# The first fits into the header frame of a request beside its token, but not beside the attributes of an event.
@pytest.mark.parametrize("trace", [f"{'0' * 129_900}-{'0' * 32}-{'0' * 16}-01", 5, ["x"]])
def test_no_trace_of_a_caller_can_block_the_relay(
    trace: Any, serving: Process, environment: dict[str, str], rpc: Any
) -> None:
    config = {"AMQP_URI": environment["MOTCUA_AMQP_URI"]}
    with ClusterRpcProxy(
        config, timeout=20, context_data=Context(issuer_of(environment), SYSTEM, traceparent=trace)
    ) as odd:
        assert add(odd, "odd", 1, "r1")["total"] == 1
    add(rpc, "a", 3, "r2")
    assert eventually(lambda: echoed(rpc, "a", 3))
    assert eventually(lambda: echoed(rpc, "odd", 1))


def test_one_dead_letter_of_odd_shape_hides_no_other(
    serving: Process, broker: Any, environment: dict[str, str]
) -> None:
    for headers in ({"x-motcua-attempt": "many"}, {"x-death": "often"}, {"x-death": [5]}, {}):
        broker.basic_publish(Message(b"{", application_headers=headers), exchange="", routing_key="sample.dead")
    broker.basic_publish(Message(b"\\ud800", content_encoding="unicode_escape"), exchange="", routing_key="sample.dead")
    uri = environment["MOTCUA_AMQP_URI"]
    eventually(lambda: dead.count(uri, "sample") == 5)
    assert len(dead.peek(uri, "sample")) == 5
    assert dead.replay(uri, "sample") == 0
    eventually(lambda: dead.count(uri, "sample") == 5)  # the broker takes back what was only looked at
