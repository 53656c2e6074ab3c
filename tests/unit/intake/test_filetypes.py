"""What a file claims to be, and what it is."""

import io
import zipfile

import pytest

from services.intake.filetypes import TYPES, begins_as, declared_type, is_whole

_BODY = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n% " + b"x" * 3000 + b"\n"
_TRAILER = b"trailer<</Root 1 0 R/Size 2>>\n"
PDF = _BODY + b"xref\n0 1\n0000000000 65535 f \n" + _TRAILER + b"startxref\n%d\n%%%%EOF\n" % len(_BODY)
_FRAME, _SCAN = bytes.fromhex("ffc0000b080001000101011100"), bytes.fromhex("ffda0008010100003f00")
_THUMBNAIL = b"\xff\xe1\x00\x0cExif\0\0\xff\xd8\xff\xd9"
JPG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000") + _THUMBNAIL + _FRAME + _SCAN + b"\x2a\xff\x00\xff\xd9"
_IHDR = b"\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\x02\0\0\0\x90wS\xde"
PNG = b"\x89PNG\r\n\x1a\n" + _IHDR + b"\0\0\0\x0cIDATx\x9cc```\0\0\0\x04\0\x01\xf6\x178U\0\0\0\0IEND\xaeB`\x82"
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


def is_taken(type_: str, content: bytes) -> bool:
    """Whether it passes for such a file."""
    return begins_as(type_, content[:4096]) and is_whole(type_, io.BytesIO(content), len(content))


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


@pytest.mark.parametrize("type_", TYPES)
def test_a_file_is_taken_whole_and_not_cut_off_anywhere(type_: str) -> None:
    content = {"pdf": PDF.rstrip(), "png": PNG, "jpg": JPG, "docx": word_document()}[type_]
    assert is_taken(type_, content)
    assert [end for end in range(len(content)) if is_taken(type_, content[:end])] == []


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("pdf", PDF + b"\r\n\0\0"),
        ("pdf", PDF + b"% written behind by a scanner\n"),
        (
            "pdf",
            _BODY + b"7 0 obj<</Type/XRef/Root 1 0 R>>stream\nendstream endobj\nstartxref\n%d\n%%%%EOF" % len(_BODY),
        ),
        ("pdf", PDF + b"2 0 obj<<>>endobj\nxref\n0 0\n" + _TRAILER + b"startxref\n%d\n%%%%EOF\n" % (len(PDF) + 18)),
        ("pdf", _BODY + _TRAILER + b"%%EOF\n"),
        ("jpg", JPG + b"SEFH" + b"\0" * 3_000_000),
        ("jpg", JPG.replace(_FRAME, b"\xff\xff\xff" + _FRAME)),
        ("png", PNG + b"behind"),
    ],
)
def test_what_programs_and_cameras_really_write_is_taken(type_: str, content: bytes) -> None:
    assert is_taken(type_, content)


@pytest.mark.parametrize(
    ("type_", "content"),
    [
        ("pdf", b"%PDF-1.7\n" + b"x" * 3000 + b"\n%%EOF\n"),
        ("pdf", _BODY + b"startxref\n%d\n%%%%EOF\n" % (len(_BODY) - 100)),
        ("pdf", _BODY + b"startxref\n9999999999\n%%EOF\n"),
        ("pdf", _BODY + b"trailer<</Size 2>>\n%%EOF\n"),
        ("pdf", PDF + b"x" * 5000),
        ("jpg", JPG[:20] + b"\xff\xd9"),
        ("jpg", JPG.replace(_FRAME, b"")),
        ("jpg", JPG.replace(b"\x2a\xff\x00\xff\xd9", b"\x2a" * 50)),
        ("jpg", b"\xff\xd8\xff\xe0\0\1" + JPG[6:]),
        ("jpg", b"\xff\xd8" + b"\xff\xe0\0\2" * 3000 + JPG[2:]),
        ("jpg", b"\xff\xd8" + b"\xff" * 3000 + JPG[2:]),
        ("png", PNG.replace(b"\0\0\0\1\0\0\0\1", b"\0\0\0\0\0\0\0\1")),
        ("png", PNG.replace(b"IHDR", b"IDAT")),
        ("png", PNG[:33] + b"\0" * 3000),
    ],
)
def test_what_only_begins_as_it_claims_is_not(type_: str, content: bytes) -> None:
    assert not is_taken(type_, content)


def test_a_word_document_is_known_by_its_parts() -> None:
    assert is_taken("docx", word_document())


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
    assert not is_taken("docx", content)


def test_a_package_with_a_giant_directory_is_not_even_read() -> None:
    directory = word_document()
    end = bytearray(directory)
    end[-10:-6] = (2_000_000).to_bytes(4, "little")
    assert not is_taken("docx", bytes(end))
