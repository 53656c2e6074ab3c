"""The sandbox mailbox: letters in over real SMTP, out as pages and JSON, faults by plan."""

import signal
import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.integration.programs.sandbox_programs import Program, free_port, run

_numbers = count(1)


@dataclass
class Mailbox:
    """A running mailbox, its doors and its folder."""

    folder: Path
    smtp_port: int
    http_port: int

    def settings(self) -> dict[str, str]:
        return {
            "SANDBOX_DATA_DIR": str(self.folder),
            "SANDBOX_SMTP_PORT": str(self.smtp_port),
            "SANDBOX_MAILBOX_PORT": str(self.http_port),
        }

    @contextmanager
    def running(self) -> Iterator[Program]:
        program = Program("deploy.sandbox.mailbox", self.settings(), self.folder / "log")
        try:
            yield program
        finally:
            code = program.stop()
        assert code in (0, -signal.SIGKILL)

    def send(self, content: bytes, *to: str, sender: str = "mot-cua@example.vn") -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as smtp:
            smtp.sendmail(sender, to or ("dan@example.vn",), content)

    def get(self, path: str, **asked: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.http_port}{path}", params=asked, timeout=10)

    def letters(self, **asked: str) -> list[dict[str, Any]]:
        return list(self.get("/messages.json", **asked).json()["messages"])

    def plan(self, body: object) -> requests.Response:
        return requests.post(f"http://127.0.0.1:{self.http_port}/sandbox/plan", json=body, timeout=10)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    mailbox = Mailbox(tmp_path_factory.mktemp("mailbox"), free_port(), free_port())
    with mailbox.running() as program:
        yield mailbox
    assert program.process.returncode == 0


@pytest.fixture
def mailbox(shared: Mailbox) -> Mailbox:
    assert shared.plan({"smtp": "ok"}).json() == {"planned": 0}
    return shared


def someone() -> str:
    """An address nobody else in these tests has."""
    return f"dan{next(_numbers)}@example.vn"


def notice(to: str, subject: str = "Hồ sơ đã được tiếp nhận", text: str = "Kính gửi Ông/Bà") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = "Một Cửa <mot-cua@example.vn>"
    message["To"] = to
    message["Subject"] = subject
    message["Message-ID"] = f"<notice-{to}>"
    message.set_content(text)
    return message


def test_a_letter_with_vietnamese_text_html_and_a_file_is_read_back_whole(mailbox: Mailbox) -> None:
    to = someone()
    message = notice(to, text="Hồ sơ của Ông/Bà đã được tiếp nhận.")
    message.add_alternative("<p>Hồ sơ của <b>Ông/Bà</b></p>", subtype="html")
    message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="phiếu hẹn.pdf")
    mailbox.send(message.as_bytes(), to)
    [letter] = mailbox.letters(to=to)
    assert letter["subject"] == "Hồ sơ đã được tiếp nhận"
    assert (letter["sender"], letter["recipients"]) == ("mot-cua@example.vn", [to])
    assert {"name": "From", "value": "Một Cửa <mot-cua@example.vn>"} in letter["headers"]
    assert letter["text"].strip() == "Hồ sơ của Ông/Bà đã được tiếp nhận."
    assert letter["html"].strip() == "<p>Hồ sơ của <b>Ông/Bà</b></p>"
    assert letter["attachments"] == [{"filename": "phiếu hẹn.pdf", "content_type": "application/pdf", "size": 8}]


def test_the_stored_letter_is_the_one_that_was_sent_byte_for_byte(mailbox: Mailbox) -> None:
    to, content = someone(), b"Subject: x\r\n\r\n.a line with a dot\r\n\xff\xfe raw\r\n"
    mailbox.send(content, to)
    source = mailbox.get(f"/messages/{mailbox.letters(to=to)[0]['id']}.eml")
    assert source.content.endswith(content)
    assert len(list((mailbox.folder / "mail").glob("*.part"))) == 0


def test_letters_are_found_by_message_id_with_or_without_brackets(mailbox: Mailbox) -> None:
    to = someone()
    mailbox.send(notice(to).as_bytes(), to)
    assert len(mailbox.letters(message_id=f"<notice-{to}>")) == 1
    assert len(mailbox.letters(message_id=f"notice-{to}")) == 1
    assert mailbox.letters(to=to, message_id="<other>") == []


def test_the_same_letter_received_twice_is_kept_twice(mailbox: Mailbox) -> None:
    to = someone()
    for _ in range(2):
        mailbox.send(notice(to).as_bytes(), to)
    assert len(mailbox.letters(to=to)) == 2


def test_a_hidden_recipient_is_found_by_the_envelope(mailbox: Mailbox) -> None:
    shown, hidden = someone(), someone()
    mailbox.send(notice(shown).as_bytes(), shown, hidden)
    assert mailbox.letters(to=hidden)[0]["recipients"] == [shown, hidden]


def test_the_page_lists_the_newest_first_and_filters(mailbox: Mailbox) -> None:
    to, other = someone(), someone()
    for address, subject in ((to, "Thư một"), (to, "Thư hai"), (other, "Thư ba")):
        mailbox.send(notice(address, subject).as_bytes(), address)
    page = mailbox.get("/", to=to.upper()).text
    assert 0 < page.index("Thư hai") < page.index("Thư một")
    assert "Thư ba" not in page
    assert "Thư ba" in mailbox.get("/", subject="thư BA").text


