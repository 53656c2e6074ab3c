"""What pages of a form tell about it: what is wrong and where, what differs, why a sheet was not taken."""

from collections.abc import Iterable
from typing import Any

from flask import Flask

from services.chassis.errors import ServiceError
from services.portal import forms
from services.portal.attachments import SUFFIXES
from services.portal.language import number, say, words
from services.portal.sheets import Unreadable

Problem = dict[str, str]


def shown_problems(fields: forms.Fields, kind: str, problems: Iterable[Problem]) -> dict[str, Any]:
    """`errors` for the summary, each with the label of its place, and `wrong`: the same by path."""
    listed: list[dict[str, str]] = []
    wrong: dict[str, list[Problem]] = {}
    for one in problems:
        path = one["field"]
        listed.append({**one, "label": label_at(fields, kind, path)})
        wrong.setdefault(path, []).append(one)
    return {"errors": listed, "wrong": wrong}


def label_at(fields: forms.Fields, kind: str, path: str) -> str:
    """The label of what a path names, in the form or the part about the applicant."""
    part = path.partition(".")[0]
    return forms.place_words(forms.applicant_fields(kind) if part == "applicant" else fields, path)


def differing(fields: forms.Fields, kind: str, path: str, value: Any) -> str:
    """An answer as one line of a comparison."""
    asked = forms.applicant_fields(kind) if path.startswith("applicant.") else fields
    field, _, _ = forms.field_at(asked, path)
    if field is None or value is None:
        return str(value or "")
    if field["type"] == "table" and isinstance(value, list):
        return say("%(rows)s dòng", rows=len(value)) + ": " + "; ".join(_row(field, row) for row in value[:20] if row)
    return forms.answer_words(field, value)


def carried(fields: forms.Fields, typed: forms.Document) -> list[tuple[str, str]]:
    """The controls of a form that was answered so, by name and text, for a page that only sends them on."""
    found: list[tuple[str, str]] = []
    for field in fields:
        name, value = f"form.{field['name']}", forms.drawable([field], typed)[field["name"]]
        if field["type"] == "table":
            cells = [(place, column, row) for place, row in enumerate(value) for column in field["columns"]]
            found += [(f"{name}.{at}.{one['name']}", forms.shown(one, row.get(one["name"]))) for at, one, row in cells]
        else:
            found.append((name, forms.shown(field, value)))
    return [(name, text) for name, text in found if text]


def told(error: ServiceError) -> str:
    """A named error with the reasons it gives, as one sentence."""
    said = {"vi": error.vi, "en": error.en}
    return " ".join([words(said), *(words(one) for one in error.errors)])


def unreadable_words(error: Unreadable) -> str:
    """Why a sheet was not taken."""
    values = {"row": error.row, "found": number(error.found), "most": number(error.most)}
    return {
        "empty": lambda: say("Chưa có dòng nào: hãy dán các dòng hoặc chọn tệp CSV."),
        "not_text": lambda: say("Tệp không phải là CSV dạng UTF-8: hãy lưu lại từ bảng tính ở dạng “CSV UTF-8”."),
        "not_a_table": lambda: say("Nội dung không đọc được thành bảng."),
        "too_large": lambda: say("Tệp CSV quá lớn."),
        "too_many_rows": lambda: say("Bảng nhận nhiều nhất %(most)s dòng; sẽ có %(found)s dòng.", **values),
        "too_many_cells": lambda: say("Dòng %(row)s có %(found)s ô, bảng chỉ có %(most)s cột.", **values),
    }[error.code]()


def rows_words(field: forms.Document) -> str:
    """How many rows a table takes."""
    least = field.get("min_rows", 1 if field.get("required") else 0)
    most = field.get("max_rows", 100)
    if least > 1:
        return say("Từ %(least)s đến %(most)s dòng.", least=number(least), most=number(most))
    return say("Nhiều nhất %(most)s dòng.", most=number(most))


def size_words(size: int) -> str:
    """How large a file is."""
    if size < 1_048_576:
        return f"{number(max(1, round(size / 1024)))} KB"
    return f"{number(round(size / 1_048_576, 1))} MB"


def suffixes(types: Iterable[str]) -> str:
    """The kinds of file that a paper takes, as a file control lets them be chosen."""
    return ",".join(suffix for name in types for suffix in SUFFIXES[name])


def fee_when_words(when: str) -> str:
    """When a fee is to be paid."""
    return {
        "on_submission": lambda: say("khi nộp hồ sơ"),
        "on_acceptance": lambda: say("khi hồ sơ được tiếp nhận"),
        "before_result": lambda: say("trước khi nhận kết quả"),
    }[when]()


def teach(app: Flask) -> None:
    """Have templates know these."""
    app.jinja_env.globals.update(
        shown=forms.shown,
        control_type=forms.control_type,
        bounds=forms.bounds,
        when_words=forms.when_words,
        answer_words=forms.answer_words,
        rows_words=rows_words,
        differing=differing,
        label_at=label_at,
        size_words=size_words,
        suffixes=suffixes,
        fee_when_words=fee_when_words,
    )


def _row(field: forms.Document, row: Any) -> str:
    columns = {column["name"]: column for column in field["columns"]}
    cells = row.items() if isinstance(row, dict) else ()
    return ", ".join(forms.answer_words(columns[name], value) for name, value in cells if name in columns)
