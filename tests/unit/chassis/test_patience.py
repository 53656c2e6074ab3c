"""Nobody is waited for without end, and nobody takes every place."""

import contextlib
import io
import logging
import socket
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.errors import InvalidRequestLine
from gunicorn.workers.gthread import ThreadWorker

from services.chassis import patience
from services.chassis.errors import Unavailable
from services.chassis.patience import PATIENCE, Places, Worker, leaving


@pytest.fixture
def line() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Two ends of a line."""
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


@pytest.mark.parametrize("error", [InvalidRequestLine("PUT /uploads/1/s3cret"), RuntimeError("s3cret")])
def test_of_what_is_not_served_the_log_says_the_kind_alone(
    line: tuple[socket.socket, socket.socket], error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = line
    said = io.StringIO()
    worker: Any = Worker.__new__(Worker)
    worker.log = Logger(Config())
    monkeypatch.setattr(worker.log.error_log, "handlers", [logging.StreamHandler(said)])
    worker.log.error_log.warning("as ever")
    lines: list[tuple[str, Any]] = []
    monkeypatch.setattr(patience, "log", SimpleNamespace(warning=lambda event, **known: lines.append((event, known))))
    worker.handle_error(None, ours, ("10.1.2.3", 5), error)
    assert lines == [("request_not_served", {"reason": type(error).__name__})]
    assert said.getvalue() == "as ever\n"
    assert theirs.recv(100).startswith(b"HTTP/1.1 400" if isinstance(error, InvalidRequestLine) else b"HTTP/1.1 500")


@pytest.mark.parametrize("waited", [0.0, patience.WAIT_SECONDS + 1])
def test_a_request_that_waited_too_long_for_a_thread_is_told_so_and_the_next_one_is_served(
    line: tuple[socket.socket, socket.socket], waited: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    def serve(_worker: Any, _conn: Any) -> None:
        try:
            patience.insist_on_time()
        except Unavailable as error:
            told.append(error.code)
        else:
            told.append("served")

    monkeypatch.setattr(ThreadWorker, "handle", serve)
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda _worker, _conn: None)
    worker: Any = Worker.__new__(Worker)
    for seconds in (waited, 0.0):
        conn = SimpleNamespace(sock=line[0])
        worker.enqueue_req(conn)
        conn.waits_since -= seconds
        worker.handle(conn)
    assert told == ["http.too_many" if waited else "served", "served"]


def test_a_wait_for_what_does_not_come_ends(line: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = line
    began = time.monotonic()
    with PATIENCE.within(ours, 0.1):
        assert ours.recv(10) == b""
    assert time.monotonic() - began < 5
    ours.sendall(b"too late")
    assert theirs.recv(10) == b"too late"


def test_what_came_in_time_leaves_the_line_open(line: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = line
    with PATIENCE.within(ours, 0.1):
        theirs.sendall(b"x")
        assert ours.recv(1) == b"x"
    threading.Timer(0.8, theirs.sendall, (b"y",)).start()
    assert ours.recv(1) == b"y"


def test_without_a_socket_there_is_nothing_to_watch() -> None:
    with PATIENCE.within(None, 0.0):
        pass


def test_a_client_who_takes_nothing_is_left(line: tuple[socket.socket, socket.socket]) -> None:
    ours, _ = line
    gone = threading.Event()

    def send() -> None:
        with contextlib.suppress(OSError):
            for piece in leaving([b"x" * 8_000_000], ours):
                ours.sendall(piece)
        gone.set()

    threading.Thread(target=send, daemon=True).start()
    assert not gone.wait(0.2)
    PATIENCE.begin(ours, 0.1, socket.SHUT_RDWR)
    assert gone.wait(5)


def test_places_are_few_and_nobody_takes_them_all() -> None:
    places = Places(3, 2)
    with Flask("sample").app_context(), places.taken("a"), places.taken("a"):
        with pytest.raises(Unavailable) as own, places.taken("a"):
            pass
        with places.taken("b"), pytest.raises(Unavailable) as all_, places.taken("c"):
            pass
    assert (own.value.code, all_.value.code) == ("http.too_many_of_yours", "http.busy")
    for who in "aabbccab":
        with places.taken(who):
            pass
