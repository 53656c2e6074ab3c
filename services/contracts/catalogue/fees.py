"""Prices from fee items as data: which items are in force on a day, what each line costs, when it falls due."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.contracts.catalogue.conditions import holds


class FeeInputMissing(ValueError):
    """An answer that the price depends on was not given."""

    def __init__(self, field: str) -> None:
        super().__init__(f"the price needs {field}")
        self.field = field


class FeeInputInvalid(ValueError):
    """A quantity is not a whole number above zero, or lies beyond the last tier."""

    def __init__(self, field: str) -> None:
        super().__init__(f"{field} is not a quantity that has a price")
        self.field = field


@dataclass(frozen=True)
class FeeLine:
    """One line of a fee order, in whole đồng."""

    code: str
    kind: str
    name_vi: str
    name_en: str
    quantity: int
    unit_amount_vnd: int
    amount_vnd: int
    refundable: bool


Fee = Mapping[str, Any]
Inputs = Mapping[str, Any]


def price(fees: Sequence[Fee], inputs: Inputs, when_due: str, on: date) -> tuple[FeeLine, ...]:
    """The lines that fall due at `when_due` for the items in force on the day `on`; inputs as from `fee_inputs`."""
    due = [fee for fee in fees if fee["when_due"] == when_due and in_force(fee, on) and _applies(fee, inputs)]
    return tuple(line for fee in due for line in [_line(fee, inputs)] if line.quantity > 0)


def in_force(dated: Mapping[str, Any], on: date) -> bool:
    """Whether `on` lies within `valid_from` and `valid_to` (ISO days, both included)."""
    end = dated.get("valid_to")
    return bool(dated["valid_from"] <= on.isoformat() and (end is None or on.isoformat() <= end))


def _applies(fee: Fee, inputs: Inputs) -> bool:
    rule = fee.get("applies_if")
    if rule is not None and rule["field"] not in inputs:
        raise FeeInputMissing(rule["field"])
    return holds(rule, inputs)


def _line(fee: Fee, inputs: Inputs) -> FeeLine:
    quantity, unit_amount_vnd = _BASES[fee["basis"]](fee, inputs)
    return FeeLine(
        code=fee["code"],
        kind=fee["kind"],
        name_vi=fee["name"]["vi"],
        name_en=fee["name"]["en"],
        quantity=quantity,
        unit_amount_vnd=unit_amount_vnd,
        amount_vnd=quantity * unit_amount_vnd,
        refundable=fee["refundable"],
    )


def _quantity(fee: Fee, inputs: Inputs) -> int:
    name = fee["quantity_field"]
    quantity = inputs.get(name)
    if quantity is None:
        raise FeeInputMissing(name)
    if isinstance(quantity, bool) or not isinstance(quantity, int) or quantity <= 0:
        raise FeeInputInvalid(name)
    return quantity


def _flat(fee: Fee, _: Inputs) -> tuple[int, int]:
    return 1, fee["amount_vnd"]


def _per_unit(fee: Fee, inputs: Inputs) -> tuple[int, int]:
    units = -(-_quantity(fee, inputs) // fee.get("unit_size", 1))  # a begun unit counts whole
    return max(0, units - fee.get("free_quantity", 0)), fee["amount_vnd"]


def _per_year(fee: Fee, inputs: Inputs) -> tuple[int, int]:
    return _quantity(fee, inputs), fee["amount_vnd"]


def _tiered(fee: Fee, inputs: Inputs) -> tuple[int, int]:
    quantity = _quantity(fee, inputs)
    for tier in fee["tiers"]:
        if tier["up_to"] is None or quantity <= tier["up_to"]:
            return 1, tier["amount_vnd"]
    raise FeeInputInvalid(fee["quantity_field"])


_BASES: dict[str, Callable[[Fee, Inputs], tuple[int, int]]] = {
    "flat": _flat,
    "per_unit": _per_unit,
    "per_year": _per_year,
    "tiered": _tiered,
}
