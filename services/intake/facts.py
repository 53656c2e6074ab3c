"""What other services did, as far as it shows in a dossier: facts that join in any order to the same set.

One fact is kept of each event type (of each fee order, supplement round, transfer). Of two that speak of the same thing
the one that its service said later stays, whatever times they name: a join that is commutative, associative and
idempotent, so events may come late, twice and in any order. No fact holds personal data.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.contracts.event import Event


@dataclass(frozen=True, slots=True)
class Kind:
    """What is kept of an event type: when it happened (`at`), which fields, and what tells facts of it apart."""

    at: str
    keeps: tuple[str, ...]
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing another service did; `data` is JSON, its times are ISO 8601 in UTC to the millisecond.

    `sequence` is the place of its event among those of the same case, order or record.
    """

    type: str
    about: str
    data: dict[str, Any]
    sequence: int = 0


KINDS: Final[dict[str, Kind]] = {
    # routing
    "case_accepted": Kind("accepted_at", ("accepted_at", "due_at")),
    "case_rejected": Kind("rejected_at", ("rejected_at",)),
    "case_assigned": Kind("assigned_at", ("assigned_at",)),
    "case_transferred": Kind(
        "transferred_at", ("transfer", "from_unit", "to_unit", "reason", "transferred_at"), "transfer"
    ),
    "case_fee_noted": Kind("noted_at", ("order_id", "noted_at", "due_at"), "order_id"),
    "case_decided": Kind("decided_at", ("unit", "outcome", "rows", "decided_at", "due_at", "on_time")),
    "case_stopped": Kind("stopped_at", ("stopped_at",)),
    "supplement_requested": Kind("requested_at", ("round", "components", "requested_at", "respond_by"), "round"),
    "supplement_received": Kind("received_at", ("round", "received_at", "answer_due_at", "due_at"), "round"),
    # payment
    "fee_requested": Kind("requested_at", ("order_id", "when_due", "amount_vnd", "requested_at", "pay_by"), "order_id"),
    "fee_waived": Kind("waived_at", ("order_id", "when_due", "waived_at"), "order_id"),
    "fee_paid": Kind("paid_at", ("order_id", "when_due", "amount_vnd", "method", "paid_at"), "order_id"),
    "fee_expired": Kind("expired_at", ("order_id", "expired_at"), "order_id"),
    "fee_cancelled": Kind("cancelled_at", ("order_id", "cancelled_at"), "order_id"),
    "receipt_issued": Kind("issued_at", ("order_id", "template", "serial", "number", "issued_at"), "order_id"),
    # registry
    "record_issued": Kind("issued_at", ("unit", "dataset", "number", "version", "issued_at", "expires_on")),
    "record_revoked": Kind("revoked_at", ("dataset", "number", "version", "reason", "revoked_at")),
}


def fact_of(event: Event, sequence: int = 0) -> Fact:
    """What is kept of an event of another service."""
    kept = {name: _plain(event.data.get(name)) for name in KINDS[event.type].keeps}
    return read_fact(event.type, kept, sequence)


def read_fact(type_: str, kept: dict[str, Any], sequence: int) -> Fact:
    """A fact from the data that a history keeps of it."""
    about = KINDS[type_].about
    return Fact(type_, str(kept[about]) if about else "", kept, sequence)


def joined(facts: tuple[Fact, ...], new: Fact) -> tuple[Fact, ...]:
    """The facts with one more; the same tuple when it adds nothing."""
    known = next((fact for fact in facts if (fact.type, fact.about) == (new.type, new.about)), None)
    if known is not None and rank(known) >= rank(new):
        return facts
    others = (fact for fact in facts if fact is not known)
    return tuple(sorted((*others, new), key=lambda fact: (fact.type, fact.about)))


def moment(text: str) -> datetime:
    """A time as a fact keeps it."""
    return datetime.fromisoformat(text)


def rank(fact: Fact) -> tuple[int, str, str]:
    """What makes a fact later than another of the same history."""
    return fact.sequence, str(fact.data[KINDS[fact.type].at]), json.dumps(fact.data, sort_keys=True)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds")
    return list(value) if isinstance(value, tuple) else value
