"""Handing a letter to the mail server, and what its answers mean: taken, not now, never, or nobody knows."""

import re
from contextlib import suppress
from email.headerregistry import Address
from typing import Final

from services.chassis import metrics, spans
from services.chassis.errors import Refused, Unavailable
from services.chassis.logs import log
from services.notify.lines import Line, Lines, Lost, Refusal, Unanswered

_ENHANCED = re.compile(rb"[245]\.([0-9]{1,3}\.[0-9]{1,3})(?=\s|$)")
_PERMANENT = 500
_TOO_LARGE = 552
# The server closes, or who we are is in question (RFC 4954, RFC 3207): an outage, whatever letter it is said to.
_ABOUT_US = frozenset({421, 454, 530, 534, 535, 538})
_BAD_SENDER = frozenset({b"1.7", b"1.8"})  # RFC 3463; many servers say it of the sender no sooner than at RCPT
_POLICY = b"7."  # who may send what to whom: also `Relay access denied`, which somebody mends within hours


class NotTaken(Exception):
    """The mail server did not take this letter; `reason` is its code, such as `550 5.1.1`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undeliverable(NotTaken):
    """It never will."""


class PutOff(NotTaken):
    """It may later. That is said of this letter; others it may take meanwhile."""


_SEND: Final = "smtp.send"
_TOLD: Final = {NotTaken: Refused.__name__, Unanswered: Unavailable.__name__}  # as calls are counted


class Mail:
    """The way to one mail server."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        metrics.begin_outcomes(metrics.CALLS, _SEND)
        settings = lines.settings
        self.sender = Address(display_name=settings.sender_name, addr_spec=settings.sender_address)

    def check_is_there(self) -> None:
        """Raises Unavailable while the server is known to be away: of a letter nothing need be read or written then.

        A letter that comes while somebody calls it hears what comes of that, or it would be put off for half a minute.
        """
        if self._lines.is_away:
            self._lines.await_call()
        if self._lines.is_away:
            raise _away()

    def send(self, letter: bytes, address: str) -> None:
        """When this returns, the server has taken it. Raises Undeliverable, PutOff, Unanswered, Unavailable."""
        settings = self._lines.settings
        with metrics.called(_SEND, _TOLD), spans.sending_mail(settings.smtp_host, settings.smtp_port):
            self._send(letter, address)

    def _send(self, letter: bytes, address: str) -> None:
        try:
            line = self._announce(address, len(letter))
            line.hand_over(letter)
        except Lost as error:
            raise _unavailable(str(error)) from None
        except Refusal as refusal:
            raise _judged(refusal) from None
        self._lines.keep(line)

    def _announce(self, address: str, size: int) -> Line:
        """A line on which the server awaits the letter: a kept one unless it was closed while it was idle."""
        sender, kept = self.sender.addr_spec, self._lines.find_kept()
        if kept is not None:
            with suppress(Lost):
                kept.announce(sender, address, size)
                return kept
        line = self._lines.dial()
        line.announce(sender, address, size)
        return line


def _judged(refusal: Refusal) -> Exception:
    """At MAIL the server speaks of us, who have one address for all letters; unless it names the letter's size.

    Later it may speak of us too. Where it says so, no letter goes; where it may be us or the recipient, one is put off.
    """
    code, enhanced = refusal.code, _ENHANCED.match(refusal.words)
    detail = enhanced[1] if enhanced else b""
    reason = f"{code} {enhanced[0].decode()}" if enhanced else str(code)
    if code in _ABOUT_US or detail in _BAD_SENDER or (refusal.step == "MAIL" and code != _TOO_LARGE):
        return _unavailable(reason)
    return Undeliverable(reason) if code >= _PERMANENT and not detail.startswith(_POLICY) else PutOff(reason)


def _unavailable(reason: str) -> Unavailable:
    log.warning("mail_server_unavailable", reason=reason)
    return _away()


def _away() -> Unavailable:
    return Unavailable("notify.mail_unavailable", "The mail server does not answer.", "Máy chủ thư chưa sẵn sàng.")
