"""The conversation with a mail server, a real one on loopback: taken, put off, refused, silent."""

import asyncio
import smtplib
import socket
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any, Final

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from prometheus_client import REGISTRY
from pydantic import ValidationError

from services.chassis import metrics
from services.chassis.errors import Unavailable
from services.chassis.settings import BadSettings, read_settings
from services.notify import lines
from services.notify.letters import written
from services.notify.lines import Lines, Unanswered
from services.notify.mail import Mail, NotTaken, PutOff, Undeliverable
from services.notify.settings import NotifySettings
from tests.conftest import eventually
from tests.unit.notify.test_letters import POST

BASE: dict[str, Any] = {
    "service": "notify",
    "amqp_uri": "amqp://x",
    "mongo_uri": "mongodb://x",
    "actor_keys": "k",
    "actor_key": "k",
}


class Desk:
    """An aiosmtpd handler that says what the test wants at each step."""

    def __init__(self) -> None:
        self.says: dict[str, str] = {}
        self.taken: list[Envelope] = []
        self.thinks: float = 0
        self.lines: list[Session] = []

    async def handle_MAIL(  # noqa: N802
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        envelope.mail_from = address
        if session not in self.lines:
            self.lines.append(session)
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
        await asyncio.sleep(self.thinks)
        return answer

    async def handle_QUIT(self, _server: SMTP, _session: Session, _envelope: Envelope) -> str:  # noqa: N802
        return self.says.get("QUIT", "221 Bye")


def settings(port: int, **more: Any) -> NotifySettings:
    return NotifySettings(**BASE, smtp_host="127.0.0.1", smtp_port=port, **{"smtp_timeout_seconds": 2, **more})


@contextmanager
def scripted(*callers: Sequence[str]) -> Iterator[tuple[int, list[bytes]]]:
    """A server that says these things in turn, to one caller after another, and hangs up; its port, and what it heard.

    It hears something after each thing it said but the last.
    """
    heard: list[bytes] = []

    def converse(caller: socket.socket, answers: Sequence[str]) -> None:
        for number, answer in enumerate(answers, 1):
            caller.sendall(f"{answer}\r\n".encode() if answer else b"")
            if number < len(answers):
                heard.append(_whole(caller, letter=answer.startswith("354")))

    def serve() -> None:
        for answers in callers:
            caller, _ = server.accept()
            with caller:
                converse(caller, answers)

    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        thread = threading.Thread(target=serve)
        thread.start()
        yield server.getsockname()[1], heard
        thread.join(5)


GREETED = ("220 a", "250 b")
TAKEN = ("250 c", "250 d", "354 e", "250 f")


def _whole(caller: socket.socket, *, letter: bool) -> bytes:
    said, end = b"", b"\r\n.\r\n" if letter else b"\r\n"
    while not said.endswith(end) and (more := caller.recv(65536)):
        said += more
    return said


def letters_in(heard: list[bytes]) -> list[bytes]:
    return [said for said in heard if said.endswith(b"\r\n.\r\n")]


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


def open_mail(port: int, **more: Any) -> Mail:
    return Mail(Lines(settings(port, **more)))


def hand_over(mail: Mail) -> None:
    mail.send(written(POST, mail.sender), POST.address)


def send(port: int, **more: Any) -> None:
    hand_over(open_mail(port, **more))


def test_a_letter_is_taken_over_once_with_its_envelope(desk: Desk, port: int) -> None:
    send(port)
    [envelope] = desk.taken
    assert envelope.mail_from == "khong-tra-loi@motcua.example.vn"
    assert envelope.rcpt_tos == ["mau@example.vn"]
    content = envelope.content
    assert isinstance(content, bytes)
    assert POST.notice_id.encode() in content


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
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


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("451 4.7.1 Greylisted", "451 4.7.1"),
        ("452 4.2.2 mau@example.vn is full", "452 4.2.2"),
        ("554 5.7.1 <mau@example.vn>: Relay access denied", "554 5.7.1"),  # ours to mend, or the recipient's rule
    ],
)
def test_a_refusal_for_now_is_about_the_letter_and_no_outage(
    desk: Desk, port: int, step: str, answer: str, reason: str
) -> None:
    desk.says[step] = answer
    with pytest.raises(PutOff) as refusal:
        send(port)
    assert refusal.value.reason == reason


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        *((step, "421 Closing") for step in ("MAIL", "RCPT", "DATA")),
        *((step, "530 5.7.0 Authentication required") for step in ("MAIL", "RCPT", "DATA")),
        ("MAIL", "451 4.3.0 Try again later"),
        ("MAIL", "550 5.1.8 Sender address rejected"),  # it is ours, and the same for all letters
        ("RCPT", "550 5.1.8 <a@example.vn>: Sender address rejected: Domain not found"),
        ("RCPT", "450 4.1.8 <a@example.vn>: Sender address rejected: Domain not found"),
        ("RCPT", "553 5.1.7 <a@example.vn>: Sender address rejected"),
        ("RCPT", "354 Go on"),
        ("RCPT", "Welcome"),
    ],
)
def test_what_is_about_us_or_the_server_is_an_outage(desk: Desk, port: int, step: str, answer: str) -> None:
    desk.says[step] = answer
    with pytest.raises(Unavailable):
        send(port)
    assert desk.taken == []


