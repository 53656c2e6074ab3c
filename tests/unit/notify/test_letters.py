"""Letters on the wire: whole, addressed, and closed to what names and addresses may carry."""

import email
import re
from dataclasses import replace
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contracts.catalogue.numbers import Email
from services.notify.letters import BadAddress, Post, written
from services.notify.templates import Rendered
from services.notify.wording import one_line
from tests.unit.notify.builders import AT, CODE

SENDER = Address("Cổng dịch vụ công", addr_spec="khong-tra-loi@motcua.example.vn")
POST = Post(
    notice_id="6f0a7d0e-7d52-5b5e-8f55-0f6f4f0a9f11",
    dossier_code=CODE,
    name="Nguyễn Thị Mẫu",
    address="mau@example.vn",
    rendered=Rendered(f"Hồ sơ {CODE} đã được tiếp nhận / Dossier accepted", "Kính gửi\n", "<p>Kính gửi</p>"),
    written_at=AT,
)
HEADERS = ["From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Motcua-Dossier", "MIME-Version"]


def on_the_wire(post: Post) -> EmailMessage:
    """The letter as the recipient's program reads it."""
    message = email.message_from_bytes(written(post, SENDER), policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_letter_carries_its_words_in_both_forms_and_names_only_the_code() -> None:
    message = on_the_wire(POST)
    assert message["Subject"] == POST.rendered.subject
    assert message["To"] == "Nguyễn Thị Mẫu <mau@example.vn>"
    assert message["Message-ID"] == f"<{POST.notice_id}@motcua.example.vn>"
    assert message["X-Motcua-Dossier"] == CODE
    assert message["Date"].datetime == AT
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines() == ["Kính gửi"]
    assert html.get_content().strip() == "<p>Kính gửi</p>"


def test_the_same_notice_is_the_same_bytes_however_often_it_is_written() -> None:
    assert written(POST, SENDER) == written(POST, SENDER)


def test_a_letter_is_plain_seven_bit_lines() -> None:
    raw = written(POST, SENDER)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


@pytest.mark.parametrize(
    "name", ["A\r\nBcc: x@example.vn", "A\nBcc: x@example.vn\n\nBody", "A\u2028Bcc: x", "A\x00\x0bB"]
)
def test_a_name_cannot_become_a_header(name: str) -> None:
    message = on_the_wire(replace(POST, name=name))
    assert [key for key in message if key not in HEADERS] == ["Content-Type"]
    assert [address.addr_spec for address in message["To"].addresses] == ["mau@example.vn"]


@given(st.text(max_size=80))
def test_whatever_a_name_holds_the_letter_goes_to_one_address_only(name: str) -> None:
    post = replace(POST, name=name.encode("utf-8", "ignore").decode())
    message = on_the_wire(post)
    assert [address.addr_spec for address in message["To"].addresses] == ["mau@example.vn"]
    assert message["Bcc"] is None
    assert message["Cc"] is None


@given(st.text(max_size=300))
def test_words_arrive_as_they_were_written(words: str) -> None:
    words = words.encode("utf-8", "ignore").decode()
    message = on_the_wire(replace(POST, rendered=Rendered(words, words, words)))
    assert message["Subject"] == one_line(words)
    for subtype in ("plain", "html"):
        part = message.get_body((subtype,))
        assert part is not None
        got = part.get_payload(decode=True)
        assert isinstance(got, bytes)
        assert got.decode() == "\r\n".join(re.split("\r\n|\r|\n", words))


@given(st.text(max_size=300))
def test_every_line_is_short_ascii_and_ends_as_smtp_wants_it(words: str) -> None:
    words = words.encode("utf-8", "ignore").decode()
    raw = written(replace(POST, name=words, rendered=Rendered(words, words, words)), SENDER)
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r") == raw.count(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 100  # the boundary's line; every other has 76 at most
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(len(line) for line in head if b"=?" in line) <= 76


@pytest.mark.parametrize("name", ["=?utf-8?q?Chi_c=E1=BB=A5c?=", 'A "B" <c@example.vn>', "A, B", "A (B)", "x@y.vn"])
def test_a_name_that_looks_like_syntax_is_shown_letter_by_letter(name: str) -> None:
    [address] = on_the_wire(replace(POST, name=name))["To"].addresses
    assert (address.display_name, address.addr_spec) == (name, "mau@example.vn")


def test_a_long_name_is_cut_between_letters_and_comes_together_again() -> None:
    name = "Công ty trách nhiệm hữu hạn một thành viên Đầu tư và Phát triển " * 3
    raw = email.message_from_bytes(written(replace(POST, name=name), SENDER))["To"]
    assert str(make_header(decode_header(raw))) == f"{name.strip()} <mau@example.vn>"


def test_a_plain_name_stays_readable_on_the_wire_and_an_erased_one_is_left_out() -> None:
    assert b"To: Nguyen Van A <mau@example.vn>\r\n" in written(replace(POST, name="Nguyen Van A"), SENDER)
    assert b"To: mau@example.vn\r\n" in written(replace(POST, name=" \u2028"), SENDER)


@pytest.mark.parametrize(
    ("given", "on_the_wire"),
    [
        ("a.b@Example.VN", "a.b@example.vn"),
        ("a@bộ.vn", "a@xn--b-8xm.vn"),
        ("a@xn--b-8xm.vn", "a@xn--b-8xm.vn"),
        ("o'b+x@tênmiềntiếngviệt.vn", "o'b+x@xn--tnmintingvit-oeb8308h0a8h.vn"),
    ],
)
def test_an_address_that_intake_takes_can_be_written_to(given: str, on_the_wire: str) -> None:
    post = replace(POST, name="Mau", address=Email().deserialize(given))
    assert post.recipient == on_the_wire
    assert f"To: Mau <{on_the_wire}>".encode() in written(post, SENDER).split(b"\r\n")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "mau",
        "mau@",
        "a@example.vn, b@example.vn",
        "a@example.vn\r\nBcc: b@example.vn",
        "a b@example.vn",
        "mẫu@example.vn",
        "mẫu@bộ.vn",
        "a@bộ..vn",
        "a@xn--zzzzzzz9999.bộ.vn",
        "<a@example.vn>",
        "@example.vn",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        written(replace(POST, address=address), SENDER)
