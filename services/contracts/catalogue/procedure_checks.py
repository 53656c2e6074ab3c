"""What must agree within a procedure: rules, fees, result and example against the form and the papers."""

from collections.abc import Iterator, Mapping
from datetime import date
from itertools import chain, combinations
from typing import Any

from services.contracts.catalogue.example_checks import example_is_valid
from services.contracts.catalogue.fees import price
from services.contracts.catalogue.form_schema import FITTED_TYPES, LONGEST_TEXT, MOST_ROWS, PRICE_TYPES
from services.contracts.catalogue.numbers import DomainLabel
from services.contracts.catalogue.procedure import LARGEST_LINE_VND
from services.contracts.catalogue.shelf import Body, Finding, Shelf, overlap

_DECIDING = frozenset({"choice", "flag", "number"})
_COUNTED = frozenset({"number", "table"})
_TEXTS = frozenset({"text", "long_text", "choice", "person_name", "domain_label", "url", "date"})


def procedure_findings(procedure: Body, shelf: Shelf) -> Iterator[Finding]:
    """All that does not agree within a procedure and with its unit and dataset."""
    found = list(
        chain(
            _references(procedure, shelf),
            _form_rules(procedure["form"], "form"),
            _component_rules(procedure),
            _groups(procedure["components"]),
            _fees(procedure),
            _fee_versions(procedure["fees"]),
            _record(procedure, shelf),
            _known(procedure, shelf),
        )
    )
    yield from found
    if not found:  # an example against broken rules only repeats what is broken
        yield from example_is_valid(procedure)


def _references(procedure: Body, shelf: Shelf) -> Iterator[Finding]:
    unit = ("unit", procedure["tenant"], procedure["unit"])
    if unit not in shelf.named:
        yield Finding("unit", "Không có đơn vị này trong danh mục.", "There is no such unit.")
    elif unit in shelf.bodies and not shelf.lasts(*unit, procedure):
        vi = "Đơn vị không có hiệu lực trong suốt thời gian hiệu lực của thủ tục."
        yield Finding("unit", vi, "The unit is not in force on every day on which the procedure is.")
    dataset = ("dataset", procedure["tenant"], procedure["result"]["dataset"])
    if dataset not in shelf.named:
        yield Finding("result.dataset", "Không có cơ sở dữ liệu này.", "There is no such dataset.")
    elif dataset in shelf.bodies and not shelf.lasts(*dataset, procedure):
        vi = "Cơ sở dữ liệu không có hiệu lực trong suốt thời gian hiệu lực của thủ tục."
        yield Finding("result.dataset", vi, "The dataset is not in force on every day on which the procedure is.")


def _form_rules(form: list[Body], path: str) -> Iterator[Finding]:
    for position, field in enumerate(form):
        others = {other["name"]: other for other in form if other is not field}
        yield from _rule(field["required_if"], others, f"{path}.{position}.required_if")
        for place, choice in enumerate(field.get("choices", [])):
            if "only_if" in choice:
                yield from _fit(choice["only_if"], others, f"{path}.{position}.choices.{place}.only_if")
        yield from _form_rules(field.get("columns", []), f"{path}.{position}.columns")


def _component_rules(procedure: Body) -> Iterator[Finding]:
    form = _by_name(procedure["form"])
    for position, component in enumerate(procedure["components"]):
        yield from _rule(component["required_if"], form, f"components.{position}.required_if")


def _rule(rule: Body | None, form: Mapping[str, Body], path: str) -> Iterator[Finding]:
    """A condition asks a field that exists, can decide, and can have the value asked for."""
    if rule is None:
        return
    field = form.get(rule["field"])
    if field is None:
        yield Finding(f"{path}.field", "Biểu mẫu không có trường này.", "The form has no such field.")
    elif field["type"] not in _DECIDING:
        vi, en = "Điều kiện chỉ dựa trên choice, flag, number.", "Only a choice, flag or number can decide."
        yield Finding(f"{path}.field", vi, en)
    else:
        wanted = rule["in"] if "in" in rule else [rule["equals"]]
        if not all(_possible(field, value) for value in wanted):
            name = "in" if "in" in rule else "equals"
            yield Finding(f"{path}.{name}", "Trường không thể có giá trị này.", "The field cannot have this value.")


