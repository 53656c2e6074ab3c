"""What a file claims to be, and what it is."""

import io
import zipfile

import pytest

from services.intake.filetypes import TYPES, begins_as, declared_type, is_word_document

PDF = b"%PDF-1.7\n" + b"x" * 3000 + b"\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + b"\0" * 50
JPG = bytes.fromhex("ffd8ffe000104a46494600") + b"\0" * 50
DOCX = TYPES["docx"].content_type
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def word_document(*more: str, main: str = MAIN, body: str = "word/document.xml", comment: bytes = b"") -> bytes:
    """A small .docx."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", f'<Types><Override ContentType="{main}"/></Types>')
        for name in (body, *more):
            package.writestr(name, "<w/>")
        package.comment = comment
    return file.getvalue()


def is_word(content: bytes) -> bool:
    """Whether it is taken for a .docx."""
    return begins_as("docx", content[:4096]) and is_word_document(io.BytesIO(content), len(content))


@pytest.mark.parametrize(
    ("content_type", "filename", "type_"),
    [
        ("application/pdf", "Đơn xin.PDF", "pdf"),
        ("image/jpeg", "a.jpeg", "jpg"),
        ("image/jpeg", "a.jpg", "jpg"),
        ("image/png", "a.png", "png"),
        (DOCX, "a.docx", "docx"),
        ("application/pdf", "a.pdf.exe", None),
        ("image/png", "a.pdf", None),
        ("text/html", "a.html", None),
        ("application/pdf", "pdf", None),
    ],
)
def test_content_type_and_extension_must_agree(content_type: str, filename: str, type_: str | None) -> None:
    assert declared_type(content_type, filename) == type_


@pytest.mark.parametrize(("content", "type_"), [(PDF, "pdf"), (PNG, "png"), (JPG, "jpg")])
def test_a_content_begins_as_its_own_type_and_no_other(content: bytes, type_: str) -> None:
    assert [name for name in TYPES if begins_as(name, content)] == [type_]


@pytest.mark.parametrize("content", [b"", b"x", b"plain words", b"<svg/>", b"GIF89a" + b"\0" * 20, b"MZ" + b"\0" * 80])
def test_anything_else_is_nothing_we_take(content: bytes) -> None:
    assert not any(begins_as(name, content) for name in TYPES)


def test_a_word_document_is_known_by_its_parts() -> None:
    assert is_word(word_document())


@pytest.mark.parametrize(
    "content",
    [
        word_document("word/vbaProject.bin"),
        word_document("word/VBAPROJECT.BIN"),
        word_document(main="application/vnd.ms-word.document.macroEnabled.main+xml"),
        word_document(main="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"),
        word_document(body="xl/workbook.xml"),
        word_document(comment=b"something behind"),
        word_document()[:-1],
        word_document()[:200],
        b"PK\x03\x04" + b"\0" * 500,
        b"PK\x05\x06" + b"\0" * 18,
        b"",
    ],
)
def test_other_packages_macros_and_broken_ones_are_not(content: bytes) -> None:
    assert not is_word(content)


def test_a_package_with_a_giant_directory_is_not_even_read() -> None:
    directory = word_document()
    end = bytearray(directory)
    end[-10:-6] = (2_000_000).to_bytes(4, "little")
    assert not is_word(bytes(end))
