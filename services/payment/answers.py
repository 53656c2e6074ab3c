"""Orders as callers see them. No order holds personal data."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from services.payment.order import FeeOrder

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


def full(order: FeeOrder, orders: Sequence[str]) -> Answer:
    """An order with its lines, attempts and refunds, and the ids of all orders of its dossier."""
    return {
        **line(order),
        "lines": [asdict(one) for one in order.lines],
        "attempts": [_attempt(one) for one in map(asdict, order.attempts)],
        "refunds": [asdict(one) for one in order.refunds],
        "orders": list(orders),
    }


def _attempt(attempt: Answer) -> Answer:
    return {"attempt": attempt.pop("reference"), **attempt}
