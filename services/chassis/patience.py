"""How long a client may take, and how many may take their time at once: threads of a door are few.

gunicorn's threads wait as long as a client likes: for the head of a request, for its body, for room to answer in; and
its one accepting thread waits for whoever does not close. Here one thread of our own watches every socket that is
waited for, and shuts those on which too little moves. A body that is cut off reads as one that ended early.
"""

import logging
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Final

from gunicorn.workers import gthread

from services.chassis.counted import tell_outcome
from services.chassis.errors import Denied, Unavailable
from services.chassis.lateness import LATENESS
from services.chassis.logs import log
from services.chassis.pauses import begin_without, spare_what_stays

HEAD_SECONDS: Final = 5.0  # for the head of a request
PIECE_SECONDS: Final = 8.0  # for a piece of a body, whatever its length, or for an answer to begin to leave
LEAST_RATE: Final = 8 * 1024  # bytes a second
WAIT_SECONDS: Final = 5.0  # how long a request may wait for a thread; later, who asked may have given up already
_LINGER_SECONDS: Final = 2.0
_PIECES_A_LOOK: Final = 16
_STUCK: Final = struct.pack("ll", 30, 0)  # seconds without any progress while an answer is written
_LOOK_EVERY: Final = 0.25
# how long a thread waits for the first byte of a connection, and for the body of a request answered without it
gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.25


class Patience:
    """Sockets that somebody waits for, each until a moment."""

    def __init__(self) -> None:
        self._until: dict[Any, tuple[float, int]] = {}
        self._leaving: dict[Any, float] = {}
        self._starting = threading.Lock()
        self._watched = False
        self._anything = threading.Event()  # to watch for

    def begin(self, sock: Any, seconds: float, how: int = socket.SHUT_RD) -> None:
        """From now on, until `end`, what is waited for must come within so many seconds."""
        self._until[sock] = (time.monotonic() + seconds, how)
        self._watch()

    def end(self, sock: Any) -> None:
        """It came."""
        self._until.pop(sock, None)

    def close(self, sock: Any, graceful: bool = False) -> None:
        """As gunicorn closes; but whether the client has read the last answer is not awaited in its main loop."""
        if not graceful:
            sock.close()
            return
        with suppress(OSError):
            sock.setblocking(False)
            sock.shutdown(socket.SHUT_WR)
        self._leaving[sock] = time.monotonic() + _LINGER_SECONDS
        self._watch()

    @contextmanager
    def within(self, sock: Any, seconds: float, how: int = socket.SHUT_RD) -> Iterator[None]:
        """What is inside has so many seconds; a test client has no socket, and all the time of the world."""
        if sock is not None:
            self.begin(sock, seconds, how)
        try:
            yield
        finally:
            self.end(sock)

    def _watch(self) -> None:
        """Start the watch: in the worker, since threads do not survive a fork."""
        self._anything.set()
        if self._watched:
            return
        with self._starting:
            if not self._watched:
                threading.Thread(target=self._run, name="patience", daemon=True).start()
                self._watched = True

    def _run(self) -> None:
        while True:
            self._anything.wait()
            time.sleep(_LOOK_EVERY)
            now = time.monotonic()
            for sock, (until, how) in self._until.copy().items():
                if until < now and self._until.pop(sock, None) is not None:
                    with suppress(OSError):
                        sock.shutdown(how)
            for sock, until in self._leaving.copy().items():
                if until < now or _has_left(sock):
                    del self._leaving[sock]
                    sock.close()
            self._anything.clear()
            if self._until or self._leaving:  # also what came since the last look
                self._anything.set()


PATIENCE: Final = Patience()


class Places:
    """How many may send or fetch a file at the same moment: in all, so that others find a thread, and of one person."""

    def __init__(self, most: int, most_of_one: int) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._taken: Counter[str] = Counter()
        self._turn = threading.Lock()

    def take(self, who: str) -> None:
        """One place for `who`, within his request. Raises Unavailable; that of his own doing is counted as Denied."""
        with self._turn:
            if self._taken.total() >= self._most:
                raise Unavailable("http.busy", "Too many files are on their way; try again.", "Hệ thống đang bận.")
            if self._taken[who] >= self._most_of_one:
                tell_outcome(Denied.__name__)
                raise Unavailable(
                    "http.too_many_of_yours",
                    f"You may send or fetch {self._most_of_one} files at once.",
                    f"Chỉ được gửi hoặc nhận cùng lúc {self._most_of_one} tệp.",
                )
            self._taken[who] += 1

    def give_back(self, who: str) -> None:
        """The place is free."""
        with self._turn:
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]

    @contextmanager
    def taken(self, who: str) -> Iterator[None]:
        """A place while what is inside lasts. Raises Unavailable."""
        self.take(who)
        try:
            yield
        finally:
            self.give_back(who)


_served = threading.local()


def insist_on_time() -> None:
    """Work is for those who still wait for it: under more than can be served, others are told so at once.

    Raises Unavailable where the present request has waited too long for a thread.
    """
    if getattr(_served, "waited", 0.0) > WAIT_SECONDS:
        raise Unavailable("http.too_many", "Too many requests are waiting; try again.", "Hệ thống đang quá tải.")


class Worker(gthread.ThreadWorker):
    """gunicorn's worker of threads, with an end to every wait of its own."""

    def init_process(self) -> None:
        """Load the application."""
        begin_without()
        super().init_process()  # type: ignore[misc]

    def run(self) -> None:
        """Serve until stopped; the application is loaded."""
        spare_what_stays()
        super().run()  # type: ignore[misc]

    def enqueue_req(self, conn: Any) -> None:
        """Let a request wait for a thread, and know since when."""
        conn.waits_since = time.monotonic()
        super().enqueue_req(conn)  # type: ignore[misc]  # the stubs are of an older gunicorn

    def handle(self, conn: Any) -> Any:
        """Serve one request whose head comes in time."""
        _served.waited = time.monotonic() - conn.waits_since
        LATENESS.note(_served.waited)
        conn.close = partial(PATIENCE.close, conn.sock)
        conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _STUCK)
        PATIENCE.begin(conn.sock, HEAD_SECONDS)
        try:
            return super().handle(conn)
        finally:
            PATIENCE.end(conn.sock)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The head is here; its body is timed by whoever reads it, and what nobody read of it by us."""
        PATIENCE.end(conn.sock)
        try:
            return super().handle_request(req, conn)
        finally:
            PATIENCE.begin(conn.sock, HEAD_SECONDS)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:
        """Answer what cannot be served, and say of it only its kind: a line of the request may hold a ticket."""
        log.warning("request_not_served", reason=type(exc).__name__)
        super().handle_error(req, client, addr, exc)


class _NoRequests(logging.Filter):
    """Leaves out the lines in which gunicorn quotes a request and says where it came from."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(("Invalid request from ", "Error handling request "))


logging.getLogger("gunicorn.error").addFilter(_NoRequests())


def leaving(pieces: Iterable[bytes], sock: Any) -> Iterator[bytes]:
    """The same pieces to a client who takes them at some rate at least."""
    for piece in pieces:
        with PATIENCE.within(sock, PIECE_SECONDS + len(piece) / LEAST_RATE, socket.SHUT_RDWR):
            yield piece


def _has_left(sock: Any) -> bool:
    """Whether the client has closed; what he still sent is read away, or the answer would be lost with the line."""
    try:
        return any(not sock.recv(65536) for _ in range(_PIECES_A_LOOK))
    except BlockingIOError:
        return False
    except OSError:
        return True
