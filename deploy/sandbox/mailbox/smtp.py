"""The SMTP side: takes any letter for anybody, unless the operator planned a fault."""

import asyncio
import logging
from typing import cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Session
from aiosmtpd.smtp import Envelope as SmtpEnvelope

from deploy.sandbox.mailbox.faults import Faults
from deploy.sandbox.mailbox.letters import Envelope, Letters
from deploy.sandbox.serving import HOST

log = logging.getLogger("sandbox.smtp")


class Reception:
    """aiosmtpd's handler: one method for each SMTP command that matters here."""

    def __init__(self, letters: Letters, faults: Faults) -> None:
        self._letters = letters
        self._faults = faults

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: SmtpEnvelope, address: str, options: list[str]
    ) -> str:
        """A rejection is said where real servers say it: to the recipient's address."""
        if self._faults.strikes("reject"):
            return "550 5.1.1 Mailbox unavailable (planned)"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: SmtpEnvelope) -> str:  # noqa: N802
        """Say 250 only when the letter is on disk."""
        if self._faults.strikes("tempfail"):
            return "451 4.3.0 Try again later (planned)"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        outside = Envelope(envelope.mail_from or "", tuple(envelope.rcpt_tos))
        try:
            letter = await asyncio.to_thread(self._letters.keep, outside, content)
        except OSError:
            log.exception("a letter could not be stored")
            return "452 4.3.1 Cannot store the letter"
        log.info("letter %s stored", letter.id)
        return f"250 2.0.0 OK {letter.id}"


class _Door(SMTP):
    """Closes the connection without a word when the server is planned to be down, also one that was kept open."""

    faults: Faults

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._hang_up_if_down()

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        """The beginning of a letter."""
        if not self._hang_up_if_down():
            await super().smtp_MAIL(arg)

    def _hang_up_if_down(self) -> bool:
        if not self.faults.strikes("down"):
            return False
        if self._handler_coroutine is not None:
            self._handler_coroutine.cancel()  # before it says anything
        cast("asyncio.WriteTransport", self.transport).abort()
        return True


class SmtpServer(Controller):
    """The SMTP server on loopback, in a thread of its own."""

    def __init__(self, letters: Letters, faults: Faults, port: int) -> None:
        super().__init__(Reception(letters, faults), hostname=HOST, port=port, server_hostname="mailbox.example.vn")
        self._faults = faults

    def factory(self) -> SMTP:
        """One protocol object a connection."""
        door = _Door(self.handler, **self.SMTP_kwargs)
        door.faults = self._faults
        return door
