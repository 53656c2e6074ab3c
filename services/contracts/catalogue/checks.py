"""What must agree between catalogue documents: versions, references, the days of a calendar."""

from collections.abc import Callable, Iterator
from itertools import chain

from services.contracts.catalogue.procedure_checks import procedure_findings
from services.contracts.catalogue.shelf import Body, Finding, Shelf, address, covers, overlap


def findings(body: Body, shelf: Shelf) -> Iterator[Finding]:
    """All that does not agree between this document and the rest, or within it."""
    checks = [_versions, *([] if body["kind"] in ("tenant", "calendar") else [_tenant_is_known])]
    return chain.from_iterable(check(body, shelf) for check in [*checks, *_OWN_CHECKS.get(body["kind"], [])])


def _versions(body: Body, shelf: Shelf) -> Iterator[Finding]:
    others = [other for other in shelf.bodies[address(body)] if other is not body]
    for other in others:
        if overlap(body, other):
            since = other["valid_from"]
            yield Finding(
                "valid_from",
                f"Trùng thời gian hiệu lực với phiên bản từ {since}.",
                f"Is in force at the same time as the version from {since}.",
            )


def _tenant_is_known(body: Body, shelf: Shelf) -> Iterator[Finding]:
    if ("tenant", None, body["tenant"]) not in shelf.named:
        yield Finding("tenant", "Không có cơ quan này trong danh mục.", "There is no such tenant.")


def _office_hours_are_known(unit: Body, shelf: Shelf) -> Iterator[Finding]:
    if ("calendar", None, unit["calendar"]) not in shelf.named:
        yield Finding("calendar", "Không có lịch này trong danh mục.", "There is no such calendar.")
    calendar = shelf.find("calendar", None, unit["calendar"], unit["valid_from"])
    if calendar and unit["office_hours"] not in [hours["key"] for hours in calendar["office_hours"]]:
        yield Finding("office_hours", "Lịch không có giờ làm việc này.", "The calendar has no such office hours.")


def _agency_code_is_its_own(unit: Body, shelf: Shelf) -> Iterator[Finding]:
    """Dossier codes are counted under the agency code, so two units may not share one at the same time."""
    others = chain.from_iterable(bodies for (kind, _, _), bodies in shelf.bodies.items() if kind == "unit")
    for other in others:
        same = other["agency_code"] == unit["agency_code"] and address(other) != address(unit)
        if same and overlap(unit, other):
            key = other["key"]
            yield Finding("agency_code", f"Trùng mã với đơn vị {key}.", f"The unit {key} has the same code.")


def _key_is_its_own(body: Body, shelf: Shelf) -> Iterator[Finding]:
    """Only one ministry has this key, for where it is used no ministry is named beside it.

    Records are looked up by dataset and number, and what an officer may see and do is decided by his unit's key.
    """
    for kind, tenant, key in shelf.named:
        if (kind, key) == (body["kind"], body["key"]) and tenant != body["tenant"]:
            yield Finding("key", f"Khóa này đã thuộc về {tenant}.", f"The key belongs to {tenant}.")


def _records_know_nothing_from_elsewhere(dataset: Body, _: Shelf) -> Iterator[Finding]:
    """What a record says was in the form: only a form is prefilled."""
    for position, field in enumerate(dataset["fields"]):
        if "known_from" in field:
            vi, en = "Chỉ dùng cho trường của biểu mẫu.", "Only a field of a form can have this."
            yield Finding(f"fields.{position}.known_from", vi, en)


def _days_lie_within(calendar: Body, _: Shelf) -> Iterator[Finding]:
    for group in ("holidays", "compensatory_off", "makeup_workdays"):
        for position, row in enumerate(calendar[group]):
            if not covers(calendar, row["date"]):
                path = f"{group}.{position}.date"
                yield Finding(path, "Ngày nằm ngoài các năm của lịch.", "The day is outside the calendar's years.")


def _no_day_is_off_and_worked(calendar: Body, _: Shelf) -> Iterator[Finding]:
    off = {row["date"] for group in ("holidays", "compensatory_off") for row in calendar[group]}
    for position, row in enumerate(calendar["makeup_workdays"]):
        if row["date"] in off:
            path = f"makeup_workdays.{position}.date"
            yield Finding(path, "Ngày vừa nghỉ vừa làm bù.", "The day is both off and worked.")


def _exchanges_match(calendar: Body, _: Shelf) -> Iterator[Finding]:
    groups = ("compensatory_off", "makeup_workdays")
    for group, opposite in (groups, groups[::-1]):
        days = {row["date"] for row in calendar[opposite]}
        for position, row in enumerate(calendar[group]):
            if row["in_exchange_for"] is not None and row["in_exchange_for"] not in days:
                path = f"{group}.{position}.in_exchange_for"
                yield Finding(path, "Ngày hoán đổi không có trong lịch.", "The day exchanged is not in the calendar.")


_OWN_CHECKS: dict[str, list[Callable[[Body, Shelf], Iterator[Finding]]]] = {
    "dataset": [_key_is_its_own, _records_know_nothing_from_elsewhere],
    "unit": [_key_is_its_own, _office_hours_are_known, _agency_code_is_its_own],
    "calendar": [_days_lie_within, _no_day_is_off_and_worked, _exchanges_match],
    "procedure": [procedure_findings],
}
