"""The answers of a form as people read them: the label of each question and what was answered, in the form's order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.portal.language import day, number, say, vnd, words

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """One question: a text, or the rows of a table under their heads."""

    label: str
    text: str = ""
    heads: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def answered(fields: Sequence[Document], form: Document | None) -> list[Answered]:
    """Every question that has an answer. What the form of today no longer asks is left out: `fields` is the version
    that the dossier was received under."""
    given = form or {}
    return [
        _answered(field, given[field["name"]]) for field in fields if given.get(field["name"]) not in (None, "", [])
    ]


def _answered(field: Document, value: Any) -> Answered:
    label = words(field["label"])
    if field["type"] != "table":
        return Answered(label, _text(field, value))
    columns = field["columns"]
    rows = tuple(tuple(_text(column, row.get(column["name"])) for column in columns) for row in value)
    return Answered(label, "", tuple(words(column["label"]) for column in columns), rows)


def _text(field: Document, value: Any) -> str:
    if value is None or value == "":
        return ""
    match field["type"]:
        case "date":
            return day(value)
        case "money":
            return vnd(value)
        case "number":
            return number(value)
        case "flag":
            return say("Có") if value else say("Không")
        case "choice":
            named = {one["value"]: one["label"] for one in field["choices"]}
            return words(named.get(value)) or str(value)
    return str(value)