def test_a_letter_that_is_too_large_is_refused_where_its_size_is_told(desk: Desk, port: int) -> None:
    desk.says["MAIL"] = "552 5.3.4 Too large"
    with pytest.raises(Undeliverable):
        send(port)


def test_a_server_that_thinks_before_it_answers_gets_one_letter(desk: Desk, port: int) -> None:
    desk.thinks = 0.6
    send(port, smtp_timeout_seconds=0.2, smtp_answer_timeout_seconds=5)
    assert len(desk.taken) == 1


@pytest.mark.parametrize("answer", ["", "What?", "354 Go on"])
def test_no_answer_to_a_letter_is_an_outcome_of_its_own(answer: str) -> None:
    with scripted([*GREETED, *TAKEN[:-1], answer]) as (port, heard), pytest.raises(Unanswered):
        send(port)
    assert len(letters_in(heard)) == 1


def test_a_server_that_is_silent_about_a_letter_is_waited_for_to_the_end(desk: Desk, port: int) -> None:
    desk.thinks = 1
    with pytest.raises(Unanswered):
        send(port, smtp_answer_timeout_seconds=0.2)
    assert len(desk.taken) == 1


def test_one_letter_after_another_goes_on_the_same_line(desk: Desk, port: int) -> None:
    mail = open_mail(port)
    for _ in range(3):
        hand_over(mail)
    assert (len(desk.taken), len(desk.lines)) == (3, 1)


def test_letters_at_once_go_on_lines_of_their_own(desk: Desk, port: int) -> None:
    mail, desk.thinks = open_mail(port), 0.2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: hand_over(mail), range(4)))
    desk.thinks = 0
    hand_over(mail)
    assert (len(desk.taken), len(desk.lines)) == (5, 4)


@pytest.mark.parametrize("step", ["RCPT", "DATA"])
def test_a_line_on_which_anything_was_wrong_is_not_used_again(desk: Desk, port: int, step: str) -> None:
    mail = open_mail(port)
    desk.says[step] = "450 4.2.1 Not now"
    with pytest.raises(PutOff):
        hand_over(mail)
    desk.says.clear()
    hand_over(mail)
    assert len(desk.lines) == 2


