"""A line of the proxy carries what it is given, and fails in each of the ways it is told to."""

import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.chaos.proxy import LOOPBACK, Line
from tests.conftest import eventually

SOON = 5.0


class Echo:
    """A server that says back what it hears."""

    def __init__(self) -> None:
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self.heard = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        try:
            while said := line.recv(1024):
                self.heard += said
                line.sendall(said)
        except OSError:
            return

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    yield echo
    echo.close()


@pytest.fixture
def line(echo: Echo) -> Iterator[Line]:
    line = Line(0, echo.port)
    yield line
    line.close()


@pytest.fixture
def dial(line: Line) -> Iterator[Callable[[], socket.socket]]:
    """A new connection through the line."""
    opened: list[socket.socket] = []

    def connect() -> socket.socket:
        opened.append(socket.create_connection((LOOPBACK, line.port), timeout=SOON))
        return opened[-1]

    yield connect
    for one in opened:
        one.close()


Dial = Callable[[], socket.socket]


def echoed(client: socket.socket, words: bytes) -> bytes:
    client.sendall(words)
    return client.recv(1024)


def is_dead(client: socket.socket) -> bool:
    try:
        client.sendall(b"x")
        return client.recv(1024) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def is_refused(dial: Dial) -> bool:
    try:
        return is_dead(dial())
    except ConnectionError:
        return True


def test_a_fair_line_carries_both_ways(line: Line, dial: Dial) -> None:
    assert echoed(dial(), b"xin chao") == b"xin chao"
    eventually(lambda: line.counts.bytes == 16)
    assert line.counts.connections == 1


def test_a_closed_line_breaks_what_is_there_and_refuses_what_comes(line: Line, dial: Dial) -> None:
    before = dial()
    assert echoed(before, b"a") == b"a"
    line.change(closed=True)
    assert is_dead(before)
    assert is_refused(dial)
    assert line.counts.broken == 1
    eventually(lambda: line.counts.refused >= 1)
    line.change()
    assert echoed(dial(), b"b") == b"b"


def test_a_silent_line_holds_everything_back_until_the_silence_ends(line: Line, dial: Dial, echo: Echo) -> None:
    before = dial()
    assert echoed(before, b"a") == b"a"
    line.change(silent=["up", "down"])
    before.sendall(b"b")
    after = dial()
    after.sendall(b"c")
    before.settimeout(0.2)
    with pytest.raises(TimeoutError):
        before.recv(1)
    assert echo.heard == b"a"
    line.change()
    before.settimeout(SOON)
    assert (before.recv(1), after.recv(1)) == (b"b", b"c")


def test_a_line_may_be_silent_one_way_only(line: Line, dial: Dial, echo: Echo) -> None:
    client = dial()
    assert echoed(client, b"a") == b"a"
    line.change(silent=["down"])
    client.sendall(b"b")
    eventually(lambda: echo.heard == b"ab")
    client.settimeout(0.2)
    with pytest.raises(TimeoutError):
        client.recv(1)


def test_a_slow_line_is_slow_each_way(line: Line, dial: Dial) -> None:
    client = dial()
    assert echoed(client, b"a") == b"a"
    line.change(delay=0.1)
    began = time.monotonic()
    assert echoed(client, b"b") == b"b"
    assert time.monotonic() - began >= 0.2


def test_who_is_told_goodbye_can_still_speak_and_hears_no_more(line: Line, dial: Dial, echo: Echo) -> None:
    client = dial()
    assert echoed(client, b"a") == b"a"
    line.say_goodbye()
    assert client.recv(1) == b""
    client.sendall(b"b")
    eventually(lambda: echo.heard == b"ab")
    assert echoed(dial(), b"c") == b"c"


def test_broken_connections_may_be_made_anew_at_once(line: Line, dial: Dial) -> None:
    client = dial()
    assert echoed(client, b"a") == b"a"
    line.break_off()
    assert is_dead(client)
    assert echoed(dial(), b"b") == b"b"


def test_a_narrow_line_carries_everything_and_counts_what_waited(line: Line, dial: Dial) -> None:
    client = dial()
    line.change(rate=100_000.0)
    assert echoed(client, b"a" * 500) == b"a" * 500
    eventually(lambda: line.counts.squeezed == 1000)
    line.change()
    assert echoed(client, b"b") == b"b"
    assert line.counts.squeezed == 1000


def test_on_an_uneven_line_each_piece_takes_another_while_up_to_the_longest_and_the_order_stays(
    line: Line, dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[tuple[float, float]] = []

    def draw(least: float, most: float) -> float:
        drawn.append((least, most))
        return 0.0

    monkeypatch.setattr("random.uniform", draw)
    line.change(jitter=2.0)
    client = dial()
    assert [echoed(client, word) for word in (b"one", b"two")] == [b"one", b"two"]
    assert set(drawn) == {(0, 2.0)}
    assert len(drawn) >= 4, "each way of each word"
