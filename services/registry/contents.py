"""What a record says: filled from the form, numbered and dated by the catalogue, amended by officers."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError

from services.chassis.errors import Invalid, Refused
from services.contracts.catalogue.forms import compile_form, items_table, record_of
from services.contracts.fields import explain

Body = Mapping[str, Any]


def needs_fee(procedure: Body, moment: str) -> bool:
    """Whether the procedure has a fee item due at `moment`; payment then says that it is paid, or comes to nothing."""
    return any(fee["when_due"] == moment for fee in procedure["fees"])


def number_of(dataset: Body, seq: int, year: int) -> str:
    """The number as it is printed, by the dataset's pattern."""
    pattern: str = dataset["number_pattern"]
    return pattern.replace("{seq}", str(seq)).replace("{year}", str(year))


def last_day(procedure: Body, dataset: Body, issued_on: date) -> str | None:
    """The last day of validity: the procedure's term, else the dataset's, else without end."""
    years = procedure["result"]["validity_years"] or dataset["validity_years"]
    if years is None:
        return None
    leap_day = (issued_on.month, issued_on.day) == (2, 29)
    day = issued_on.replace(day=28) if leap_day else issued_on
    return day.replace(year=day.year + years).isoformat()


def first_content(
    procedure: Body, dataset: Body, form: Mapping[str, Any], refused_rows: Collection[int] = ()
) -> dict[str, Any]:
    """The fields of a new record, copied from the form as the procedure maps them onto the dataset.

    Rows, from 1, that were refused in the table of what was applied for are left out.
    """
    known = {field["name"] for field in dataset["fields"]}
    mapping = procedure["result"]["record_fields"]
    table = items_table(procedure)
    if table is not None and table["name"] in form:
        rows = enumerate(form[table["name"]], 1)
        form = {**form, table["name"]: [row for number, row in rows if number not in refused_rows]}
    return record_of({name: source for name, source in mapping.items() if name in known}, dataset["fields"], form)


def amended(dataset: Body, content: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The content with `changes`, checked by the dataset's fields. Raises Invalid, or Refused if nothing changes."""
    asked = [{**field, "required_if": None} for field in dataset["fields"] if field["name"] in changes]
    try:
        checked: dict[str, Any] = compile_form(asked).load(changes)
    except ValidationError as error:
        raise Invalid(
            "registry.invalid",
            "The request is not valid; see errors.",
            "Yêu cầu chưa hợp lệ; xem chi tiết từng trường.",
            explain(error.messages, "changes"),
        ) from None
    after = {**content, **checked}
    if after == content:
        raise Refused("registry.nothing_changed", "Nothing would change.", "Không có gì thay đổi.")
    return after


def content_at(subject: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The content as of a version; versions that changed no content (a revocation) keep none of their own."""
    kept: Mapping[str, Any] = subject.get("versions", {})
    numbers = [int(number) for number in kept if int(number) <= version]
    return dict(kept[str(max(numbers))]) if numbers else {}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What changed from one version to the next, field by field."""
    names = dict.fromkeys([*before, *after])
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]
