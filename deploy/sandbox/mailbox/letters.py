"""Letters as files: one .eml each, written whole or not at all, with an index in memory."""

import os
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime
from pathlib import Path
from uuid import uuid4

from deploy.sandbox.mailbox.reading import header, headers, parse_head

_ID = r"[0-9]{8}T[0-9]{12}-[0-9a-f]{8}"
_ENVELOPE_TO = "Delivered-To"
_ENVELOPE_FROM = "Return-Path"


@dataclass(frozen=True)
class Envelope:
    """What the SMTP conversation said, apart from the letter itself."""

    sender: str
    recipients: tuple[str, ...]


@dataclass(frozen=True)
class Letter:
    """A line of the index; `id` is the file's name without its suffix, and sorts by arrival."""

    id: str
    received_at: datetime
    sender: str
    recipients: tuple[str, ...]
    subject: str
    message_id: str


class Letters:
    """The letters in one folder. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        for unfinished in folder.glob("*.part"):
            unfinished.unlink()
        ours = sorted(path for path in folder.glob("*.eml") if re.fullmatch(_ID, path.stem))
        self._index = {path.stem: _indexed(path.stem, path.read_bytes()) for path in ours}

    def keep(self, envelope: Envelope, content: bytes) -> Letter:
        """Store a letter; when this returns it is on disk."""
        at = datetime.now(UTC)
        letter_id = f"{at:%Y%m%dT%H%M%S%f}-{uuid4().hex[:8]}"
        whole = _envelope_lines(envelope, at) + content
        self._write(letter_id, whole)
        letter = _indexed(letter_id, whole)
        with self._lock:
            self._index[letter_id] = letter
        return letter

    def find(self, to: str = "", subject: str = "", message_id: str = "", limit: int = 200) -> list[Letter]:
        """Letters that contain these words, newest first; upper and lower case are the same."""
        with self._lock:
            newest = list(reversed(self._index.values()))
        return [letter for letter in newest if _matches(letter, to, subject, message_id)][:limit]

    def get(self, letter_id: str) -> Letter | None:
        """One line of the index."""
        with self._lock:
            return self._index.get(letter_id)

    def content(self, letter: Letter) -> bytes:
        """The whole letter as it is on disk."""
        return self._path(letter.id).read_bytes()

    def _path(self, letter_id: str) -> Path:
        return self._folder / f"{letter_id}.eml"

    def _write(self, letter_id: str, whole: bytes) -> None:
        unfinished = self._path(letter_id).with_suffix(".part")
        with unfinished.open("wb") as file:
            file.write(whole)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(self._path(letter_id))


def _envelope_lines(envelope: Envelope, at: datetime) -> bytes:
    lines = [f"{_ENVELOPE_FROM}: <{envelope.sender}>"]
    lines += [f"{_ENVELOPE_TO}: {recipient}" for recipient in envelope.recipients]
    lines.append(f"Received: by sandbox mailbox; {format_datetime(at)}")
    # An address is one word; a line break in it would forge a header.
    return b"".join(re.sub(r"[\r\n]", "", line).encode("utf-8", "replace") + b"\r\n" for line in lines)


def _indexed(letter_id: str, whole: bytes) -> Letter:
    message = parse_head(whole)
    return Letter(
        id=letter_id,
        received_at=datetime.strptime(letter_id[:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC),
        sender=header(message, _ENVELOPE_FROM).strip("<>"),
        recipients=tuple(_delivered_to(message)),
        subject=header(message, "Subject"),
        message_id=header(message, "Message-ID"),
    )


def _delivered_to(message: Message) -> Iterable[str]:
    # Ours stand first, before `Received`; the letter's own Delivered-To lines, if any, are not the envelope.
    for name, value in headers(message):
        if name == "Received":
            return
        if name == _ENVELOPE_TO:
            yield value


def _matches(letter: Letter, to: str, subject: str, message_id: str) -> bool:
    return (
        (not to or any(to.lower() in recipient.lower() for recipient in letter.recipients))
        and subject.lower() in letter.subject.lower()
        and message_id.strip("<>") in letter.message_id
    )
