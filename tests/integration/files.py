"""Files that are what they claim, files that are not, and a sender whose line breaks."""

import hashlib
import io
import json
import socket
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from services.cli.demo.town import fresh
from tests.integration.world import CITIZEN, World

_BODY: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n"
_XREF: Final = b"xref\n0 1\n0000000000 65535 f \ntrailer<</Root 1 0 R/Size 2>>\nstartxref\n%d\n%%%%EOF\n%% "
PDF: Final = _BODY + _XREF % len(_BODY)
_FULL: Final = _BODY + b"%" + b"x" * 3_000_000 + b"\n"
LARGE: Final = _FULL + _XREF % len(_FULL)  # several chunks of the store
PNG: Final = (
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x02\0\0\0\x90wS\xde"
    b"\0\0\0\x0cIDATx\x9cc```\0\0\0\x04\0\x01\xf6\x178U\0\0\0\0IEND\xaeB`\x82"
)
JPEG: Final = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000"  # the kind
    "ffc0000b080001000101011100"  # the frame
    "ffda0008010100003f002aff00ffd9"  # the scan, and the end
)
_MAIN: Final = (
    b'<Types><Override PartName="/word/document.xml" ContentType='
    b'"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_SECONDS: Final = 30


def zipped(**parts: bytes) -> bytes:
    """A zip archive; names are given with `__` for `/`."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_TYPES", "[Content_Types].xml"), content)
    return held.getvalue()


WORD: Final = {"_TYPES": _MAIN, "word__document.xml": b"<w/>"}
# What is sent, and what it is said to be.
HONEST: Final[Mapping[str, tuple[bytes, str, str]]] = {
    "pdf": (PDF, "to-khai.pdf", "application/pdf"),
    "png": (PNG, "anh.png", "image/png"),
    "jpg": (JPEG, "ảnh thẻ.JPG", "image/jpeg"),
    "docx": (zipped(**WORD), "don.docx", DOCX),
}
DISGUISED: Final[Mapping[str, tuple[bytes, str, str]]] = {
    "a web page": (b"<!doctype html><script>alert(1)</script>", "a.pdf", "application/pdf"),
    "a web page with a mark": (b"\xef\xbb\xbf<html></html>", "a.pdf", "application/pdf"),
    "an archive": (zipped(a=b"x"), "a.pdf", "application/pdf"),
    "a program": (b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0" + b"\0" * 100, "a.pdf", "application/pdf"),
    "a program of Linux": (b"\x7fELF\2\1\1" + b"\0" * 100, "a.pdf", "application/pdf"),
    "a script": (b"#!/bin/sh\nrm -rf /\n", "a.pdf", "application/pdf"),
    "a picture": (PNG, "a.pdf", "application/pdf"),
    "text": (b"to khai", "a.pdf", "application/pdf"),
    "noughts": (b"\0" * 5000, "a.pdf", "application/pdf"),
    "a page before the pdf": (b"<html></html>" * 400 + PDF, "a.pdf", "application/pdf"),
    "a drawing with a script": (b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>', "a.png", "image/png"),
    "half a scan": (PDF[: len(PDF) // 2], "a.pdf", "application/pdf"),
    "a scan with nothing in it": (b"%PDF-1.7\n" + b"x" * 3000 + b"\n%%EOF\n", "a.pdf", "application/pdf"),
    "half a photograph": (JPEG[:-2], "a.jpg", "image/jpeg"),
    "half a picture": (PNG[:-12], "a.png", "image/png"),
    "another picture": (JPEG, "a.png", "image/png"),
    "an animation": (b"GIF89a\1\0\1\0\x80\0\0", "a.jpg", "image/jpeg"),
    "an archive for a letter": (zipped(a=b"x"), "a.docx", DOCX),
    "a letter with macros": (zipped(**WORD, **{"word__vbaProject.bin": b"x"}), "a.docx", DOCX),
    "a sheet for a letter": (zipped(_TYPES=b"<Types>spreadsheetml.sheet.main+xml</Types>"), "a.docx", DOCX),
    "half an archive": (zipped(**WORD)[:60], "a.docx", DOCX),
    "an old letter": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "a.docx", DOCX),
}


@dataclass(frozen=True)
class Ticket:
    """Permission to send one file."""

    upload_id: str
    url: str


def open_upload(world: World, content: bytes, actor: Any = CITIZEN, **changes: Any) -> Ticket:
    """A ticket for this content."""
    declared = {
        "filename": "to-khai.pdf",
        "content_type": "application/pdf",
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
        "request_id": fresh(),
    }
    answer = world.ask(actor, "intake.open_upload", **{**declared, **changes})
    return Ticket(answer["upload_id"], answer["url"])


def put(ticket: Ticket, content: Any, **headers: str) -> requests.Response:
    """Send it; in pieces and without a length where `content` is an iterator."""
    return requests.put(ticket.url, data=content, headers=headers, timeout=_SECONDS)


def uploaded(world: World, actor: Any = CITIZEN) -> str:
    """The id of a finished upload."""
    content = PDF + fresh().encode()
    ticket = open_upload(world, content, actor)
    put(ticket, content).raise_for_status()
    return ticket.upload_id


def dial(url: str, opening: bytes) -> socket.socket:
    """A line to the server of an address, on which these bytes were sent."""
    address = urlsplit(url)
    line = socket.create_connection((address.hostname or "", address.port or 0), timeout=_SECONDS)
    line.sendall(opening)
    return line


class SlowLine:
    """A sender who announces a body, sends the beginning of it, and takes his time."""

    def __init__(self, url: str, announced: int, method: str = "POST") -> None:
        head = f"{method} {urlsplit(url).path} HTTP/1.1\r\nHost: x\r\nContent-Length: {announced}\r\n\r\n"
        self._socket = dial(url, head.encode())

    def send(self, content: bytes) -> None:
        """Some more of it."""
        self._socket.sendall(content)

    def trickle(self) -> None:
        """One byte more, if anybody still wants it."""
        with suppress(OSError):
            self._socket.sendall(b"x")

    def ended(self, seconds: float) -> str:
        """The code of the error with which the other side ended it, within so many seconds."""
        self._socket.settimeout(seconds)
        answer = b"".join(iter(partial(self._socket.recv, 65536), b""))
        self._socket.close()
        return str(json.loads(answer.partition(b"\r\n\r\n")[2])["code"])


class BreakingLine(SlowLine):
    """A sender of a file whose line may break."""

    def __init__(self, ticket: Ticket, announced: int) -> None:
        super().__init__(ticket.url, announced, "PUT")

    def break_off(self) -> None:
        """The line is cut."""
        self._socket.close()

    def hang_up(self) -> bytes:
        """Nothing more will be sent; what is answered."""
        self._socket.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := self._socket.recv(65536):
            answer += piece
        self._socket.close()
        return answer
