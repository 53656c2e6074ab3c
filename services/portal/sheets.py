"""Tables from a spreadsheet: what was copied there and pasted here, or saved as CSV, becomes rows of answers."""

import codecs
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.portal.forms import MOST_ROWS_TYPED, read_value

Document = Mapping[str, Any]
Row = dict[str, Any]
LONGEST: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Unreadable(Exception):
    """Why nothing was taken: a `code`, and the row (from 1) and the counts that its sentence names."""

    code: str
    row: int = 0
    found: int = 0
    most: int = 0


def decoded(content: bytes) -> str:
    """The text of a CSV file, as spreadsheets write it: UTF-8, or UTF-16 that says so. Raises Unreadable.

    Without its mark UTF-16 is not guessed: bytes of another encoding, two by two, are letters of some script too.
    """
    if len(content) > LONGEST:
        raise Unreadable("too_large", most=LONGEST)
    try:
        return content.decode("utf-16" if content.startswith((codecs.BOM_LE, codecs.BOM_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unreadable("not_text") from error


def read_sheet(table: Document, text: str, before: int) -> list[Row]:
    """The rows of a sheet; its first line may name the columns. `before` rows are there already. Raises Unreadable."""
    lines = _lines(text)
    if not lines:
        raise Unreadable("empty")
    columns: Sequence[Document | None] = table["columns"]
    first, heads = 1, _heads(table["columns"], lines[0])
    if heads:
        columns, lines, first = heads, lines[1:], 2
    most = min(table.get("max_rows", MOST_ROWS_TYPED), MOST_ROWS_TYPED)
    if before + len(lines) > most:
        raise Unreadable("too_many_rows", found=before + len(lines), most=most)
    for place, cells in enumerate(lines, start=first):
        if len(cells) > len(columns) and any(cell.strip() for cell in cells[len(columns) :]):
            raise Unreadable("too_many_cells", row=place, found=len(cells), most=len(columns))
    return [_row(columns, cells) for cells in lines]


def template(table: Document, language: str) -> str:
    """A CSV file with the heads of the table and nothing below, which spreadsheets open as UTF-8."""
    out = io.StringIO()
    csv.writer(out).writerow([column["label"][language] for column in table["columns"]])
    return "\ufeff" + out.getvalue()


def _lines(text: str) -> list[list[str]]:
    """The cells of each line that has any."""
    text = text.replace("\0", "")
    try:
        found = list(csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text)))
    except csv.Error as error:
        raise Unreadable("not_a_table") from error
    return [cells for cells in found if any(cell.strip() for cell in cells)]


def _separator(text: str) -> str:
    """Tabs come from a clipboard, semicolons from spreadsheets that write 1,5 for one and a half."""
    head = text.lstrip("\ufeff\r\n").partition("\n")[0]
    return max("\t;,", key=lambda mark: (head.count(mark), mark == "\t"))


def _heads(columns: Sequence[Document], cells: Sequence[str]) -> list[Document | None]:
    """The column below each cell if the line names columns, more than half of them or of its cells; else none."""
    names: dict[str, Document] = {}
    for column in columns:
        names |= {str(name).strip().lower(): column for name in (column["name"], *column["label"].values())}
    heads = [names.get(cell.strip().lower().rstrip(" *")) for cell in cells]
    fewest = min(len(columns), sum(1 for cell in cells if cell.strip()))
    return heads if sum(head is not None for head in heads) * 2 > fewest else []


def _row(columns: Sequence[Document | None], cells: Sequence[str]) -> Row:
    pairs = [(column, cell) for column, cell in zip(columns, cells, strict=False) if column]
    read = {column["name"]: read_value(column, cell) for column, cell in pairs}
    return {name: value for name, value in read.items() if value is not None}
