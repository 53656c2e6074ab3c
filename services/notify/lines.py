"""Open lines to the mail server: one letter at a time on each, kept while all is well, thrown away after any doubt."""

import re
import smtplib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial

from services.notify.settings import NotifySettings

IDLE_SECONDS = 10.0  # shorter than any server's patience (RFC 5321 4.5.3.2.7: five minutes)
MOST_LETTERS = 100
AWAY_SECONDS = 1.0  # after a server was not there, until it is called again
_TROUBLE = (smtplib.SMTPException, OSError)
_CLOSING = 421
_DONE, _GO_ON = 2, 3  # the first digit of an answer
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)


class Lost(Exception):
    """The line broke before the letter was out: the server cannot have it."""


class Unanswered(Exception):
    """The letter is out, and nothing was said to it: the server may have it."""


class Refusal(Exception):
    """What the server said instead of going on, and to which command: MAIL, RCPT or DATA."""

    def __init__(self, step: str, code: int, words: bytes) -> None:
        super().__init__(f"{step} {code}")
        self.step, self.code, self.words = step, code, words


class Line:
    """One connection that has been greeted. It closes itself before it raises anything."""

    def __init__(self, server: smtplib.SMTP, settings: NotifySettings) -> None:
        self._server, self._settings = server, settings
        self._letters, self._used_at = 0, time.monotonic()

    @property
    def is_worn(self) -> bool:
        """Whether it has served for long, or not at all for a while."""
        return self._letters >= MOST_LETTERS or time.monotonic() - self._used_at >= IDLE_SECONDS

    def announce(self, sender: str, address: str, size: int) -> None:
        """When this returns, the server awaits the letter, of which nothing is out yet. Raises Lost, Refusal."""
        server = self._server
        sizes = (f"size={size}",) if server.has_extn("size") else ()
        with self._closed_on_trouble():
            self._ask("MAIL", _DONE, partial(server.mail, sender, sizes))
            self._ask("RCPT", _DONE, partial(server.rcpt, address))
            self._ask("DATA", _GO_ON, partial(server.docmd, "data"))

    def hand_over(self, letter: bytes) -> None:
        """When this returns, the server has taken the announced letter, whose last line is ended.

        Raises Lost, Refusal, Unanswered.
        """
        with self._closed_on_trouble():
            self._send(_LEADING_DOT.sub(b"..", letter) + b".\r\n")
            self._await_answer()
        self._letters, self._used_at = self._letters + 1, time.monotonic()

    def leave(self) -> None:
        """Part politely, without waiting for the answer: what the server has taken it keeps either way."""
        with suppress(*_TROUBLE):
            self._server.putcmd("quit")
        self._server.close()

    @contextmanager
    def _closed_on_trouble(self) -> Iterator[None]:
        try:
            yield
        except Refusal:
            self.leave()
            raise
        except BaseException:
            self._server.close()
            raise

    def _ask(self, step: str, wanted: int, ask: Callable[[], tuple[int, bytes]]) -> None:
        try:
            code, words = ask()
        except _TROUBLE as error:
            raise Lost(type(error).__name__) from None
        if code // 100 == wanted:
            return
        if code == _CLOSING or not _is_refusal(code):
            raise Lost(str(code))
        raise Refusal(step, code, words)

    def _send(self, content: bytes) -> None:
        """What fails here has not sent the last line, and without that the server has no letter."""
        try:
            self._server.send(content)
        except _TROUBLE as error:
            raise Lost(type(error).__name__) from None

    def _await_answer(self) -> None:
        """A server scans and stores before it answers; who hangs up meanwhile gets his letter sent twice."""
        try:
            self._wait_up_to(self._settings.smtp_answer_timeout_seconds)
            code, words = self._server.getreply()
            self._wait_up_to(self._settings.smtp_timeout_seconds)
        except _TROUBLE as error:
            raise Unanswered(type(error).__name__) from None
        if _is_refusal(code):
            raise Refusal("DATA", code, words)
        if code // 100 != _DONE:
            raise Unanswered(str(code))

    def _wait_up_to(self, seconds: float) -> None:
        if self._server.sock is not None:
            self._server.sock.settimeout(seconds)


class Lines:
    """The lines of this process."""

    def __init__(self, settings: NotifySettings) -> None:
        self.settings = settings
        self._tls = ssl.create_default_context() if settings.smtp_starttls else None
        self._idle: list[Line] = []
        self._away_until = 0.0  # by the monotonic clock; 0: nobody has called in vain since somebody was answered
        self._called = threading.Event()  # whether what came of the last such call is known
        self._called.set()

    @property
    def is_away(self) -> bool:
        """Whether the server was just called in vain; or is being called, to see whether it is back."""
        return time.monotonic() < self._away_until

    def await_call(self) -> None:
        """While it is being called, to see whether it is back, wait a moment for what comes of that."""
        self._called.wait(AWAY_SECONDS)

    def find_kept(self) -> Line | None:
        """A line that served before; the server may have closed it since."""
        while self._idle:
            line = self._idle.pop()
            if not line.is_worn:
                return line
            line.leave()
        return None

    def dial(self) -> Line:
        """A new line. Raises Lost."""
        if self._away_until:
            self._away_until = time.monotonic() + self.settings.smtp_timeout_seconds
            self._called.clear()
        try:
            line = self._greeted()
            self._away_until = 0.0
        except _TROUBLE as error:
            self._away_until = time.monotonic() + AWAY_SECONDS
            raise Lost(type(error).__name__) from None
        finally:
            self._called.set()
        return line

    def keep(self, line: Line) -> None:
        """Keep a line on which the last letter was taken."""
        self._idle.append(line)
        self._away_until = 0.0

    def close_idle(self) -> None:
        """Leave those that nobody needed for a while."""
        worn = [line for line in self._idle if line.is_worn]
        self._idle[:] = [line for line in self._idle if line not in worn]
        for line in worn:  # they are nobody's by now: parting may let others run
            line.leave()

    def close(self) -> None:
        """Leave all."""
        while self._idle:
            self._idle.pop().leave()

    def _greeted(self) -> Line:
        settings = self.settings
        server = smtplib.SMTP(
            settings.smtp_host,
            settings.smtp_port,
            # the default would look our own name up, and so stop every greenlet of the process
            local_hostname=settings.sender_domain,
            timeout=settings.smtp_timeout_seconds,
        )
        try:
            self._introduce(server)
        except BaseException:
            server.close()
            raise
        return Line(server, settings)

    def _introduce(self, server: smtplib.SMTP) -> None:
        settings = self.settings
        if self._tls:
            server.starttls(context=self._tls)
        if settings.smtp_user and settings.smtp_password:
            server.login(settings.smtp_user, settings.smtp_password.get_secret_value())
        server.ehlo_or_helo_if_needed()


def _is_refusal(code: int) -> bool:
    return 400 <= code < 600
