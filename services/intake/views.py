"""Dossiers and procedures as answers: what each asker gets to see."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from services.contracts.catalogue.applicant import NUMBER_OF
from services.contracts.catalogue.fees import in_force
from services.intake.dossier import Dossier

Subject = Mapping[str, Any]
_TO_WHOM = ("tenant", "procedure", "procedure_version", "unit")
CONTACT = (*(f"state.{name}" for name in _TO_WHOM), "subject.applicant")
_WHILE_SUPPLEMENTED = ("round", "components", "requested_at", "respond_by")
_OF_TRANSFER = ("from_unit", "to_unit", "reason", "transferred_at")
_IN_REGISTER = ("name", "phone", "address")
_NOT_PUBLIC = ("marks", "kind", "fees")


def short(dossier: Dossier) -> dict[str, Any]:
    """What a command answers at least: the dossier and its status."""
    return {
        "dossier_code": dossier.dossier_code,
        "status": dossier.status,
        "dvcqg_status": dossier.dvcqg_status,
    }


def receipt(dossier: Dossier) -> dict[str, Any]:
    """What a submission answers."""
    return {**short(dossier), "submitted_at": dossier.submitted_at, "answer_due_at": dossier.answer_due_at}


def listed(dossier: Dossier) -> dict[str, Any]:
    """A line of a list: no names, no numbers."""
    return {
        **short(dossier),
        "tenant": dossier.tenant,
        "procedure": dossier.procedure,
        "unit": dossier.unit,
        "applicant_kind": dossier.applicant_kind,
        "channel": dossier.channel,
        "submitted_at": dossier.submitted_at,
        "answer_due_at": dossier.answer_due,
        "due_at": dossier.due_at,
        "revoked_at": _revoked(dossier),
    }


def registered(dossier: Dossier, subject: Subject) -> dict[str, Any]:
    """A line of the register: with what it must say of the applicant, and no number of his."""
    applicant = subject.get("applicant")
    return {
        **listed(dossier),
        "accepted_at": _case(dossier)["accepted_at"],
        "result": _result(dossier),
        "returned_at": dossier.returned_at,
        "return_method": dossier.return_method,
        "transfers": _transfers(dossier),
        "applicant": {name: applicant.get(name) for name in _IN_REGISTER} if applicant else None,
    }


def public(dossier: Dossier) -> dict[str, Any]:
    """What a look-up with code and number shows."""
    return {
        **short(dossier),
        "tenant": dossier.tenant,
        "procedure": dossier.procedure,
        "unit": dossier.unit,
        "submitted_at": dossier.submitted_at,
        "answer_due_at": dossier.answer_due,
        "due_at": dossier.due_at,
        "resolved_at": dossier.result.at if dossier.result and dossier.status in {"resolved", "returned"} else None,
        "ended_at": _ended(dossier),
    }


def whole(dossier: Dossier, subject: Subject, intake_url: str) -> dict[str, Any]:
    """Everything, for the owner, officers of the unit and the system."""
    return {
        **listed(dossier),
        "procedure_version": dossier.procedure_version,
        "level": dossier.level,
        "supplemented_at": dossier.supplemented_at,
        "withdrawn_at": dossier.withdrawn_at,
        "withdrawal_reason": subject.get("reasons", {}).get("withdrawal"),
        "returned_at": dossier.returned_at,
        "return_method": dossier.return_method,
        "case": _case(dossier),
        "transfers": _transfers(dossier),
        "supplement": _supplement(dossier),
        "fees": _fees(dossier),
        "result": _result(dossier),
        "applicant": subject.get("applicant"),
        "form": subject.get("form"),
        "documents": [_document(dossier, one, intake_url) for one in subject.get("documents", [])],
    }


def owner(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Whose a stored dossier is: kind and number as in an actor's claim, nobody's once they are erased."""
    kind, _, number = stored.get("subject", {}).get("owner", "").partition(":")
    return {"kind": kind or None, "number": number or None, "unit": stored["state"]["unit"]}


