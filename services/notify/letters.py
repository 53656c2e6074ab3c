"""A rendered notice as the bytes of a MIME message: the same bytes each time it is made.

Written by hand: the standard library's message objects parse and fold every header anew, which took more time than all
the rest of sending.
"""

import re
from base64 import b64encode
from binascii import b2a_qp
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.utils import format_datetime

from services.contracts.catalogue.dates import VIETNAM
from services.notify.templates import Rendered
from services.notify.wording import one_line

_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDRESS = re.compile(
    rf"{_WORD}(\.{_WORD})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+"
)  # RFC 5322 dot-atoms, as intake takes them
# What may stand in a header as it is; anything else is encoded, also what only looks encoded.
_PLAIN = re.compile(r"[A-Za-z0-9.-]+( [A-Za-z0-9.-]+)*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9-]+( [A-Za-z0-9-]+)*")
_LONGEST_PLAIN = 60
_MOST_OCTETS = 39  # of an encoded word: with the longest name of a header before it, 76 characters (RFC 2047, 2)
_LINE_END = re.compile(r"\r\n?")


class BadAddress(ValueError):
    """Nothing can be addressed to this."""


@dataclass(frozen=True, slots=True)
class Post:
    """A letter on its way: what it says and to whom. `notice_id` names it, however often it is sent."""

    notice_id: str
    dossier_code: str
    name: str
    address: str
    rendered: Rendered
    written_at: datetime


def written(post: Post, sender: Address) -> bytes:
    """The message. Names and words cannot become headers: what is not plain is encoded. Raises BadAddress."""
    if not _ADDRESS.fullmatch(post.address):
        raise BadAddress
    boundary = f"=_{post.notice_id}"  # no line of a body begins so: there every = is written =3D
    head = (
        f"From: {_mailbox(sender.display_name, sender.addr_spec)}",
        f"To: {_mailbox(post.name, post.address)}",
        f"Subject: {_text(post.rendered.subject, _PLAIN)}",
        f"Date: {format_datetime(post.written_at.astimezone(VIETNAM))}",
        f"Message-ID: <{post.notice_id}@{sender.domain}>",
        "Auto-Submitted: auto-generated",  # RFC 3834: no answering machine shall answer
        f"X-Motcua-Dossier: {_text(post.dossier_code, _PLAIN)}",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative; boundary="{boundary}"',
        "",
        "",
    )
    plain, html = _part("plain", post.rendered.text), _part("html", post.rendered.html)
    mark = f"--{boundary}".encode("ascii")
    return "\r\n".join(head).encode("ascii") + b"\r\n".join((mark, plain, mark, html, mark + b"--", b""))


def _mailbox(name: str, address: str) -> str:
    shown = _text(name, _PLAIN_NAME)
    if not shown:
        return address
    return f"{shown}\r\n <{address}>" if shown.startswith("=?") else f"{shown} <{address}>"


def _text(words: str, plain: re.Pattern[str]) -> str:
    """One line of words as a header carries them."""
    line = one_line(words)
    if not line or (len(line) <= _LONGEST_PLAIN and plain.fullmatch(line)):
        return line
    encoded = (b64encode(octets).decode("ascii") for octets in _cut(line))
    return "\r\n ".join(f"=?utf-8?b?{word}?=" for word in encoded)


def _cut(line: str) -> Iterator[bytes]:
    """Pieces that fit into an encoded word each, cut between letters (RFC 2047, 5)."""
    piece = b""
    for letter in line:
        octets = letter.encode()
        if len(piece) + len(octets) > _MOST_OCTETS:
            yield piece
            piece = b""
        piece += octets
    yield piece


def _part(subtype: str, words: str) -> bytes:
    """A body in quoted-printable: nobody is asked whether 8BITMIME is spoken."""
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    lines = b2a_qp(_LINE_END.sub("\n", words).encode())
    return head.encode("ascii") + lines.replace(b"\n", b"\r\n")
