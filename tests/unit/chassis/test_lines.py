"""Connections: what a pool does with a broken line or a strange answer, and a consumer that stops."""

import socket
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest
from kombu import Connection

from services.chassis import publish, remote
from services.chassis.actor import Actor
from services.chassis.bus import Bus
from services.chassis.errors import Defect, NotFound, Unavailable
from services.chassis.remote import Remote

LOST = Connection("amqp://").connection_errors  # those that make the bus connect anew
ALIVE: Any = SimpleNamespace(connection=SimpleNamespace(connected=True))
NOT_FOUND = b'{"result": null, "error": {"exc_type": "NotFound", "exc_args": ["s.x", "X.", "X.", []], "value": ""}}'


class Line:
    """Answers as it is told to."""

    open = shunned = 0

    def __init__(self, answer: bytes | Exception) -> None:
        type(self).open += 1
        self._answer = answer

    def ask(self, *_request: Any) -> bytes:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer

    def close(self) -> None:
        type(self).open -= 1

    def shun(self) -> None:
        type(self).shunned += 1


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of one line whose service gives this answer."""

    def make(answer: bytes | Exception) -> Remote:
        Line.open = Line.shunned = 0
        monkeypatch.setattr(remote, "_Line", lambda _uri, _until: Line(answer))
        return Remote("amqp://nowhere", Actor("system", "t"), most=1, deadline_seconds=1)

    return make


@pytest.mark.parametrize(
    "answer",
    [b"", b"{", b"[]", b"5", b'{"error": 5}', b'{"error": {"exc_type": "NotFound"}}',
     b'{"error": {"exc_type": "NotFound", "exc_args": [1, 2, 3, null]}}',
     b'{"error": {"exc_type": ["NotFound"], "exc_args": ["a", "b", "c", []]}}',
     b'{"error": {"exc_type": "KeyError", "exc_args": ["a", "b", "c", []]}}'],
)  # fmt: skip
def test_a_strange_answer_is_a_defect_and_never_the_caller_s_mistake(answer: bytes, answering: Any) -> None:
    client = answering(answer)
    for _ in range(2):
        with pytest.raises(Defect):
            client.call("s", "m")


def test_a_named_error_is_raised_as_itself(answering: Any) -> None:
    with pytest.raises(NotFound) as caught:
        answering(NOT_FOUND).call("s", "m")
    assert caught.value.code == "s.x"


def test_arguments_may_be_named_like_our_own(answering: Any) -> None:
    assert answering(b'{"result": 1}').call("s", "m", service="a", method="online") == 1


@pytest.mark.parametrize("error", [OSError(), TimeoutError(), ConnectionResetError()])
def test_a_line_in_doubt_is_closed_and_its_place_in_the_pool_is_free(error: Exception, answering: Any) -> None:
    client = answering(error)
    for _ in range(3):
        with pytest.raises(Unavailable):
            client.call("s", "m")
    assert (Line.open, Line.shunned) == (0, 3)


def test_a_line_that_cannot_be_set_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()
    broken = SimpleNamespace(channel=lambda: 1 / 0, collect=closed.set)
    monkeypatch.setattr(remote, "dial", lambda _uri, _within: broken)
    with pytest.raises(ZeroDivisionError):
        Remote("amqp://nowhere", Actor("system", "t")).call("s", "m")
    assert closed.is_set()


def test_a_name_is_checked_against_the_certificate_of_the_broker() -> None:
    assert publish.connect("amqps://a:b@broker.example.vn//").ssl == {"server_hostname": None}
    assert publish.connect("amqp://a:b@broker.example.vn//").ssl is False


@pytest.mark.parametrize("line", [SimpleNamespace(connected=False), None])
def test_a_line_that_an_ack_found_dead_is_not_read_on(line: Any) -> None:
    bus = Bus()
    bus.kill()  # consumes nothing on the line that it is given
    bus.get_consumers(None, SimpleNamespace(connection=line))
    with pytest.raises(LOST):
        bus.on_iteration()


def test_who_is_to_stop_while_the_line_is_made_anew_has_nothing_to_cancel() -> None:
    bus = Bus()
    bus._consumers = [SimpleNamespace(cancel=lambda: pytest.fail("that line is gone"))]  # type: ignore[list-item]  # noqa: SLF001
    bus.kill()
    assert bus.get_consumers(None, ALIVE) == []
    bus.on_iteration()
    assert bus._cancelled.ready()  # noqa: SLF001


def test_a_request_that_comes_while_the_consumers_are_cancelled_can_be_acked() -> None:
    bus, acked = Bus(), threading.Event()
    message: Any = SimpleNamespace(ack=acked.set)
    consumer: Any = SimpleNamespace(cancel=lambda: bus.ack(message))  # it reads on until the broker has answered
    bus._consumers, bus._channel = [consumer], ALIVE  # noqa: SLF001 – what a connection would have set
    bus.kill()
    threading.Thread(target=bus.on_iteration, daemon=True).start()
    assert acked.wait(5)


def test_a_broker_that_takes_the_line_and_says_nothing_does_not_outlast_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = Remote(f"amqp://a:b@127.0.0.1:{silent.getsockname()[1]}//", Actor("system", "t"), deadline_seconds=0.5)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            client.call("s", "m")
        assert time.monotonic() - began < publish.SECONDS_TO_CONNECT
