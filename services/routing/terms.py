"""What a case takes from the catalogue when it is opened, and what may be asked for under it."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.chassis.errors import Refused
from services.contracts.catalogue.fees import FeeInputInvalid, FeeInputMissing, price
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


def _unlisted(path: str) -> dict[str, str]:
    return {
        "field": path,
        "code": "unlisted_item",
        "vi": "Không có trong danh mục của thủ tục.",
        "en": "Is not in the list of the procedure.",
    }
