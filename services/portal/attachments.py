"""Papers on their way from a browser to intake: what they are called, what they are, which of them can be taken."""

import hashlib
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import IO, Any, Final

Document = Mapping[str, Any]
CONTENT_TYPES: Final = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "jpg": "image/jpeg",
    "png": "image/png",
}
SUFFIXES: Final = {"pdf": (".pdf",), "docx": (".docx",), "jpg": (".jpg", ".jpeg"), "png": (".png",)}
_LONGEST_NAME: Final = 150


def file_type(filename: str) -> str | None:
    """The type that the end of a name tells, or None."""
    suffix = PurePosixPath(filename.lower()).suffix
    return next((name for name, suffixes in SUFFIXES.items() if suffix in suffixes), None)


def plain_name(filename: str) -> str:
    """The name of a file as intake takes it: no folders, nothing invisible, not too long; its end stays."""
    name = unicodedata.normalize("NFC", filename).replace("\\", "/").rsplit("/", 1)[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter)[0] != "C").strip().lstrip(".")
    end = PurePosixPath(name).suffix
    stem = name[: len(name) - len(end)] if end else name
    return f"{stem[: _LONGEST_NAME - len(end)] or 'tep'}{end}"


def why_not(component: Document, filename: str, size: int) -> str | None:
    """Why a file cannot be this paper: `type_not_accepted`, `too_large` or `empty`."""
    if file_type(filename) not in component["accepts"]:
        return "type_not_accepted"
    if not size:
        return "empty"
    return "too_large" if size > component["max_bytes"] else None


def digest(file: IO[bytes]) -> tuple[int, str]:
    """Size and SHA-256 of a file, which is at its beginning again afterwards."""
    found = hashlib.file_digest(file, "sha256")  # type: ignore[arg-type]  # any binary file that can be read
    size = file.tell()
    file.seek(0)
    return size, found.hexdigest()
