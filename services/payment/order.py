"""The fee order: what is known of it, what each event adds, and the status that follows.

Nothing but events sets a field, and the status is never set at all: it is derived. What only an open order has
(`pay_by`, `expired_at`, `cancelled_at`) goes when it no longer holds, so that facts in another order end the same.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.chassis.errors import Defect
from services.contracts.catalogue.fees import FeeLine
from services.contracts.event import Event

Data = Mapping[str, Any]

MOVES: Final[Mapping[str, frozenset[str]]] = {
    "assessed": frozenset({"requested", "waived", "cancelled"}),
    "requested": frozenset({"paid", "expired", "cancelled"}),
    "expired": frozenset({"paid", "cancelled"}),
    "cancelled": frozenset({"paid"}),  # the payer was at the gateway already: taken, and given back
    "paid": frozenset({"refund_due"}),
    "refund_due": frozenset({"refunded"}),
    "refunded": frozenset({"refund_due"}),  # more is owed: the unit had ended it before the applicant withdrew
    "waived": frozenset(),
}
STATUSES: Final = tuple(MOVES)
PAYABLE: Final = frozenset({"requested", "expired"})
LONGEST_ASKED: Final = timedelta(days=30)  # after its end, about an attempt that stays undecided


@dataclass(frozen=True, slots=True)
class Attempt:
    """A way to a gateway under a reference of its own; `open` until the gateway says what came of it."""

    reference: str
    method: str
    started_at: datetime
    expires_at: datetime
    outcome: str = "open"  # open, failed, captured
    response_code: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """The receipt (biên lai) of a settled order."""

    template: str
    serial: str
    number: int
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """Money owed back of one capture: `attempt` names it, None is the counter."""

    attempt: str | None
    amount_vnd: int
    reason: str
    due_at: datetime
    refunded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A hand-over of the dossier from unit to unit; the first has number 1."""

    number: int
    from_unit: str
    to_unit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FeeOrder:
    """What falls due of one dossier at one moment, and what became of it."""

    order_id: str
    dossier_code: str
    tenant: str
    procedure: str
    unit: str  # derived: who collects it, or has collected it
    when_due: str
    lines: tuple[FeeLine, ...]
    amount_vnd: int
    assessed_at: datetime
    pay_by: datetime | None = None
    expired_at: datetime | None = None
    waived_at: datetime | None = None
    cancelled_at: datetime | None = None
    attempts: tuple[Attempt, ...] = ()
    paid_at: datetime | None = None
    method: str | None = None
    attempt: str | None = None
    transaction: str | None = None
    receipt: Receipt | None = None
    refunds: tuple[Refund, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    status: str = "assessed"  # derived, kept because lists are filtered by it
    silent_since: datetime | None = None  # derived: since when the longest open attempt has no outcome

    @property
    def open_attempts(self) -> tuple[Attempt, ...]:
        """The attempts whose outcome is not known."""
        return tuple(attempt for attempt in self.attempts if attempt.outcome == "open")

    def find_attempt(self, reference: str) -> Attempt | None:
        """The attempt under a reference."""
        return next((attempt for attempt in self.attempts if attempt.reference == reference), None)

    def refunds_for(self, reason: str) -> tuple[Refund, ...]:
        """The refunds for a reason."""
        return tuple(refund for refund in self.refunds if refund.reason == reason)

    def find_refund(self, number: int) -> Refund | None:
        """The refund of this number; they are numbered from 1 as they came to be owed."""
        return self.refunds[number - 1] if 0 < number <= len(self.refunds) else None

    def first_owed(self, attempt: str | None, amount_vnd: int | None = None) -> int | None:
        """The number of the first refund of a capture, of this amount where one is said, that is still owed."""
        owed = enumerate(self.refunds, 1)
        return next(
            (
                number
                for number, one in owed
                if (one.attempt, one.refunded_at) == (attempt, None) and amount_vnd in {None, one.amount_vnd}
            ),
            None,
        )


def status_of(order: FeeOrder) -> str:
    """The status that follows from what is known."""
    if order.paid_at is not None:
        owed = order.refunds_for("dossier_ended")
        return "paid" if not owed else "refunded" if all(one.refunded_at for one in owed) else "refund_due"
    facts = {
        "cancelled": order.cancelled_at,
        "waived": order.waived_at,
        "expired": order.expired_at,
        "requested": order.pay_by,
    }
    return next((status for status, at in facts.items() if at is not None), "assessed")


def evolve(order: FeeOrder | None, event: Event) -> FeeOrder:
    """The order after an event. Raises Defect for an event or a move that the tables do not know."""
    if order is None and event.type == "fee_assessed":
        return _assessed(event.data)
    if order is None or event.type not in _GROWTH:
        raise _impossible(f"{event.type} has no place there")
    grown = _GROWTH[event.type](order, event.data)
    status = status_of(grown)
    if status != order.status and status not in MOVES[order.status]:
        raise _impossible(f"{event.type} would lead from {order.status} to {status}")
    return replace(grown, status=status, unit=_unit(grown), silent_since=_silent_since(grown))


def _assessed(data: Data) -> FeeOrder:
    lines = tuple(FeeLine(**line) for line in data["lines"])
    return FeeOrder(**{**data, "lines": lines})


def _requested(order: FeeOrder, data: Data) -> FeeOrder:
    return replace(order, pay_by=data["pay_by"])


def _waived(order: FeeOrder, data: Data) -> FeeOrder:
    return replace(order, waived_at=data["waived_at"])


def _started(order: FeeOrder, data: Data) -> FeeOrder:
    attempt = Attempt(data["attempt"], data["method"], data["started_at"], data["expires_at"])
    return replace(order, attempts=(*order.attempts, attempt))


def _failed(order: FeeOrder, data: Data) -> FeeOrder:
    return _attempted(order, data["attempt"], outcome="failed", response_code=data["response_code"])


def _paid(order: FeeOrder, data: Data) -> FeeOrder:
    how = {name: data[name] for name in ("paid_at", "method", "attempt", "transaction")}
    return replace(_captured(order, data["attempt"]), pay_by=None, expired_at=None, cancelled_at=None, **how)


def _receipted(order: FeeOrder, data: Data) -> FeeOrder:
    return replace(order, receipt=Receipt(data["template"], data["serial"], data["number"], data["issued_at"]))


def _expired(order: FeeOrder, data: Data) -> FeeOrder:
    return replace(order, expired_at=data["expired_at"])


def _transferred(order: FeeOrder, data: Data) -> FeeOrder:
    heard = Transfer(data["transfer"], data["from_unit"], data["to_unit"], data["transferred_at"])
    return replace(order, transfers=tuple(sorted((*order.transfers, heard), key=lambda one: one.number)))


def _cancelled(order: FeeOrder, data: Data) -> FeeOrder:
    return replace(order, pay_by=None, expired_at=None, cancelled_at=data["cancelled_at"])


def _owed(order: FeeOrder, data: Data) -> FeeOrder:
    refund = Refund(data["attempt"], data["amount_vnd"], data["reason"], data["due_at"])
    return replace(_captured(order, data["attempt"]), refunds=(*order.refunds, refund))


def _refunded(order: FeeOrder, data: Data) -> FeeOrder:
    done = data["refund"] or order.first_owed(data["attempt"], data["amount_vnd"])
    refunds = tuple(
        replace(one, refunded_at=data["refunded_at"]) if number == done else one
        for number, one in enumerate(order.refunds, 1)
    )
    return replace(order, refunds=refunds)


_GROWTH: Final[Mapping[str, Callable[[FeeOrder, Data], FeeOrder]]] = {
    "fee_requested": _requested,
    "fee_waived": _waived,
    "payment_started": _started,
    "fee_failed": _failed,
    "fee_paid": _paid,
    "receipt_issued": _receipted,
    "fee_transferred": _transferred,
    "fee_expired": _expired,
    "fee_cancelled": _cancelled,
    "refund_due": _owed,
    "fee_refunded": _refunded,
}


def _captured(order: FeeOrder, reference: str | None) -> FeeOrder:
    return order if reference is None else _attempted(order, reference, outcome="captured", response_code=None)


def _attempted(order: FeeOrder, reference: str, **changes: Any) -> FeeOrder:
    attempts = tuple(
        replace(attempt, **changes) if attempt.reference == reference else attempt for attempt in order.attempts
    )
    return replace(order, attempts=attempts)


def _unit(order: FeeOrder) -> str:
    """The unit that had the dossier when this was paid, else the one that has it: so the sums of past days stand.

    Gateways tell whole seconds: what was paid in the second of a transfer went to the unit that had it afterwards.
    Cash is in the hands of the unit that collected for the order when its officer took it (`domain.pay_at_counter`),
    also where a transfer was on its way by then, and is heard of later.
    """
    if not order.transfers or order.method == "counter":
        return order.unit
    until = [one for one in order.transfers if order.paid_at is None or one.at.replace(microsecond=0) <= order.paid_at]
    return until[-1].to_unit if until else order.transfers[0].from_unit


def _silent_since(order: FeeOrder) -> datetime | None:
    return min((attempt.started_at for attempt in order.open_attempts), default=None)


def _impossible(why: str) -> Defect:
    return Defect("payment.impossible_move", f"The history of a fee order is broken: {why}.", "Lịch sử khoản thu sai.")
