"""Orders as callers see them. No order holds personal data."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.payment.order import Attempt, FeeOrder

Answer = dict[str, Any]
_SHOWN = (
    "order_id", "dossier_code", "procedure", "unit", "status", "when_due", "amount_vnd", "pay_by", "expired_at",
    "cancelled_at", "waived_at", "paid_at", "method", "transaction",
)  # fmt: skip


def line(order: FeeOrder) -> Answer:
    """An order in a list."""
    return {
        **{name: getattr(order, name) for name in _SHOWN},
        "receipt": asdict(order.receipt) if order.receipt else None,
    }


def full(order: FeeOrder, orders: Sequence[str], held: Mapping[str, datetime]) -> Answer:
    """An order with its lines, attempts and refunds, and the ids of all orders of its dossier.

    `held` says since when a gateway has held an attempt: its payer is debited, and had better wait than pay again.
    """
    return {
        **line(order),
        "lines": [asdict(one) for one in order.lines],
        "attempts": [_attempt(one, held) for one in order.attempts],
        **refunds(order),
        "orders": list(orders),
    }


def refunds(order: FeeOrder) -> Answer:
    """What is or was owed back of an order, each with its number."""
    return {"refunds": [{"refund": number, **asdict(one)} for number, one in enumerate(order.refunds, 1)]}


def _attempt(attempt: Attempt, held: Mapping[str, datetime]) -> Answer:
    told = asdict(attempt)
    held_since = held.get(attempt.reference) if attempt.outcome == "open" else None
    return {"attempt": told.pop("reference"), **told, "held_since": held_since}
