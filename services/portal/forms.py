"""The form of a procedure between browser and services: what was posted becomes answers, answers become text again.

Controls are named by the path of what they ask, `form.label`, `form.titles.3.author`, `applicant.email`: the paths in
which services name mistakes. What cannot be read as its type is kept as it was typed, and judged as such.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from babel.numbers import format_decimal
from marshmallow import ValidationError

from services.contracts.catalogue.applicant import NUMBER_OF, Applicant
from services.contracts.catalogue.dates import day_of, local_today
from services.contracts.catalogue.forms import compile_form
from services.contracts.fields import explain
from services.portal.language import day, number, say, vnd, words
from services.portal.people import Person

Document = Mapping[str, Any]
Fields = Sequence[Document]
Problem = dict[str, str]
MOST_ROWS_TYPED: Final = 500  # as many as any table may ask for

_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:[.,\s\u00a0\u202f]\d{3})+")
_PLAIN: Final = re.compile(r"[+-]?\d{1,15}")
_DAY: Final = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})")
_ISO_DAY: Final = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}", re.ASCII)
_YES: Final = frozenset({"true", "có", "co", "x", "1", "yes", "y", "đúng", "dung"})
_NO: Final = frozenset({"false", "không", "khong", "0", "no", "n", "sai"})
_DAY_WANTED: Final = {
    "vi": "Ngày phải viết theo ngày/tháng/năm, ví dụ 31/12/2026.",
    "en": "Must be written day/month/year, such as 31/12/2026.",
}


def _asked(name: str, kind: str, vi: str, en: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "label": {"vi": vi, "en": en}, "required": True, **more}


_NAMES: Final = {
    "citizen": _asked("name", "person_name", "Họ và tên", "Full name", autocomplete="name"),
    "organisation": _asked(
        "name",
        "text",
        "Tên tổ chức, doanh nghiệp",
        "Name of the organisation",
        longest=200,
        autocomplete="organization",
    ),
}
_CONTACT: Final = (
    _asked("email", "email", "Thư điện tử", "E-mail", autocomplete="email"),
    _asked("phone", "phone", "Điện thoại", "Phone", autocomplete="tel"),
    _asked("address", "text", "Địa chỉ", "Address", longest=300, autocomplete="street-address"),
)


def applicant_fields(kind: str) -> list[dict[str, Any]]:
    """What is asked about the applicant; kind and number are those of whoever signed in."""
    return [_NAMES[kind], *_CONTACT]


def applicant_of(person: Person, typed: Document) -> dict[str, Any]:
    """The applicant as services take it."""
    asked = {field["name"] for field in applicant_fields(person.kind)}
    given = {name: value for name, value in typed.items() if name in asked}
    return {"kind": person.kind, NUMBER_OF[person.kind]: person.id, **given}


def known_of(person: Person) -> dict[str, Any]:
    """What the sign-in tells about the applicant."""
    known = {"name": person.name, "email": person.email, "phone": person.phone, "address": person.address}
    return {name: value for name, value in known.items() if value}


def read_posted(prefix: str, fields: Fields, posted: Mapping[str, str]) -> dict[str, Any]:
    """The answers that a posted form gives to these questions; what was left empty is left out.

    Rows of a table keep answers to which there is no column any more: see `unasked`.
    """
    tables = posted_rows(prefix, posted)
    found: dict[str, Any] = {}
    for field in fields:
        name = field["name"]
        if field["type"] == "table":
            rows = tables.get(name, {})
            value: Any = [_read_row(field["columns"], rows[index]) for index in sorted(rows)] or None
        else:
            value = read_value(field, posted.get(f"{prefix}.{name}", ""))
        if value is not None:
            found[name] = value
    return found


def read_value(field: Document, text: str) -> Any:
    """One answer from what was typed; None for nothing, the text itself where it is not of the type."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        return None
    reader = _READERS.get(field["type"])
    return reader(text.strip(), field) if reader else text