def _fit(rule: Body, form: Mapping[str, Body], path: str) -> Iterator[Finding]:
    """An answer is bound to a text that is always given, or leaving that out would be a way around it."""
    field = form.get(rule["field"])
    if field is None:
        yield Finding(f"{path}.field", "Biểu mẫu không có trường này.", "The form has no such field.")
    elif field["type"] not in FITTED_TYPES:
        kinds = ", ".join(sorted(FITTED_TYPES))
        yield Finding(f"{path}.field", f"Chỉ so được với {kinds}.", f"Only {kinds} can be looked at.")
    elif not field["required"]:
        yield Finding(f"{path}.field", "Trường này phải luôn bắt buộc.", "That field must always be required.")
    elif rule.get("shortest", 0) > _longest(field):
        yield Finding(f"{path}.shortest", "Trường không dài đến thế.", "The field is never that long.")


def _longest(field: Body) -> int:
    return DomainLabel.longest if field["type"] == "domain_label" else int(field.get("longest", LONGEST_TEXT))


def _possible(field: Body, value: Any) -> bool:
    if field["type"] == "choice":
        return value in [choice["value"] for choice in field["choices"]]
    return type(value) is (bool if field["type"] == "flag" else int)


def _groups(components: list[Body]) -> Iterator[Finding]:
    groups = [component["group"] for component in components]
    for position, group in enumerate(groups):
        if group is not None and groups.count(group) < 2:
            path = f"components.{position}.group"
            yield Finding(path, "Nhóm chỉ có một thành phần.", "The group has only one component.")


def _fees(procedure: Body) -> Iterator[Finding]:
    form = _by_name(procedure["form"])
    for position, fee in enumerate(procedure["fees"]):
        yield from _rule(fee["applies_if"], form, f"fees.{position}.applies_if")
        if fee.get("quantity_field"):
            yield from _quantity(fee, form.get(fee["quantity_field"]), f"fees.{position}")


def _quantity(fee: Body, field: Body | None, path: str) -> Iterator[Finding]:
    """A quantity is a number or a count of rows, always given when the fee applies, and never below 1."""
    place = f"{path}.quantity_field"
    if field is None:
        yield Finding(place, "Biểu mẫu không có trường này.", "The form has no such field.")
    elif field["type"] not in PRICE_TYPES & _COUNTED:
        yield Finding(place, "Số lượng phải là number hoặc table.", "A quantity is a number or a table.")
    elif not field["required"] and (field["required_if"] is None or field["required_if"] != fee["applies_if"]):
        vi = "Trường số lượng phải bắt buộc, hoặc bắt buộc đúng khi khoản phí áp dụng."
        yield Finding(place, vi, "The quantity must be required, or required exactly when the fee applies.")
    elif _may_be_none(field):
        vi = "Số lượng phải từ 1: thêm min: 1 (hoặc min_rows: 1)."
        yield Finding(place, vi, "The quantity must be 1 or more: add min: 1 (or min_rows: 1).")
    elif _most(field) is None:
        yield Finding(place, "Số lượng phải có giới hạn trên: thêm max.", "A quantity has a limit: add max.")
    elif _beyond_the_tiers(fee, field):
        yield Finding(f"{path}.tiers", "Có số lượng vượt bậc cuối.", "A quantity may lie beyond the last tier.")
    elif _costliest(fee, field) > LARGEST_LINE_VND:
        vi, en = "Số lượng lớn nhất vượt mức tính được", "The largest quantity costs more than can be asked for"
        yield Finding(place, f"{vi}: {LARGEST_LINE_VND} đồng.", f"{en}: {LARGEST_LINE_VND} đồng.")


def _may_be_none(field: Body) -> bool:
    return bool(field.get("min" if field["type"] == "number" else "min_rows", 0) < 1)


def _most(field: Body) -> int | None:
    found: int | None = field.get("max") if field["type"] == "number" else field.get("max_rows", MOST_ROWS)
    return found


def _beyond_the_tiers(fee: Body, field: Body) -> bool:
    last = fee["tiers"][-1]["up_to"] if fee["basis"] == "tiered" else None
    return last is not None and (_most(field) or 0) > last


def _costliest(fee: Body, field: Body) -> int:
    always, day = {**fee, "applies_if": None}, date.fromisoformat(fee["valid_from"])
    lines = price([always], {fee["quantity_field"]: _most(field)}, fee["when_due"], day)
    return sum(line.amount_vnd for line in lines)


