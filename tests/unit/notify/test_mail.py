"""The conversation with a mail server, a real one on loopback: taken, put off, refused, silent."""

import socket
import threading
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import ValidationError

from services.chassis.errors import Unavailable
from services.chassis.settings import BadSettings, read_settings
from services.notify.letters import written
from services.notify.mail import Mail, Undeliverable
from services.notify.settings import NotifySettings
from tests.unit.notify.test_letters import POST

BASE: dict[str, Any] = {"service": "notify", "amqp_uri": "amqp://x", "mongo_uri": "mongodb://x"}


class Desk:
    """An aiosmtpd handler that says what the test wants at each step."""

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.taken: list[Envelope] = []

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        return self.says.get("MAIL", "250 2.1.0 OK")

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(address)
        return self.says.get("RCPT", "250 2.1.5 OK")

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        answer = self.says.get("DATA", "250 2.0.0 OK")
        if answer.startswith("250"):
            self.taken.append(envelope)
        return answer

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return self.says.get("QUIT", "221 Bye")


def settings(port: int, **more: Any) -> NotifySettings:
    return NotifySettings(**BASE, smtp_host="127.0.0.1", smtp_port=port, **{"smtp_timeout_seconds": 2, **more})


def letter(sender: Address) -> EmailMessage:
    return written(POST, sender)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def port(desk: Desk) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    controller = Controller(desk, hostname="127.0.0.1", port=number)
    controller.start()
    yield number
    controller.stop()


def send(port: int, **more: Any) -> None:
    mail = Mail(settings(port, **more))
    mail.send(letter(mail.sender), POST.address)


def test_a_letter_is_taken_over_once_with_its_envelope(desk: Desk, port: int) -> None:
    send(port)
    [envelope] = desk.taken
    assert envelope.mail_from == "khong-tra-loi@motcua.example.vn"
    assert envelope.rcpt_tos == ["mau@example.vn"]
    content = envelope.content
    assert isinstance(content, bytes)
    assert POST.notice_id.encode() in content


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "reason"), [("550 5.1.1 No such user mau@example.vn", "550 5.1.1"), ("554 No", "554")]
)
def test_a_permanent_refusal_names_the_code_and_no_address(
    desk: Desk, port: int, step: str, answer: str, reason: str
) -> None:
    desk.says[step] = answer
    with pytest.raises(Undeliverable) as refusal:
        send(port)
    assert refusal.value.reason == reason


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["451 4.3.0 Try again later", "421 Closing", "530 5.7.0 Authentication required"])
def test_what_may_succeed_later_is_an_outage(desk: Desk, port: int, step: str, answer: str) -> None:
    desk.says[step] = answer
    with pytest.raises(Unavailable):
        send(port)
    assert desk.taken == []


def test_a_rude_farewell_does_not_unsend_what_was_taken(desk: Desk, port: int) -> None:
    desk.says["QUIT"] = "421 Go away"
    send(port)
    assert len(desk.taken) == 1


def test_without_a_server_it_is_an_outage() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = free.getsockname()[1]
    with pytest.raises(Unavailable):
        send(closed)


def test_a_server_that_says_nothing_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(Unavailable):
        send(silent.getsockname()[1], smtp_timeout_seconds=0.2)


def test_a_server_that_breaks_off_is_an_outage() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def break_off() -> None:
            caller, _ = server.accept()
            caller.sendall(b"220 hello\r\n")
            caller.recv(1000)
            caller.close()

        thread = threading.Thread(target=break_off)
        thread.start()
        with pytest.raises(Unavailable):
            send(server.getsockname()[1])
        thread.join(5)


def test_a_server_that_cannot_be_trusted_gets_no_letter(desk: Desk, port: int) -> None:
    with pytest.raises(Unavailable):
        send(port, smtp_starttls=True)
    assert desk.taken == []


def test_settings_come_from_the_stack_or_from_the_service_alone() -> None:
    environment = {
        "MOTCUA_AMQP_URI": "amqp://x",
        "MOTCUA_MONGO_URI": "mongodb://x",
        "MOTCUA_SMTP_HOST": "127.0.0.1",
        "MOTCUA_SMTP_PORT": "2525",
        "NOTIFY_SMTP_PORT": "2526",
    }
    read = read_settings(NotifySettings, "notify", environment)
    assert (read.smtp_host, read.smtp_port, read.sender_domain) == ("127.0.0.1", 2526, "motcua.example.vn")


def test_every_missing_or_wrong_setting_is_named_and_no_secret_shown() -> None:
    environment = {
        "MOTCUA_AMQP_URI": "amqp://x",
        "MOTCUA_MONGO_URI": "mongodb://x",
        "MOTCUA_SMTP_PORT": "0",
        "NOTIFY_SMTP_PASSWORD": "hidden-word",
        "NOTIFY_SENDER_ADDRESS": "a@b\r\nBcc: c@example.vn",
    }
    with pytest.raises(BadSettings) as wrong:
        read_settings(NotifySettings, "notify", environment)
    for name in ("SMTP_HOST", "SMTP_PORT", "SMTP_PASSWORD", "SENDER_ADDRESS"):
        assert f"NOTIFY_{name}" in str(wrong.value)
    assert "hidden-word" not in str(wrong.value)


def test_a_password_never_travels_in_clear() -> None:
    with pytest.raises(ValidationError, match="STARTTLS"):
        settings(25, smtp_user="motcua", smtp_password="hidden-word")
    assert "hidden-word" not in repr(settings(25, smtp_starttls=True, smtp_user="m", smtp_password="hidden-word"))
