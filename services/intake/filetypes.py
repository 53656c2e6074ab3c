"""The kinds of file that are taken, how they are declared, and whether a content is what it was declared to be.

A content must begin as such a file, and be whole: have the parts without which no program opens it, up to the one that
ends it. What cameras and scanners write behind the end is let pass. Nothing is decoded: who has a file's content
interpreted here has found a way in.
"""

import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import IO, Final

import puremagic

HEAD_BYTES: Final = 4096
_DOCX_MAIN: Final = b"wordprocessingml.document.main+xml"
_LARGEST_DIRECTORY: Final = 1_000_000
_LARGEST_CONTENT_TYPES: Final = 1_000_000
_END_RECORD: Final = 22
_ZIP64_LOCATOR: Final = 20
_TAIL_BYTES: Final = 2048
_PDF_XREF: Final = re.compile(rb"\s*(?:xref\s|\d+\s+\d+\s+obj\b)")  # a table, or a stream that holds one
_PDF_END: Final = re.compile(rb"startxref\s+(\d{1,10})\s+%%EOF")
_PDF_TRAILER: Final = re.compile(rb"trailer\s*<<.*?/Root\s+\d+\s+\d+\s+R.*?>>\s*%%EOF", re.DOTALL)
_JPEG_MOST_SEGMENTS, _JPEG_MOST_FILLS = 2000, 16
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})
_JPEG_SCAN, _JPEG_END = 0xDA, 0xD9
_PNG_HEAD: Final = 33
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_PIECE_BYTES: Final = 256 * 1024


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


def is_whole(type_: str, file: IO[bytes], size: int) -> bool:
    """Whether a seekable file of `size` bytes, which begins as such a file, is one to its end."""
    try:
        return _WHOLE[type_](file, size)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, OSError, EOFError, ValueError, KeyError):
        return False


def _is_pdf(file: IO[bytes], size: int) -> bool:
    """Near its end it says where its table of objects is, and there it is; or it at least names a root (ISO 32000)."""
    tail = _tail(file, size)
    ends = _PDF_END.findall(tail)
    if not ends:
        return _PDF_TRAILER.search(tail) is not None  # programs mend what has lost its table
    file.seek(int(ends[-1]))
    return _PDF_XREF.match(file.read(64)) is not None


def _is_jpeg(file: IO[bytes], _size: int) -> bool:
    """Segments with a frame among them, then a scan, then the end mark (ITU-T T.81); a thumbnail's own do not count."""
    file.seek(2)
    framed = False
    for _ in range(_JPEG_MOST_SEGMENTS):
        mark = _next_mark(file)
        if mark in _JPEG_ALONE:
            continue
        length = int.from_bytes(_exactly(file, 2), "big")
        if mark == _JPEG_END or length < 2:
            return False
        framed = framed or mark in _JPEG_FRAMES
        file.seek(length - 2, 1)
        if mark == _JPEG_SCAN:
            return framed and _has_ahead(file, bytes((0xFF, _JPEG_END)))
    return False


def _is_png(file: IO[bytes], size: int) -> bool:
    """A header chunk that describes a picture first, the end chunk last (ISO 15948)."""
    file.seek(0)
    head = _exactly(file, _PNG_HEAD)
    width, height = head[16:20], head[20:24]
    return head[8:16] == b"\0\0\0\rIHDR" and any(width) and any(height) and _PNG_END in _tail(file, size)


def _is_word_document(file: IO[bytes], size: int) -> bool:
    """A .docx without macros. Reads its directory and its list of parts, nothing else."""
    return _has_small_directory(file, size) and _is_word_package(file)


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


def _tail(file: IO[bytes], size: int) -> bytes:
    file.seek(max(0, size - _TAIL_BYTES))
    return file.read(_TAIL_BYTES)


def _next_mark(file: IO[bytes]) -> int:
    """The mark of the next segment, however many fill bytes stand before it. Raises ValueError for what is none."""
    first, second = _exactly(file, 2)
    if first != 0xFF:
        raise ValueError
    for _ in range(_JPEG_MOST_FILLS):
        if second != 0xFF:
            break
        (second,) = _exactly(file, 1)
    return second


def _has_ahead(file: IO[bytes], sought: bytes) -> bool:
    """Whether something comes in the rest of a file, read a piece at a time."""
    held = b""
    while piece := file.read(_PIECE_BYTES):
        if sought in held + piece:
            return True
        held = piece[-len(sought) + 1 :]
    return False


def _exactly(file: IO[bytes], count: int) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise EOFError
    return found


_WHOLE: Final[dict[str, Callable[[IO[bytes], int], bool]]] = {
    "pdf": _is_pdf,
    "docx": _is_word_document,
    "jpg": _is_jpeg,
    "png": _is_png,
}
