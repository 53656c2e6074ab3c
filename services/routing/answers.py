"""What officers are told of a case."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.routing.case import Case, Fee, Supplement
from services.routing.queue import Risk

Answer = dict[str, Any]


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
    return {**summary(case), "outcome": case.outcome, "decided_at": case.decided_at, "on_time": case.on_time}


def asked(case: Case) -> Answer:
    """The answer to a supplement request."""
    latest = case.supplements[-1]
    return {**summary(case), "round": latest.round, "respond_by": latest.respond_by}


def full(case: Case, subject: Mapping[str, Any], history: Sequence[Mapping[str, Any]], risk: Risk) -> Answer:
    """All that is known of the case: terms, dates, requests with their wording, fees, reasons, and every step."""
    reasons = subject.get("reasons", {})
    wording = subject.get("supplements", {})
    return {
        **line(case, risk),
        "time_limit": case.terms.time_limit,
        "clock": {"on_supplement": case.terms.on_supplement, "on_payment": case.terms.on_payment},
        "accepted_at": case.accepted_at,
        "assigned_at": case.assigned_at,
        "decided_at": case.decided_at,
        "outcome": case.outcome,
        "on_time": case.on_time,
        "rejected_at": case.rejected_at,
        "stopped_at": case.stopped_at,
        "withdrawn_at": case.withdrawn_at,
        "reasons": {name: reasons.get(name) for name in ("rejected", "decided", "stopped")},
        "supplements": [_supplement(one, wording.get(str(one.round), {})) for one in case.supplements],
        "fees": [_fee(fee) for fee in case.fees],
        "unpaid": list(case.unpaid),
        "slipped": list(case.slipped),
        "steps": [{"event": entry["type"], "at": entry["at"], "by": entry["by"]} for entry in history],
    }


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


def _fee(fee: Fee) -> Answer:
    return {
        "order_id": fee.order_id,
        "when_due": fee.when_due,
        "required_at": fee.required_at,
        "settled_at": fee.settled_at,
        "waived": fee.waived,
    }