def _fee_versions(fees: list[Body]) -> Iterator[Finding]:
    for (_, one), (position, other) in combinations(enumerate(fees), 2):
        if one["code"] == other["code"] and overlap(one, other):
            vi = f"Khoản {other['code']} có hai mức cùng hiệu lực."
            yield Finding(f"fees.{position}.valid_from", vi, f"{other['code']} is in force twice at the same time.")


def _record(procedure: Body, shelf: Shelf) -> Iterator[Finding]:
    result = procedure["result"]
    dataset = shelf.find("dataset", procedure["tenant"], result["dataset"], procedure["valid_from"])
    if dataset is None:
        return
    form, record = _by_name(procedure["form"]), _by_name(dataset["fields"])
    for target, source in result["record_fields"].items():
        yield from _copied(record.get(target), form.get(source), f"result.record_fields.{target}")
    for name, field in record.items():
        if field["required"] and name not in result["record_fields"]:
            vi = f"Thiếu trường bắt buộc của cơ sở dữ liệu: {name}."
            yield Finding("result.record_fields", vi, f"A required field of the dataset is missing: {name}.")


def _copied(target: Body | None, source: Body | None, path: str) -> Iterator[Finding]:
    """A record field exists, is filled from a form field of its type, and is not required more than that is."""
    if target is None:
        yield Finding(path, "Cơ sở dữ liệu không có trường này.", "The dataset has no such field.")
    elif source is None:
        yield Finding(path, "Biểu mẫu không có trường này.", "The form has no such field.")
    elif not _fits(target, source):
        vi, en = "Kiểu hoặc giới hạn không khớp với biểu mẫu.", "The types or bounds do not fit the form's."
        yield Finding(path, vi, en)
    elif target["required"] and not source["required"]:
        vi = "Trường bắt buộc lấy từ trường không bắt buộc."
        yield Finding(path, vi, "A required field is filled from one that may be missing.")


def _fits(target: Body, source: Body) -> bool:
    if target["type"] == "table" == source["type"]:
        columns = _by_name(source["columns"])
        return target.get("max_rows", MOST_ROWS) >= source.get("max_rows", MOST_ROWS) and all(
            column["name"] in columns
            and _fits(column, columns[column["name"]])
            and (columns[column["name"]]["required"] or not column["required"])
            for column in target["columns"]
        )
    if target["type"] == "text":
        return source["type"] in _TEXTS and _longest(target) >= source.get("longest", LONGEST_TEXT)
    if target["type"] == "choice" == source["type"]:
        return {choice["value"] for choice in source["choices"]} <= {one["value"] for one in target["choices"]}
    return bool(target["type"] == source["type"])


def _known(procedure: Body, shelf: Shelf) -> Iterator[Finding]:
    """What is prefilled from a dataset of the ministry could be given as an answer as it stands there."""
    for position, field in enumerate(procedure["form"]):
        path = f"form.{position}.known_from"
        for place, column in enumerate(field.get("columns", [])):
            if "known_from" in column:
                vi, en = "Chỉ dùng cho trường của biểu mẫu.", "Only a field of the form itself can have this."
                yield Finding(f"form.{position}.columns.{place}.known_from", vi, en)
        if "known_from" in field:
            yield from _prefilled(procedure, field, shelf, path)


def _prefilled(procedure: Body, field: Body, shelf: Shelf, path: str) -> Iterator[Finding]:
    tenant, source = procedure["tenant"], field["known_from"]
    if ("dataset", tenant, source["dataset"]) not in shelf.named:
        yield Finding(f"{path}.dataset", "Không có cơ sở dữ liệu này.", "There is no such dataset.")
    dataset = shelf.find("dataset", tenant, source["dataset"], procedure["valid_from"])
    if dataset is None:
        return
    known = _number(dataset) if source["number"] else _by_name(dataset["fields"]).get(source["field"])
    if known is None:
        yield Finding(f"{path}.field", "Cơ sở dữ liệu không có trường này.", "The dataset has no such field.")
    elif not _fits(field, known):
        vi, en = "Kiểu hoặc giới hạn không khớp với cơ sở dữ liệu.", "The types or bounds do not fit the dataset's."
        yield Finding(path, vi, en)


def _number(dataset: Body) -> Body:
    """The number of a record as a field; a sequence grows."""
    return {"type": "text", "longest": len(dataset["number_pattern"]) + 10}


def _by_name(form: list[Body]) -> dict[str, Body]:
    return {field["name"]: field for field in form}
