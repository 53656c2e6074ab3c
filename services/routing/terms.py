"""What a case takes from the catalogue when it is opened, and what may be asked for under it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.errors import Refused
from services.contracts.catalogue.fees import FeeInputInvalid, FeeInputMissing, price
from services.contracts.catalogue.form_schema import MOST_ROWS
from services.contracts.catalogue.forms import items_table
from services.routing.case import BEFORE_DECISION, Terms

Document = Mapping[str, Any]


def terms_of(procedure: Document, unit: Document, fee_inputs: Mapping[str, Any], day: date) -> Terms:
    """The rules for a dossier submitted on `day`, local."""
    return Terms(
        time_limit={
            key: procedure["time_limit"][key] for key in ("kind", "days", "windows") if key in procedure["time_limit"]
        },
        on_supplement=procedure["clock"]["on_supplement"],
        on_payment=procedure["clock"]["on_payment"],
        calendar=unit["calendar"],
        office_hours=unit.get("office_hours", "standard"),
        decision=procedure.get("decision", "one_step"),
        fees_awaited=tuple(when for when in BEFORE_DECISION if _costs(procedure, fee_inputs, when, day)),
    )


def _costs(procedure: Document, fee_inputs: Mapping[str, Any], when_due: str, day: date) -> bool:
    """Whether something is to be paid then. What cannot be priced is awaited: payment has the last word on it."""
    try:
        lines = price(procedure["fees"], fee_inputs, when_due, day)
    except (FeeInputMissing, FeeInputInvalid):
        return True
    return sum(line.amount_vnd for line in lines) > 0


def refuse_unlisted(procedure: Document, items: Sequence[Mapping[str, Any]]) -> None:
    """No paper outside the published list may be asked for. Raises Refused, naming the items."""
    listed = {
        "component": {component["code"] for component in procedure["components"]},
        "field": {field["name"] for field in procedure["form"]},
    }
    errors = [
        _unlisted(f"items.{index}.{kind}")
        for index, item in enumerate(items)
        for kind, names in listed.items()
        if item.get(kind) is not None and item[kind] not in names
    ]
    if errors:
        raise Refused(
            "routing.unlisted_item",
            "Only what the procedure lists may be asked for.",
            "Chỉ được yêu cầu giấy tờ, thông tin trong danh mục của thủ tục.",
            errors,
        )


def refuse_no_rows(procedure: Document, items: Sequence[Mapping[str, Any]]) -> None:
    """Only rows that the form can have are decided on one by one. Raises Refused, naming the items."""
    table = items_table(procedure) if items else None
    if items and table is None:
        raise Refused(
            "routing.no_items",
            "This procedure is decided as a whole.",
            "Thủ tục này được quyết định chung một kết quả.",
        )
    most = table.get("max_rows", MOST_ROWS) if table else 0
    errors = [_no_row(index, most) for index, item in enumerate(items) if item["row"] > most]
    if errors:
        raise Refused("routing.no_such_row", "The form has no such row.", "Biểu mẫu không có dòng này.", errors)


def _no_row(index: int, most: int) -> dict[str, str]:
    vi, en = f"Biểu mẫu có nhiều nhất {most} dòng.", f"The form has {most} rows at most."
    return {"field": f"items.{index}.row", "code": "too_large", "vi": vi, "en": en}


def _unlisted(path: str) -> dict[str, str]:
    return {
        "field": path,
        "code": "unlisted_item",
        "vi": "Không có trong danh mục của thủ tục.",
        "en": "Is not in the list of the procedure.",
    }
