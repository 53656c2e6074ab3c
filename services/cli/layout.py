"""How the command line prints: plain lines that fit a terminal of 80 columns and are whole in a pipe."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_BETWEEN = "  "


def columns(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A table without a frame, each column as wide as its longest cell; nothing is cut off."""
    cells = [list(head), *([plain(cell) for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield _BETWEEN.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def block(head: str, fields: Mapping[str, Any]) -> Iterator[str]:
    """A line, and below it `name: value` a line each; what is empty is left out."""
    yield plain(head)
    yield from (f"{_BETWEEN}{name}: {plain(value)}" for name, value in fields.items() if value not in ("", None))


def plain(value: object) -> str:
    """One line of letters that a terminal shows and does not obey: a message may hold anything."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(value))


def some(count: int, what: str) -> str:
    """So many of them; `what` is the plural."""
    one = f"{what[:-3]}y" if what.endswith("ies") else what.removesuffix("s")
    return f"{count} {one if count == 1 else what}"
