"""Reading a letter that may be malformed in any way: every function here gives text, never an error."""

from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message

# A charset nobody knows, one that cannot decode leniently, or parameters that confuse the standard library itself.
_UNREADABLE = (MessageError, LookupError, ValueError, TypeError)


@dataclass(frozen=True)
class Attachment:
    """A part that is a file. `size` in bytes."""

    filename: str
    content_type: str
    size: int


@dataclass(frozen=True)
class Content:
    """What a letter says: its plain text, its HTML source, and the files it carries."""

    text: str
    html: str
    attachments: tuple[Attachment, ...]


def parse(whole: bytes) -> Message:
    """The letter, with the lenient policy: defects are kept, not raised."""
    return message_from_bytes(whole)


def parse_head(whole: bytes) -> Message:
    """The letter without what stands behind the first empty line: all that the index needs, at a fifth of the cost."""
    head, empty_line, _ = whole.partition(b"\r\n\r\n")
    return parse(head + empty_line)


def header(message: Message, name: str) -> str:
    """A header decoded to one line; "" if it is absent."""
    found = (value for known, value in message.raw_items() if known.lower() == name.lower())
    return _decoded(str(next(found, "")))


def headers(message: Message) -> Iterator[tuple[str, str]]:
    """All headers in order, each decoded when it is come to."""
    return ((_printable(name), _decoded(str(value))) for name, value in message.raw_items())


def content(message: Message) -> Content:
    """The readable parts of a letter."""
    leaves = [part for part in message.walk() if not part.is_multipart()]
    files = [part for part in leaves if _is_file(part)]
    return Content(
        text=_first(leaves, "text/plain"),
        html=_first(leaves, "text/html"),
        attachments=tuple(_attachment(part) for part in files),
    )


def _first(leaves: list[Message], content_type: str) -> str:
    for part in leaves:
        if part.get_content_type() == content_type and not _is_file(part):
            return _text(part)
    return ""


def _is_file(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or _filename(part) != ""


def _attachment(part: Message) -> Attachment:
    return Attachment(_filename(part), part.get_content_type(), len(_payload(part)))


def _filename(part: Message) -> str:
    try:
        return _decoded(part.get_filename() or "")
    except _UNREADABLE:
        return "?"


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message) -> str:
    try:
        text = _payload(part).decode(part.get_content_charset() or "utf-8", "replace")
    except _UNREADABLE:
        text = _payload(part).decode("utf-8", "replace")
    return _printable(text)


def _decoded(value: str) -> str:
    raw = _printable(value)
    try:
        text = str(make_header(decode_header(raw)))
    except _UNREADABLE:
        text = raw
    return " ".join(_printable(text).split())


def _printable(text: str) -> str:
    """The parser smuggles raw bytes through as surrogates: read those as UTF-8, replace any other surrogate."""
    try:
        raw = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raw = text.encode("utf-8", "replace")
    return raw.decode("utf-8", "replace")
