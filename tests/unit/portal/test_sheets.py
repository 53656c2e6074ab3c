"""What is pasted from a spreadsheet, and CSV files as spreadsheets write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal.sheets import Unreadable, decoded, read_sheet, template
from tests.unit.portal.drafts import TITLES

ROW = {"title": "Truyện, tập 1", "pages": 1200, "printed_on": "2026-01-05", "sold": True}


@pytest.mark.parametrize(
    "text",
    [
        "Truyện, tập 1\t1.200\t05/01/2026\tcó",
        '"Truyện, tập 1";1200;05/01/2026;x\n\n',
        '"Truyện, tập 1",1200,2026-01-05,true\r\n',
        "Số trang\tTên sách\tđể bán\tngày in\n1200\tTruyện, tập 1\tCó\t5/1/2026",
        "title\tpages\tprinted_on\tsold\nTruyện, tập 1\t1200\t5/1/2026\tx",
    ],
)
def test_a_sheet_is_read_however_it_was_written(text: str) -> None:
    assert read_sheet(TITLES, text, 0) == [ROW]


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("Số trang;Tên sách\n1200;Truyện", [{"title": "Truyện", "pages": 1200}]),  # fewer columns than are asked
        ("STT,Tên sách,Số trang,Ngày in,Tập,Giá,Kho\n1,Truyện,1200,,,,", [{"title": "Truyện", "pages": 1200}]),
        ("Tên sách\t1200", [{"title": "Tên sách", "pages": 1200}]),  # a book may be called so
    ],
)
def test_a_line_names_columns_where_most_of_it_does_or_most_of_them_are_named(text: str, rows: list[object]) -> None:
    assert read_sheet(TITLES, text, 0) == rows


def test_a_cell_that_is_not_of_its_type_is_kept_to_be_judged_beside_its_row() -> None:
    assert read_sheet(TITLES, "a\tnhiều\tmai\t", 0) == [{"title": "a", "pages": "nhiều", "printed_on": "mai"}]


@pytest.mark.parametrize(
    ("text", "before", "code", "row"),
    [
        ("", 0, "empty", 0),
        (" \n\t\n", 0, "empty", 0),
        ("a\t1\nb\t2\n", 2, "too_many_rows", 0),
        ("a\t1\nb\t2\t\t\tzu viel", 0, "too_many_cells", 2),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_row(text: str, before: int, code: str, row: int) -> None:
    with pytest.raises(Unreadable) as refused:
        read_sheet(TITLES, text, before)
    assert (refused.value.code, refused.value.row) == (code, row)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_files_are_read_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    assert decoded("Truyện".encode(encoding)) == "Truyện"


WINDOWS = "Thơ;80\r\n".encode("cp1258")  # what Excel calls CSV, on Vietnamese Windows


@pytest.mark.parametrize(
    ("content", "code"),
    [
        *((b"\xff\xfe\xff", "not_text"), (b"a" * 2_000_001, "too_large")),
        *((WINDOWS, "not_text"), (WINDOWS + b"\n", "not_text")),  # an even and an odd number of bytes
    ],
)
def test_other_files_are_refused(content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        decoded(content)
    assert refused.value.code == code


def test_the_sample_file_is_taken_with_its_heads_alone() -> None:
    assert read_sheet(TITLES, decoded(template(TITLES, "vi").encode()) + "a,1,,\r\n", 0) == [{"title": "a", "pages": 1}]


@given(st.text(max_size=300))
def test_any_text_is_rows_or_a_named_refusal(text: str) -> None:
    try:
        rows = read_sheet(TITLES, text, 0)
    except Unreadable:
        return
    assert all(set(row) <= {"title", "pages", "printed_on", "sold"} for row in rows)
