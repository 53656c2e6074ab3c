"""Connections: what a pool does with a broken line or a strange answer, and a consumer that stops."""

import socket
import threading
import time
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from kombu import Connection

from services.chassis import publish, remote
from services.chassis.actor import Actor
from services.chassis.bus import Bus
from services.chassis.errors import Defect, Denied, NotFound, Unavailable
from services.chassis.remote import Remote
from tests.keys import issuer, verifier
from tests.unit.counts import counted

LOST = Connection("amqp://").connection_errors  # those that make the bus connect anew
ALIVE: Any = SimpleNamespace(connection=SimpleNamespace(connected=True))
NOT_FOUND = b'{"result": null, "error": {"exc_type": "NotFound", "exc_args": ["s.x", "X.", "X.", []], "value": ""}}'


class Line:
    """Answers as it is told to."""

    open = shunned = 0
    blocked: ClassVar[bool] = False
    made: ClassVar[list["Line"]] = []
    shown: ClassVar[list[str | None]] = []

    def __init__(self, answer: bytes | Exception) -> None:
        type(self).open += 1
        type(self).made.append(self)
        self.answer = answer
        self.standstill = publish.Standstill()
        self.standstill.now = type(self).blocked

    def ask(self, _target: str, _arguments: Any, token: str | None, _until: float) -> bytes:
        type(self).shown.append(token)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self) -> None:
        type(self).open -= 1

    def shun(self) -> None:
        type(self).shunned += 1


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of one line whose service gives this answer."""

    def make(answer: bytes | Exception) -> Remote:
        Line.open, Line.shunned, Line.shown, Line.blocked, Line.made = 0, 0, [], False, []
        monkeypatch.setattr(remote, "_Line", lambda _uri, _until: Line(answer))
        return Remote("amqp://nowhere", issuer(), Actor("system", "t"), most=1, deadline_seconds=1)

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
    assert (caught.value.code, caught.value.said_by) == ("s.x", "s")


def test_nobody_says_that_nobody_answers(answering: Any) -> None:
    told = b'{"error": {"exc_type": "Unavailable", "exc_args": ["s.unavailable", "X.", "Y.", []], "value": ""}}'
    for answer, said_by in ((told, "r"), (TimeoutError(), "")):  # r was asked, and told of s
        with pytest.raises(Unavailable) as caught:
            answering(answer).call("r", "m")
        assert caught.value.said_by == said_by


def test_arguments_may_be_named_like_our_own(answering: Any) -> None:
    assert answering(b'{"result": 1}').call("s", "m", service="a", method="online") == 1


@pytest.mark.parametrize("error", [OSError(), TimeoutError(), ConnectionResetError()])
def test_a_line_in_doubt_is_closed_and_its_place_in_the_pool_is_free(error: Exception, answering: Any) -> None:
    client = answering(error)
    for _ in range(3):
        with pytest.raises(Unavailable):
            client.call("s", "m")
    assert (Line.open, Line.shunned) == (0, 3)


@pytest.mark.parametrize("answer", [b'{"result": 1}', OSError()], ids=["answered", "lost"])
def test_a_line_is_in_use_while_a_call_is_on_it(
    answer: bytes | Exception, answering: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, during, ask = counted("motcua_rpc_lines_most"), list[float](), Line.ask

    def look(line: Line, *call: Any) -> bytes:
        during.append(counted("motcua_rpc_lines_in_use"))
        return ask(line, *call)

    monkeypatch.setattr(Line, "ask", look)
    client = answering(answer)
    before = counted("motcua_rpc_lines_in_use")
    with suppress(Unavailable):
        client.call("s", "m")
    assert (during, counted("motcua_rpc_lines_in_use")) == ([before + 1], before)
    assert counted("motcua_rpc_lines_most") == most + 1


@pytest.mark.parametrize(("error", "left_open"), [(TimeoutError(), 1), (ConnectionResetError(), 0)])
def test_a_line_that_the_broker_blocks_is_kept_for_the_next_call(
    error: Exception, left_open: int, answering: Any
) -> None:
    client = answering(error)
    Line.blocked = True
    for _ in range(3):
        with pytest.raises(Unavailable):
            client.call("s", "m")
    assert Line.open == left_open


def test_who_finds_a_kept_line_lost_is_answered_over_a_new_one(answering: Any) -> None:
    client = answering(b'{"result": 1, "error": null}')
    client.call("s", "m")
    (kept,) = Line.made
    kept.answer = ConnectionResetError()  # the broker was restarted meanwhile
    assert client.call("s", "m") == 1
    assert (Line.open, len(Line.made)) == (1, 2)


def test_what_broke_off_in_the_middle_of_a_frame_is_no_standstill() -> None:
    standstill = publish.Standstill()
    standstill.now = True
    assert standstill.explains(TimeoutError())
    with pytest.raises(TimeoutError), standstill.a_write():
        raise TimeoutError
    assert not standstill.explains(TimeoutError())


def test_a_service_that_is_silent_leaves_lines_to_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, asked, told = threading.Event(), threading.Semaphore(0), list[Unavailable]()

    class Waiting(Line):
        def ask(self, target: str, *_: Any) -> bytes:
            if target != "silent.m":
                return b'{"result": 1, "error": null}'
            asked.release()
            goes_on.wait()
            raise TimeoutError

    monkeypatch.setattr(remote, "_Line", lambda _uri, _until: Waiting(b""))
    client = Remote("amqp://nowhere", most=3, most_of_one=2, deadline_seconds=0.2)

    def ask() -> None:
        try:
            client.call("silent", "m")
        except Unavailable as error:
            told.append(error)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    assert asked.acquire()
    assert asked.acquire()
    assert client.call("healthy", "m") == 1
    while not told:  # the third had no line, and waited until its deadline
        askers[0].join(0.01)
    assert not asked.acquire(blocking=False)
    goes_on.set()
    for asker in askers:
        asker.join()
    assert [one.code for one in told] == ["silent.unavailable"] * 3
    assert client.call("healthy", "m") == 1


def test_each_call_shows_who_makes_it_over_the_same_lines(answering: Any) -> None:
    client, citizen = answering(b'{"result": 1, "error": null}'), Actor("citizen", "001801000001")
    client.call("s", "m")
    client.acting_as(citizen).call("s", "m", method="vnpay", service="x")
    client.acting_as(None).call("s", "m")
    client.call("s", "m")
    shown = [token and verifier().read(token) for token in Line.shown]
    assert shown == [Actor("system", "t"), citizen, None, Actor("system", "t")]
    assert Line.open == 1


@pytest.mark.parametrize("code", ["actor.untrusted", "actor.expired", "actor.malformed"])
def test_that_our_own_token_is_refused_may_be_mended_and_is_nobodys_mistake(code: str, answering: Any) -> None:
    refused = f'{{"error": {{"exc_type": "Denied", "exc_args": ["{code}", "X.", "Y.", []], "value": ""}}}}'
    with pytest.raises(Unavailable):
        answering(refused.encode()).call("s", "m")


def test_that_somebody_may_not_do_something_is_told_as_it_is(answering: Any) -> None:
    refused = b'{"error": {"exc_type": "Denied", "exc_args": ["s.other_unit", "X.", "Y.", []], "value": ""}}'
    with pytest.raises(Denied):
        answering(refused).call("s", "m")


def test_a_line_that_cannot_be_set_up_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = threading.Event()
    broken = SimpleNamespace(connection=SimpleNamespace(), channel=lambda: 1 / 0, collect=closed.set)
    monkeypatch.setattr(remote, "dial", lambda _uri, _within: broken)
    with pytest.raises(ZeroDivisionError):
        Remote("amqp://nowhere").call("s", "m")
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
        client = Remote(f"amqp://a:b@127.0.0.1:{silent.getsockname()[1]}//", deadline_seconds=0.5)
        began = time.monotonic()
        with pytest.raises(Unavailable):
            client.call("s", "m")
        assert time.monotonic() - began < publish.SECONDS_TO_CONNECT