def shown(field: Document, value: Any) -> str:
    """The answer as it stands in its control."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return format_decimal(value, locale="vi") if field["type"] == "money" else str(value)
    text = str(value)
    if field["type"] == "date" and not _is_day(text) and (found := _ISO_DAY.fullmatch(text)):
        return "/".join(reversed(found.groups()))
    return text


def control_type(field: Document, value: Any) -> str:
    """The type of its `input`: a calendar only shows real days, so any other text stays text."""
    if field["type"] == "date":
        return "date" if value is None or _is_day(str(value)) else "text"
    return {"email": "email", "phone": "tel", "url": "url"}.get(field["type"], "text")


def bounds(field: Document) -> dict[str, str]:
    """The attributes that help while one types; the judging is done again by the services."""
    kind = field["type"]
    if "autocomplete" in field:  # what a browser knows of whoever types; only questions about the applicant have it
        return {"autocomplete": field["autocomplete"]}
    if kind in {"number", "money", "cccd"}:
        return {"inputmode": "numeric"}
    if kind == "date":
        today = local_today()
        return {name: day_of(field[name], today).isoformat() for name in ("min", "max") if name in field}
    return {}


def answers(fields: Fields, typed: Document) -> dict[str, Any]:
    """What is handed in of what was typed: rows that were left blank, and tables without rows, are none."""
    found = {}
    for field in fields:
        value = typed.get(field["name"])
        if field["type"] == "table" and isinstance(value, list):
            value = [row for row in (_asked_of(field, one) for one in value) if row] or None
        if value is not None:
            found[field["name"]] = value
    return found


def _asked_of(table: Document, row: Any) -> Any:
    names = {column["name"] for column in table["columns"]}
    return {name: value for name, value in row.items() if name in names} if isinstance(row, Mapping) else row


def drawable(fields: Fields, typed: Document) -> dict[str, Any]:
    """The answers in the shapes that can be drawn: another program may have saved the draft."""
    found: dict[str, Any] = {}
    for field in fields:
        value = typed.get(field["name"])
        if field["type"] == "table":
            rows = [row for row in value if isinstance(row, Mapping)] if isinstance(value, list) else []
            found[field["name"]] = [
                {name: _single(cell) for name, cell in row.items() if is_name(name)} for row in rows
            ]
        else:
            found[field["name"]] = _single(value)
    return found


def judge(fields: Fields, typed: Document) -> list[Problem]:
    """What is wrong with the answers, in the words of the services."""
    try:
        compile_form(fields).load(answers(fields, typed))
    except ValidationError as error:
        return readable(fields, explain(error.messages_dict, "form"))
    return []


def judge_applicant(applicant: Document) -> list[Problem]:
    """What is wrong with the applicant."""
    try:
        Applicant().load(applicant)
    except ValidationError as error:
        return explain(error.messages_dict, "applicant")
    return []


def readable(fields: Fields, problems: Iterable[Problem]) -> list[Problem]:
    """The same, with days written as people here write them."""
    return [_readable(fields, problem) for problem in problems]


def field_at(fields: Fields, path: str) -> tuple[Document | None, int | None, Document | None]:
    """The question that a path names, and in a table the row (from 0) and the column."""
    parts = path.split(".")[1:4]
    field = next((one for one in fields if parts and one["name"] == parts[0]), None)
    row = int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() and len(parts[1]) < 6 else None
    columns: Fields = field.get("columns", ()) if field else ()
    column = next((one for one in columns if len(parts) > 2 and one["name"] == parts[2]), None)
    return field, row, column


def place_words(fields: Fields, path: str) -> str:
    """Where a mistake is: Danh sách tác giả, dòng 3, Họ và tên."""
    field, row, column = field_at(fields, path)
    parts = [words(field["label"])] if field else []
    parts += [say("dòng %(row)s", row=row + 1)] if row is not None else []
    parts += [words(column["label"])] if column else []
    return ", ".join(parts)


def when_words(fields: Fields, rule: Document) -> str:
    """When an answer is required: if “Đã công bố” is “có”."""
    field = next((one for one in fields if one["name"] == rule["field"]), None)
    if field is None:
        return ""
    wanted = rule["in"] if "in" in rule else [rule["equals"]]
    values = [f"“{_value_words(field, value)}”" for value in wanted]
    return say(
        "Bắt buộc khi “%(field)s” là %(values)s.", field=words(field["label"]), values=say(" hoặc ").join(values)
    )


def _value_words(field: Document, value: Any) -> str:
    if isinstance(value, bool):
        return say("Có") if value else say("Không")
    label = next((one["label"] for one in field.get("choices", ()) if one["value"] == value), None)
    return words(label) if label else str(value)


def answer_words(field: Document, value: Any) -> str:
    """An answer as it is read over before it is sent."""
    if value is None:
        return ""
    if isinstance(value, bool) or field["type"] == "choice":
        return _value_words(field, value)
    if field["type"] == "date" and _is_day(str(value)):
        return day(value)
    if isinstance(value, int):
        return vnd(value) if field["type"] == "money" else number(value)
    return str(value)


def _readable(fields: Fields, problem: Problem) -> Problem:
    field, _, column = field_at(fields, problem["field"])
    asked = column or field
    if asked is None or asked["type"] != "date":
        return problem
    if problem["code"] == "wrong_format":
        return {**problem, **_DAY_WANTED}
    return {**problem, **{name: _ISO_DAY.sub(r"\3/\2/\1", problem[name]) for name in ("vi", "en")}}


def is_name(text: str) -> bool:
    """Whether a question may be called so."""
    return bool(_NAME.fullmatch(text))


def _single(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int) else str(value)


def posted_rows(prefix: str, posted: Mapping[str, str]) -> dict[str, dict[int, dict[str, str]]]:
    """Table → row → column → text, of the controls `prefix.table.row.column`."""
    tables: dict[str, dict[int, dict[str, str]]] = {}
    for path, text in posted.items():
        parts = path.split(".")
        if len(parts) == 4 and parts[0] == prefix and re.fullmatch(r"\d{1,5}", parts[2], re.ASCII):
            tables.setdefault(parts[1], {}).setdefault(int(parts[2]), {})[parts[3]] = text
    return tables


def _read_row(columns: Fields, texts: Mapping[str, str]) -> dict[str, Any]:
    row = {column["name"]: read_value(column, texts.get(column["name"], "")) for column in columns}
    unasked = {name: text for name, text in texts.items() if name not in row and text.strip() and is_name(name)}
    return {name: value for name, value in row.items() if value is not None} | unasked


def _read_whole(text: str, _: Document) -> Any:
    bare = re.sub(r"\s*(?:đ|₫|đồng|vnđ|vnd)$", "", text, flags=re.IGNORECASE)
    if _GROUPED.fullmatch(bare):
        bare = re.sub(r"[^\d+-]", "", bare)
    return int(bare) if _PLAIN.fullmatch(bare) and bare.isascii() else text


def _read_day(text: str, _: Document) -> str:
    found = _DAY.fullmatch(text)
    if not found:
        return text
    of_month, month, year = found.groups()
    return f"{year}-{int(month):02}-{int(of_month):02}"


def _read_flag(text: str, _: Document) -> Any:
    folded = text.lower()
    return True if folded in _YES else False if folded in _NO else text


def _read_choice(text: str, field: Document) -> str:
    """A code, or in a table that was pasted the words that stand for it."""
    if any(choice["value"] == text for choice in field["choices"]):
        return text
    folded = text.lower()
    return next((one["value"] for one in field["choices"] if folded in _words_of(one)), text)


def _words_of(choice: Document) -> set[str]:
    return {str(label).lower() for label in choice["label"].values()}


def _is_day(text: str) -> bool:
    try:
        return bool(_ISO_DAY.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


_READERS: Final = {
    "number": _read_whole,
    "money": _read_whole,
    "date": _read_day,
    "flag": _read_flag,
    "choice": _read_choice,
}
