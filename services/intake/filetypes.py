"""The kinds of file that are taken, how they are declared, and whether a content is what it was declared to be."""

import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, Final

import puremagic

HEAD_BYTES: Final = 4096
_DOCX_MAIN: Final = b"wordprocessingml.document.main+xml"
_LARGEST_DIRECTORY: Final = 1_000_000
_LARGEST_CONTENT_TYPES: Final = 1_000_000
_END_RECORD: Final = 22
_ZIP64_LOCATOR: Final = 20


@dataclass(frozen=True, slots=True)
class FileType:
    """How a kind of file is declared, and how its first bytes are named by puremagic."""

    content_type: str
    extensions: tuple[str, ...]
    magic: frozenset[str]


TYPES: Final[dict[str, FileType]] = {
    "pdf": FileType("application/pdf", (".pdf",), frozenset({".pdf"})),
    "docx": FileType(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        (".docx",),
        frozenset({".docx", ".zip"}),
    ),
    "jpg": FileType("image/jpeg", (".jpg", ".jpeg"), frozenset({".jpg", ".jpeg"})),
    "png": FileType("image/png", (".png",), frozenset({".png"})),
}
CONTENT_TYPES: Final = tuple(type_.content_type for type_ in TYPES.values())


def declared_type(content_type: str, filename: str) -> str | None:
    """The type that a content type and a file name agree on, or None."""
    for name, type_ in TYPES.items():
        if type_.content_type == content_type:
            return name if filename.lower().endswith(type_.extensions) else None
    return None


def begins_as(type_: str, head: bytes) -> bool:
    """Whether the first bytes are those of such a file."""
    try:
        found = {match.extension for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return False
    return bool(found & TYPES[type_].magic)


def is_word_document(file: IO[bytes], size: int) -> bool:
    """Whether a seekable file is a .docx without macros. Reads its directory and its list of parts, nothing else."""
    try:
        return _has_small_directory(file, size) and _is_word_package(file)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError, KeyError):
        return False


def _has_small_directory(file: IO[bytes], size: int) -> bool:
    """A plain zip directory of bounded size: zipfile reads all of it into memory."""
    file.seek(max(0, size - _END_RECORD - _ZIP64_LOCATOR))
    tail = file.read(_END_RECORD + _ZIP64_LOCATOR)
    end = tail[-_END_RECORD:]
    is_plain = end[:4] == b"PK\x05\x06" and end[-2:] == b"\0\0" and not tail.startswith(b"PK\x06\x07")
    return is_plain and int.from_bytes(end[12:16], "little") <= _LARGEST_DIRECTORY


def _is_word_package(file: IO[bytes]) -> bool:
    with zipfile.ZipFile(file) as package:
        names = {name.lower() for name in package.namelist()}
        if any(name.endswith("vbaproject.bin") for name in names) or "word/document.xml" not in names:
            return False
        listed = package.getinfo("[Content_Types].xml")
        if listed.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            return False
        with package.open(listed) as part:
            return _DOCX_MAIN in part.read(_LARGEST_CONTENT_TYPES)
