"""Handing a letter to the mail server: one conversation a letter, every step with an end."""

import contextlib
import re
import smtplib
import ssl
from email.headerregistry import Address
from email.message import EmailMessage

from services.chassis.errors import Unavailable
from services.chassis.logs import log
from services.notify.settings import NotifySettings

_ENHANCED = re.compile(rb"[245]\.[0-9]{1,3}\.[0-9]{1,3}(?=\s|$)")
_PERMANENT = 500
_ABOUT_US = frozenset({530, 534, 535, 538})  # who we are is in question, not the letter


class Undeliverable(Exception):
    """The mail server will never take this letter; `reason` is its code, such as `550 5.1.1`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Mail:
    """The way to one mail server."""

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings
        self.sender = Address(display_name=settings.sender_name, addr_spec=settings.sender_address)

    def send(self, message: EmailMessage, address: str) -> None:
        """Hand `message` over. When this returns, the server has taken it. Raises Undeliverable, Unavailable."""
        server = self._open()
        try:
            server.sendmail(self._settings.sender_address, [address], message.as_bytes())
        except smtplib.SMTPRecipientsRefused as error:
            raise _judged(*error.recipients[address]) from None
        except smtplib.SMTPResponseException as error:
            raise _judged(error.smtp_code, error.smtp_error) from None
        except (smtplib.SMTPException, OSError) as error:
            raise _unavailable(type(error).__name__) from None
        finally:
            _leave(server)

    def _open(self) -> smtplib.SMTP:
        """A server that has greeted us. What goes wrong here is not the letter's fault."""
        settings = self._settings
        try:
            server = smtplib.SMTP(
                settings.smtp_host,
                settings.smtp_port,
                # the default would look our own name up, and so stop every greenlet of the process
                local_hostname=settings.sender_domain,
                timeout=settings.smtp_timeout_seconds,
            )
        except (smtplib.SMTPException, OSError) as error:
            raise _unavailable(type(error).__name__) from None
        try:
            _secure(server, settings)
        except (smtplib.SMTPException, OSError) as error:
            server.close()
            raise _unavailable(type(error).__name__) from None
        return server


def _secure(server: smtplib.SMTP, settings: NotifySettings) -> None:
    if settings.smtp_starttls:
        server.starttls(context=ssl.create_default_context())
    if settings.smtp_user and settings.smtp_password:
        server.login(settings.smtp_user, settings.smtp_password.get_secret_value())


def _leave(server: smtplib.SMTP) -> None:
    """Part politely if the server lets us: what it has taken it keeps either way."""
    with contextlib.suppress(smtplib.SMTPException, OSError):
        server.quit()
    server.close()


def _judged(code: int, words: bytes | str) -> Exception:
    if code < _PERMANENT or code in _ABOUT_US:
        return _unavailable(str(code))
    raw = words.encode("ascii", "replace") if isinstance(words, str) else words
    enhanced = _ENHANCED.match(raw)
    return Undeliverable(f"{code} {enhanced[0].decode()}" if enhanced else str(code))


def _unavailable(reason: str) -> Unavailable:
    log.warning("mail_server_unavailable", reason=reason)
    return Unavailable("notify.mail_unavailable", "The mail server does not answer.", "Máy chủ thư chưa sẵn sàng.")
