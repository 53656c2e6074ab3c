"""What officers are told of a case."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from services.routing.case import Case, Fee, Item, Proposal, Supplement, Transfer, punctuality
from services.routing.history import along
from services.routing.queue import Risk

Answer = dict[str, Any]
REASONS: Final = ("rejected", "proposed", "returned", "decided", "stopped")


def summary(case: Case) -> Answer:
    """The case in a few words: the answer to an action, and a line of the queue."""
    return {
        "dossier_code": case.dossier_code,
        "status": case.status,
        "awaiting": case.awaiting,
        "tenant": case.tenant,
        "procedure": case.procedure,
        "procedure_version": case.procedure_version,
        "unit": case.unit,
        "officer": case.officer,
        "submitted_at": case.submitted_at,
        "opened_at": case.opened_at,
        "answer_due_at": case.answer_due_at,
        "due_at": case.due_at,
    }


def line(case: Case, risk: Risk) -> Answer:
    """The case in the queue: with the date it is sorted by, and whether that has passed, or is about to."""
    runs_out = case.overdue_at
    return {
        **summary(case),
        "next_due_at": case.next_due_at,
        "overdue": runs_out is not None and runs_out < risk.now,
        "at_risk": runs_out is not None and risk.now <= runs_out <= risk.ends,
    }


def decided(case: Case) -> Answer:
    """The answer to a decision."""
    return {
        **summary(case),
        "outcome": case.outcome,
        "items": _items(case.items, {}),
        "decided_at": case.decided_at,
        "on_time": case.on_time,
    }


def proposed(case: Case) -> Answer:
    """The answer to a proposal."""
    return {**summary(case), "proposal": _proposal(case.proposal, {})}


def reasons(which: str, reason: str | None, items: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """What an officer wrote about a decision as a whole and about rows of it, as it is kept beside the history."""
    of_rows = {str(item["row"]): item["reason"] for item in items if item.get("reason")}
    written = {f"reasons.{which}": reason, f"reasons.{which}_items": of_rows}
    return {name: said for name, said in written.items() if said} or None


def asked(case: Case) -> Answer:
    """The answer to a supplement request."""
    latest = case.supplements[-1]
    return {**summary(case), "round": latest.round, "respond_by": latest.respond_by}


def full(case: Case, subject: Mapping[str, Any], history: Sequence[Mapping[str, Any]], risk: Risk) -> Answer:
    """All that is known of the case: terms, dates, fees, every step, and what was written at them."""
    why = subject.get("reasons", {})
    notes = subject.get("transfers", {})
    return {
        **line(case, risk),
        "time_limit": case.terms.time_limit,
        "clock": {"on_supplement": case.terms.on_supplement, "on_payment": case.terms.on_payment},
        "accepted_at": case.accepted_at,
        "assigned_at": case.assigned_at,
        "decided_at": case.decided_at,
        "outcome": case.outcome,
        "items": _decided_items(case, why),
        "on_time": case.on_time,
        "decision": case.terms.decision,
        "proposal": _proposal(case.proposal, why.get("proposed_items", {})),
        "rejected_at": case.rejected_at,
        "stopped_at": case.stopped_at,
        "withdrawn_at": case.withdrawn_at,
        "reasons": {name: why.get(name) for name in REASONS},
        "transfers": [_transfer(one, notes.get(str(place))) for place, one in enumerate(case.transfers, 1)],
        "supplements": requests(case, subject),
        "fees": [_fee(fee) for fee in case.fees],
        "unpaid": list(case.unpaid),
        "slipped": list(case.slipped),
        "steps": [_step(before, entry) for before, entry in along(history)],
    }


def requests(case: Case, subject: Mapping[str, Any]) -> list[Answer]:
    """The requests for supplements with their wording."""
    wording = subject.get("supplements", {})
    return [_supplement(one, wording.get(str(one.round), {})) for one in case.supplements]


def decision(case: Case, subject: Mapping[str, Any]) -> Answer:
    """What was decided, as a whole and on the rows that were decided on one by one, and why; nothing before that."""
    why = subject.get("reasons", {})
    return {
        "dossier_code": case.dossier_code,
        "decided_at": case.decided_at,
        "outcome": case.outcome,
        "reason": why.get("decided"),
        "items": _decided_items(case, why),
    }


def reception(case: Case, history: Sequence[Mapping[str, Any]]) -> Answer:
    """Who received the dossier, and when; nobody yet where it was not received."""
    by: Mapping[str, Any] = next((entry["by"] for entry in history if entry["type"] == "case_accepted"), {})
    received = {"accepted_at": case.accepted_at, "officer": by.get("id"), "unit": by.get("unit")}
    return {"dossier_code": case.dossier_code, **received}


def _step(before: Case | None, entry: Mapping[str, Any]) -> Answer:
    """What was done, and how that stands to `due_at`, when the clock that ran until then ran out: None for none."""
    due_at = before.overdue_at if before else None
    return {
        "event": entry["type"],
        "at": entry["at"],
        "by": entry["by"],
        "due_at": due_at,
        "punctuality": punctuality(entry["at"], due_at) if due_at else None,
    }


def _proposal(proposal: Proposal | None, why: Mapping[str, Any]) -> Answer | None:
    if proposal is None:
        return None
    rows = _items(proposal.items, why)
    return {"outcome": proposal.outcome, "items": rows, "by": proposal.by, "proposed_at": proposal.at}


def _decided_items(case: Case, why: Mapping[str, Any]) -> list[Answer]:
    return _items(case.items, why.get("decided_items") or why.get("proposed_items") or {})


def _items(items: Sequence[Item], why: Mapping[str, Any]) -> list[Answer]:
    return [{"row": item.row, "outcome": item.outcome, "reason": why.get(str(item.row))} for item in items]


def _supplement(one: Supplement, wording: Mapping[str, Any]) -> Answer:
    return {
        "round": one.round,
        "before_acceptance": one.before_acceptance,
        "items": wording.get("items", [{"component": component} for component in one.components]),
        "reason": wording.get("reason"),
        "requested_at": one.requested_at,
        "respond_by": one.respond_by,
        "received_at": one.received_at,
    }


def _transfer(one: Transfer, note: str | None) -> Answer:
    return {
        "from_unit": one.from_unit,
        "to_unit": one.to_unit,
        "reason": one.reason,
        "note": note,
        "transferred_at": one.at,
    }


def _fee(fee: Fee) -> Answer:
    return {
        "order_id": fee.order_id,
        "when_due": fee.when_due,
        "required_at": fee.required_at,
        "settled_at": fee.settled_at,
        "waived": fee.waived,
    }
