"""Answers of a draft that its procedure asks for no more: a new version came, or the procedure was retired.

They stay in the draft and are shown; what is handed in is what is asked.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from services.chassis.errors import ServiceError
from services.portal import forms
from services.portal.drafting import Draft
from services.portal.language import local, words
from services.portal.wiring import portal

Document = Mapping[str, Any]
_A_DAY: Final = timedelta(days=1)


def read(prefix: str, fields: forms.Fields, posted: Mapping[str, str]) -> dict[str, Any]:
    """What a posted form answers that none of these questions asks, as text; tables as rows of text."""
    asked = {field["name"] for field in fields}
    parts = [(path.split("."), text) for path, text in posted.items()]
    single = {path[1]: text for path, text in parts if len(path) == 2 and path[0] == prefix and text.strip()}
    tables = {name: [rows[at] for at in sorted(rows)] for name, rows in forms.posted_rows(prefix, posted).items()}
    return {name: value for name, value in {**single, **tables}.items() if name not in asked and forms.is_name(name)}


def told(page: Document, draft: Draft) -> list[tuple[str, str]]:
    """Label and text of what was answered and is not asked, in the words of the version before this one."""
    if not any(_unasked(page["form"], draft.form)):
        return []
    then = date.fromisoformat(page["version"]) - _A_DAY
    return labelled(page["form"], draft.form, as_of(draft.tenant, draft.procedure, then))


def labelled(fields: forms.Fields, form: Document, then: forms.Fields) -> list[tuple[str, str]]:
    """The same, where `then` are the questions as they were."""
    return [(_label(then, path), _text(then, path, value)) for path, value in _unasked(fields, form)]


def carried(fields: forms.Fields, form: Document) -> list[tuple[str, str]]:
    """Name and text of the controls by which a page sends on what no question asks; rows carry their own."""
    found: list[tuple[str, str]] = []
    for path, value in _unasked(fields, form):
        if path.count(".") > 1:
            continue
        rows = _rows(value)
        found += [(f"{path}.{at}.{name}", str(cell)) for at, row in enumerate(rows or ()) for name, cell in row.items()]
        if rows is None:
            found.append((path, "true" if value is True else "false" if value is False else str(value)))
    return found


def as_of(tenant: str, key: str, day: date) -> forms.Fields:
    """The questions of a procedure on a day; none where they cannot be had."""
    try:
        fields: forms.Fields = portal().offers.procedure_version(tenant, key, day.isoformat())["form"]
    except ServiceError:
        return ()
    return fields


def is_newer(page: Document, draft: Draft) -> bool:
    """Whether the procedure got new words after the draft was last saved."""
    saved = local(draft.saved_at)
    return saved is not None and saved.date() < date.fromisoformat(page["version"])


def _unasked(fields: forms.Fields, form: Document) -> Iterator[tuple[str, Any]]:
    """Path and value: `form.name`, or `form.table.row.column` where only the column is not asked any more."""
    asked = {field["name"]: field for field in fields}
    for name, value in form.items():
        if name not in asked:
            if value not in (None, "", []):
                yield f"form.{name}", value
        elif asked[name]["type"] == "table":
            columns = {column["name"] for column in asked[name]["columns"]}
            for at, row in enumerate(_rows(value) or ()):
                yield from ((f"form.{name}.{at}.{cell}", row[cell]) for cell in row if cell not in columns)


def _rows(value: Any) -> list[Document] | None:
    """The rows of what was a table; None for any other answer."""
    is_table = isinstance(value, list) and all(isinstance(row, Mapping) for row in value)
    return value if is_table else None


def _label(then: forms.Fields, path: str) -> str:
    field, _, column = forms.field_at(then, path)
    is_known = field is not None and (column is not None or path.count(".") == 1)
    return forms.place_words(then, path) if is_known else path.removeprefix("form.")


def _text(then: forms.Fields, path: str, value: Any) -> str:
    field, _, column = forms.field_at(then, path)
    rows = _rows(value)
    if rows is None:
        asked = column or field
        return forms.answer_words(asked, value) if asked else str(value)
    labels = {column["name"]: words(column["label"]) for column in (field or {}).get("columns", ())}
    told = (", ".join(f"{labels.get(name, name)}: {cell}" for name, cell in row.items()) for row in rows if row)
    return "; ".join(told)