def test_a_line_is_left_when_it_is_worn(desk: Desk, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LETTERS", 2)
    mail = open_mail(port)
    for _ in range(3):
        hand_over(mail)
    assert len(desk.lines) == 2
    monkeypatch.setattr(lines, "IDLE_SECONDS", 0)
    hand_over(mail)
    assert len(desk.lines) == 3


def test_idle_lines_are_closed_and_no_others(desk: Desk, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Lines(settings(port))
    hand_over(Mail(kept))
    kept.close_idle()
    hand_over(Mail(kept))
    assert len(desk.lines) == 1
    monkeypatch.setattr(lines, "IDLE_SECONDS", 0)
    kept.close_idle()
    assert kept.find_kept() is None


@pytest.mark.parametrize("farewell", [[], [""], ["421 4.4.2 Timeout, closing"]])
def test_a_line_closed_while_it_was_idle_is_replaced_and_nobody_notices(farewell: list[str]) -> None:
    with scripted([*GREETED, *TAKEN, *farewell], [*GREETED, *TAKEN]) as (port, heard):
        mail = open_mail(port)
        hand_over(mail)
        hand_over(mail)
    assert len(letters_in(heard)) == 2


def test_a_letter_that_was_out_is_not_sent_anew_by_itself() -> None:
    with scripted([*GREETED, *TAKEN, *TAKEN[:-1], ""]) as (port, heard):
        mail = open_mail(port)
        hand_over(mail)
        with pytest.raises(Unanswered):
            hand_over(mail)
    assert len(letters_in(heard)) == 2


def test_a_line_that_begins_with_a_dot_arrives_with_it(desk: Desk, port: int) -> None:
    mail = open_mail(port)
    mail.send(b"Subject: x\r\n\r\n.one\r\n..\r\n.\r\nend\r\n", POST.address)
    [envelope] = desk.taken
    assert envelope.content == b"Subject: x\r\n\r\n.one\r\n..\r\n.\r\nend\r\n"


def test_a_rude_farewell_does_not_unsend_what_was_taken(desk: Desk, port: int) -> None:
    desk.says["QUIT"] = "421 Go away"
    kept = Lines(settings(port))
    hand_over(Mail(kept))
    kept.close()
    assert len(desk.taken) == 1


@pytest.mark.parametrize(
    ("says", "outcome"),
    [("250 Yes", "ok"), ("550 5.1.1 No", "Refused"), ("451 4.7.1 Later", "Refused"), ("421 Closing", "Unavailable")],
)
def test_a_letter_is_counted_by_what_the_server_made_of_it(desk: Desk, port: int, says: str, outcome: str) -> None:
    metrics.CALLS.clear()
    desk.says["RCPT"] = says
    with suppress(NotTaken, Unavailable):
        send(port)
    assert REGISTRY.get_sample_value("motcua_call_seconds_count", {"target": "smtp.send", "outcome": outcome}) == 1


def test_without_a_server_it_is_an_outage() -> None:
    with pytest.raises(Unavailable):
        send(_closed_port())


def test_after_a_call_in_vain_nobody_calls_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "AWAY_SECONDS", 0.2)
    mail = open_mail(_closed_port())
    mail.check_is_there()
    with pytest.raises(Unavailable):
        hand_over(mail)
    with pytest.raises(Unavailable) as away:
        mail.check_is_there()
    assert away.value.code == "notify.mail_unavailable"
    eventually(lambda: not _is_away(mail))


def test_while_it_is_seen_whether_a_server_that_hung_is_back_nobody_else_calls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        kept = Lines(settings(silent.getsockname()[1], smtp_timeout_seconds=1))
        mail = Mail(kept)
        with pytest.raises(Unavailable):
            hand_over(mail)
        eventually(lambda: not kept.is_away)
        with ThreadPoolExecutor(1) as pool:
            alone = pool.submit(hand_over, mail)
            eventually(lambda: kept.is_away)
            with pytest.raises(Unavailable):
                alone.result()
        assert kept.is_away


def test_a_letter_that_comes_while_the_server_is_called_hears_that_it_is_back(
    desk: Desk, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = Lines(settings(_closed_port()))
    mail = Mail(kept)
    with pytest.raises(Unavailable):
        hand_over(mail)
    eventually(lambda: not kept.is_away)
    kept.settings = settings(port)
    call, picked_up = smtplib.SMTP, threading.Event()
    monkeypatch.setattr(smtplib, "SMTP", lambda *a, **k: call(*a, **k) if picked_up.wait(10) else None)
    monkeypatch.setattr(lines, "AWAY_SECONDS", 10.0)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hand_over, mail)
        eventually(lambda: kept.is_away)
        second = pool.submit(mail.check_is_there)
        with pytest.raises(TimeoutError):
            second.result(timeout=0.2)
        picked_up.set()
        first.result()
        second.result()
    assert len(desk.taken) == 1


def test_a_server_that_takes_a_letter_on_another_line_is_there(desk: Desk, port: int) -> None:
    kept = Lines(settings(port))
    mail = Mail(kept)
    busy = kept.dial()
    kept.settings = settings(_closed_port())
    with pytest.raises(Unavailable):
        hand_over(mail)
    assert kept.is_away
    kept.keep(busy)
    mail.check_is_there()
    hand_over(mail)
    assert len(desk.taken) == 1


def test_a_server_that_is_back_is_called_by_all(desk: Desk, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "AWAY_SECONDS", 0.0)
    kept = Lines(settings(_closed_port()))
    mail = Mail(kept)
    with pytest.raises(Unavailable):
        hand_over(mail)
    kept.settings = settings(port)
    hand_over(mail)
    mail.check_is_there()
    assert len(desk.taken) == 1


def _closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


def _is_away(mail: Mail) -> bool:
    with suppress(Unavailable):
        mail.check_is_there()
        return False
    return True


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


STACK: Final = {
    "MOTCUA_AMQP_URI": "amqp://x",
    "MOTCUA_MONGO_URI": "mongodb://x",
    "MOTCUA_ACTOR_KEYS": "keys.json",
    "MOTCUA_ACTOR_KEY": "key.json",
}


def test_settings_come_from_the_stack_or_from_the_service_alone() -> None:
    environment = {
        **STACK,
        "MOTCUA_SMTP_HOST": "127.0.0.1",
        "MOTCUA_SMTP_PORT": "2525",
        "NOTIFY_SMTP_PORT": "2526",
    }
    read = read_settings(NotifySettings, "notify", environment)
    assert (read.smtp_host, read.smtp_port, read.sender_domain) == ("127.0.0.1", 2526, "motcua.example.vn")


def test_every_missing_or_wrong_setting_is_named_and_no_secret_shown() -> None:
    environment = {
        **STACK,
        "MOTCUA_SMTP_PORT": "0",
        "NOTIFY_SMTP_PASSWORD": "hidden-word",
        "NOTIFY_SENDER_ADDRESS": "a@b\r\nBcc: c@example.vn",
    }
    with pytest.raises(BadSettings) as wrong:
        read_settings(NotifySettings, "notify", environment)
    for name in ("SMTP_HOST", "SMTP_PORT", "SMTP_PASSWORD", "SENDER_ADDRESS"):
        assert f"NOTIFY_{name}" in str(wrong.value)
    assert "hidden-word" not in str(wrong.value)


def test_a_letter_may_not_take_longer_than_a_message_may_be_in_hand() -> None:
    assert settings(25).longest_sending < timedelta(minutes=14)
    with pytest.raises(ValidationError, match="in hand"):
        settings(25, smtp_timeout_seconds=30, smtp_answer_timeout_seconds=600)


@pytest.mark.parametrize("name", ["NOTIFY_SMTP_USER", "NOTIFY_SMTP_PASSWORD"])
def test_credentials_that_smtp_cannot_carry_are_refused_by_name(name: str) -> None:
    environment = {
        **STACK,
        "MOTCUA_SMTP_HOST": "127.0.0.1",
        "MOTCUA_SMTP_PORT": "25",
        "NOTIFY_SMTP_STARTTLS": "true",
        "NOTIFY_SMTP_USER": "motcua",
        "NOTIFY_SMTP_PASSWORD": "hidden-word",
    }
    assert read_settings(NotifySettings, "notify", environment).smtp_user == "motcua"
    with pytest.raises(BadSettings, match=f"{name} .*ASCII"):
        read_settings(NotifySettings, "notify", {**environment, name: "mật khẩu"})


def test_a_password_never_travels_in_clear() -> None:
    with pytest.raises(ValidationError, match="STARTTLS"):
        settings(25, smtp_user="motcua", smtp_password="hidden-word")
    assert "hidden-word" not in repr(settings(25, smtp_starttls=True, smtp_user="m", smtp_password="hidden-word"))
