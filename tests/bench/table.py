"""A table of words."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A heading, a line about it, the names of columns, and the cells."""

    heading: str
    about: str
    columns: Sequence[str]
    cells: Sequence[Sequence[str]]