def test_markup_in_a_letter_is_shown_and_never_run(mailbox: Mailbox) -> None:
    to, evil = someone(), "<script>alert(1)</script>"
    message = notice(to, subject=evil, text=evil)
    message.add_alternative(evil, subtype="html")
    mailbox.send(message.as_bytes(), to)
    letter = mailbox.letters(to=to)[0]
    for page in (mailbox.get("/", to=to), mailbox.get(f"/messages/{letter['id']}"), mailbox.get("/", to=evil)):
        assert page.status_code == 200
        assert "<script" not in page.text
        assert "&lt;script&gt;" in page.text
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no header at all",
        b"Subject: =?utf-9?q?=ff?=\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff",
        b"Subject: th\xc6\xb0 th\xc3\xb4\r\nContent-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800",
        b"Content-Type: multipart/mixed\r\n\r\n--broken",
        b"Content-Type: text/plain; charset=idna\r\nContent-Transfer-Encoding: base64\r\n\r\n4pyT=",
    ],
)
def test_a_malformed_letter_is_kept_and_readable(mailbox: Mailbox, content: bytes) -> None:
    to = someone()
    mailbox.send(content, to)
    [letter] = mailbox.letters(to=to)
    assert mailbox.get(f"/messages/{letter['id']}").status_code == 200
    assert mailbox.get("/", to=to).status_code == 200


def test_an_unknown_letter_is_not_found(mailbox: Mailbox) -> None:
    for name in ("nothing", "..%2f..%2fsecret", "nothing.eml"):
        assert mailbox.get(f"/messages/{name}").status_code == 404


def test_a_server_planned_down_hangs_up_the_planned_number_of_times(mailbox: Mailbox) -> None:
    to = someone()
    assert mailbox.plan({"smtp": "down", "times": 2}).json() == {"planned": 2}
    for _ in range(2):
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            mailbox.send(notice(to).as_bytes(), to)
    mailbox.send(notice(to).as_bytes(), to)
    assert len(mailbox.letters(to=to)) == 1


def test_a_server_planned_down_also_hangs_up_on_who_stayed_connected(mailbox: Mailbox) -> None:
    to = someone()
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=10) as smtp:
        smtp.sendmail("mot-cua@example.vn", to, notice(to).as_bytes())
        mailbox.plan({"smtp": "down"})
        with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
            smtp.sendmail("mot-cua@example.vn", to, notice(to).as_bytes())
    mailbox.send(notice(to).as_bytes(), to)
    assert len(mailbox.letters(to=to)) == 2


def test_several_letters_may_come_on_one_connection(mailbox: Mailbox) -> None:
    to = someone()
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=10) as smtp:
        for number in range(3):
            smtp.sendmail("mot-cua@example.vn", to, notice(to, f"Thư {number}").as_bytes())
    assert sorted(letter["subject"] for letter in mailbox.letters(to=to)) == ["Thư 0", "Thư 1", "Thư 2"]


def test_a_temporary_failure_is_a_4xx_to_the_letter_and_stores_nothing(mailbox: Mailbox) -> None:
    to = someone()
    mailbox.plan({"smtp": "tempfail"})
    with pytest.raises(smtplib.SMTPDataError) as failure:
        mailbox.send(notice(to).as_bytes(), to)
    assert failure.value.smtp_code == 451
    assert mailbox.letters(to=to) == []
    mailbox.send(notice(to).as_bytes(), to)
    assert len(mailbox.letters(to=to)) == 1


def test_a_rejection_is_a_5xx_to_the_recipient_and_stores_nothing(mailbox: Mailbox) -> None:
    to = someone()
    mailbox.plan({"smtp": "reject"})
    with pytest.raises(smtplib.SMTPRecipientsRefused) as failure:
        mailbox.send(notice(to).as_bytes(), to)
    assert failure.value.recipients[to][0] == 550
    assert mailbox.letters(to=to) == []


def test_planned_faults_come_in_the_order_they_were_planned(mailbox: Mailbox) -> None:
    to = someone()
    mailbox.plan({"smtp": "tempfail"})
    assert mailbox.plan({"smtp": "reject"}).json() == {"planned": 2}
    with pytest.raises(smtplib.SMTPDataError):
        mailbox.send(notice(to).as_bytes(), to)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        mailbox.send(notice(to).as_bytes(), to)
    mailbox.send(notice(to).as_bytes(), to)
    assert len(mailbox.letters(to=to)) == 1


@pytest.mark.parametrize("body", [None, [], {}, {"smtp": "slow"}, {"smtp": "down", "times": -1}, {"ipn": "lost"}])
def test_a_plan_that_makes_no_sense_is_refused(mailbox: Mailbox, body: object) -> None:
    assert mailbox.plan(body).status_code == 400


def test_health_says_ok(mailbox: Mailbox) -> None:
    assert mailbox.get("/health").json() == {"status": "ok"}


def test_a_killed_mailbox_still_has_its_letters(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path, free_port(), free_port())
    to = someone()
    with mailbox.running() as program:
        mailbox.send(notice(to).as_bytes(), to)
        before = mailbox.letters()
        program.kill()
    (tmp_path / "mail" / "half.part").write_bytes(b"Subject: half")
    with mailbox.running():
        assert mailbox.letters() == before
    assert [letter["recipients"] for letter in before] == [[to]]
    assert not (tmp_path / "mail" / "half.part").exists()


def test_every_problem_with_the_settings_is_told_at_once() -> None:
    ended = run("deploy.sandbox.mailbox", {"SANDBOX_SMTP_PORT": "0", "SANDBOX_MAILBOX_PORT": "mail"})
    assert ended.returncode == 2
    for name in ("SANDBOX_SMTP_PORT", "SANDBOX_MAILBOX_PORT", "SANDBOX_DATA_DIR"):
        assert name in ended.stderr
