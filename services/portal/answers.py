"""The answers of a form as people read them: each beside its question, in the words of the catalogue."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from services.contracts.catalogue.forms import items_table
from services.portal.language import day, number, say, vnd, words

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One question and its answer: `text`, or `rows` under `heads` of a table."""

    name: str
    label: str
    text: str = ""
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()


def show_form(fields: Sequence[Document], form: Document) -> list[Shown]:
    """What was answered, in the order of the form, then what no question asks for; what was left open is left out."""
    asked = {field["name"] for field in fields}
    return show_asked(fields, form) + [Shown(name, name, str(form[name])) for name in form if name not in asked]


def show_asked(fields: Sequence[Document], form: Document | None) -> list[Shown]:
    """The same without what no question asks for: `fields` is the version that a dossier was received under."""
    given = form or {}
    return [_show(field, given[field["name"]]) for field in fields if given.get(field["name"]) not in (None, "", [])]


def applied_for(procedure: Document, answers: Sequence[Shown]) -> list[str]:
    """What is applied for in rows that are decided on one by one, each in a few words."""
    table = items_table(procedure)
    shown = next((one for one in answers if table and one.name == table["name"]), None)
    return [" · ".join(cell for cell in row if cell) for row in shown.rows] if shown else []


def judged(items: Sequence[Document], rows: Sequence[str]) -> list[Document]:
    """What was decided on rows, each with what it says: `rows` as of `applied_for`, where they are known."""
    return [{"text": rows[one["row"] - 1] if one["row"] <= len(rows) else "", **one} for one in items]


def _show(field: Document, value: Any) -> Shown:
    name, label = field["name"], words(field["label"])
    if field["type"] != "table" or not isinstance(value, list):
        return Shown(name, label, _text(field, value))
    columns = field["columns"]
    rows = [[_text(column, row.get(column["name"])) for column in columns] for row in value if isinstance(row, Mapping)]
    return Shown(name, label, heads=[words(column["label"]) for column in columns], rows=rows)


def _text(field: Document, value: Any) -> str:
    if value is None:
        return ""
    if field["type"] == "choice":
        labels = {choice["value"]: choice["label"] for choice in field["choices"]}
        return words(labels.get(value, str(value)))
    return _READERS.get(field["type"], str)(value)


_READERS: Final[dict[str, Callable[[Any], str]]] = {
    "flag": lambda value: say("Có") if value else say("Không"),
    "date": day,
    "money": vnd,
    "number": number,
}