def contact(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Whom to write to about a stored dossier; nobody once that is erased."""
    known = stored.get("subject", {}).get("applicant")
    applicant = known and {
        "kind": known["kind"],
        "name": known["name"],
        "number": known[NUMBER_OF[known["kind"]]],
        "email": known.get("email"),
    }
    about = {name: stored["state"][name] for name in _TO_WHOM}
    return {"dossier_code": stored["_id"], **about, "applicant": applicant or None}


def last_applicant(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Who the applicant of a stored dossier is, and when he said so; nobody once that is erased."""
    known = stored.get("subject", {}).get("applicant")
    return {"dossier_code": stored["_id"], "submitted_at": stored["state"]["submitted_at"], "applicant": known or None}


def procedure_line(row: Mapping[str, Any], on: date) -> dict[str, Any]:
    """A line in the list of procedures."""
    document = row["document"]
    names = ("key", "name", "tthc_code", "unit", "level", "mode", "applicant_kinds", "channels", "time_limit")
    return {
        **{name: document.get(name) for name in names},
        "version": row["valid_from"],
        "fee_free": not any(in_force(fee, on) for fee in document["fees"]),
    }


def procedure_page(row: Mapping[str, Any], unit: Mapping[str, Any], on: date) -> dict[str, Any]:
    """The whole public description of a procedure; of its fees those in force."""
    document = row["document"]
    return {
        **{name: value for name, value in document.items() if name not in _NOT_PUBLIC},
        "version": row["valid_from"],
        "revision": row["revision"],
        "unit_name": unit["name"],
        "fees": [fee for fee in document["fees"] if in_force(fee, on)],
    }


def _case(dossier: Dossier) -> dict[str, Any]:
    happened = {
        "accepted_at": "case_accepted",
        "assigned_at": "case_assigned",
        "decided_at": "case_decided",
        "rejected_at": "case_rejected",
        "stopped_at": "case_stopped",
    }
    facts = {name: dossier.fact(type_) for name, type_ in happened.items()}
    decided = facts["decided_at"] or {}
    times = {name: fact[name] if fact else None for name, fact in facts.items()}
    return {
        **times,
        "outcome": decided.get("outcome"),
        "rows": decided.get("rows") or [],  # none in what was noted before they were kept
        "on_time": decided.get("on_time"),
    }


def _transfers(dossier: Dossier) -> list[dict[str, Any]]:
    return [{name: one[name] for name in _OF_TRANSFER} for one in dossier.transfers]


def _supplement(dossier: Dossier) -> dict[str, Any] | None:
    """The last request for a supplement."""
    asked = max(dossier.each("supplement_requested"), key=lambda one: one["round"], default=None)
    if asked is None:
        return None
    return {**{name: asked[name] for name in _WHILE_SUPPLEMENTED}, "open": dossier.open_round == asked["round"]}


def _fees(dossier: Dossier) -> list[dict[str, Any]]:
    types = ("fee_requested", "fee_waived", "fee_paid")
    orders = {one["order_id"]: one["when_due"] for type_ in types for one in dossier.each(type_)}
    return [_fee(dossier, order_id, when_due) for order_id, when_due in sorted(orders.items())]


def _fee(dossier: Dossier, order_id: str, when_due: str) -> dict[str, Any]:
    asked, paid = dossier.fact("fee_requested", order_id) or {}, dossier.fact("fee_paid", order_id) or {}
    ends = {"paid": "fee_paid", "waived": "fee_waived", "cancelled": "fee_cancelled", "expired": "fee_expired"}
    given = dossier.fact("receipt_issued", order_id)
    return {
        "order_id": order_id,
        "when_due": when_due,
        "status": next((status for status, type_ in ends.items() if dossier.fact(type_, order_id)), "requested"),
        "amount_vnd": asked.get("amount_vnd", paid.get("amount_vnd")),
        "requested_at": asked.get("requested_at"),
        "pay_by": asked.get("pay_by"),
        "paid_at": paid.get("paid_at"),
        "receipt": {name: given[name] for name in ("template", "serial", "number", "issued_at")} if given else None,
    }


def _result(dossier: Dossier) -> dict[str, Any] | None:
    result = dossier.result
    if result is None:
        return None
    record = dossier.fact("record_issued") or {}
    return {
        "outcome": result.outcome,
        "dataset": result.dataset,
        "number": result.number,
        "at": result.at,
        "expires_on": record.get("expires_on"),
        "revoked_at": _revoked(dossier),
    }


def _revoked(dossier: Dossier) -> str | None:
    """When its result was revoked."""
    return (dossier.fact("record_revoked") or {}).get("revoked_at")


def _ended(dossier: Dossier) -> datetime | str | None:
    """When it ended, by whatever ended it; None while it has not."""
    case = _case(dossier)
    ends = {
        "withdrawn": dossier.withdrawn_at,
        "returned": dossier.returned_at,
        "rejected": case["rejected_at"],
        "stopped": case["stopped_at"],
    }
    return ends.get(dossier.status)


def _document(dossier: Dossier, given: Mapping[str, Any], intake_url: str) -> dict[str, Any]:
    url = f"{intake_url.rstrip('/')}/dossiers/{dossier.dossier_code}/documents/{given['upload_id']}"
    return {**given, "url": url}
