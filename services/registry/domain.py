"""How a decision becomes a record, and what may be done with a record. Pure rules.

An issuance is a handful of facts, each set once, that may become known in any order: the decision, the settled fee, the
withdrawal, the stop. Whatever follows from them is derived, so the same facts make the same issuance.
"""

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Defect, Denied, NotFound, Refused
from services.contracts.catalogue.dates import local_day
from services.contracts.event import Event
from services.contracts.folding import folded_words
from services.registry.holders import Holder, owns

FEE_MOMENT: Final = "before_result"
VALID, REVOKED, EXPIRED = "valid", "revoked", "expired"

# What may happen to a record: (status, act) -> status.
MOVES: Final[Mapping[tuple[str, str], str]] = {
    (VALID, "amend"): VALID,
    (VALID, "revoke"): REVOKED,
    (VALID, "end"): REVOKED,
}


@dataclass(frozen=True)
class Decision:
    """What the unit decided, and what the catalogue says follows from it."""

    tenant: str
    procedure: str
    procedure_version: str
    unit: str
    outcome: str
    decided_at: datetime
    dataset: str | None = None
    needs_fee: bool = False
    refused_rows: tuple[int, ...] = ()


@dataclass(frozen=True)
class Issuance:
    """What is known of a dossier that may end in a record."""

    dossier_code: str
    decision: Decision | None = None
    fee_settled_at: datetime | None = None
    withdrawn_at: datetime | None = None
    stopped_at: datetime | None = None  # after it was granted

    @property
    def end(self) -> "End | None":
        """What ended it without a result, whatever it had come to; a withdrawal before a stop."""
        ends = (("withdrawn", self.withdrawn_at), ("by_decision", self.stopped_at))
        return next((End(reason, at) for reason, at in ends if at), None)

    @property
    def order(self) -> "IssueOrder | None":
        """What is to be issued now that everything is there; None while something is missing or speaks against it."""
        decision = self.decision
        if decision is None or decision.dataset is None or decision.outcome != "granted" or self.end:
            return None
        if decision.needs_fee and self.fee_settled_at is None:
            return None
        settled_at = self.fee_settled_at if decision.needs_fee else None
        ready_at = max(decision.decided_at, settled_at or decision.decided_at)
        return IssueOrder(self.dossier_code, decision.dataset, local_day(decision.decided_at).year, ready_at)


@dataclass(frozen=True)
class End:
    """Why, as a record that is revoked for it says, and when a dossier ended."""

    reason: str
    at: datetime


@dataclass(frozen=True)
class IssueOrder:
    """One record to be issued: its dataset, and the local year in whose series it is numbered."""

    dossier_code: str
    dataset: str
    year: int
    ready_at: datetime

    @property
    def series(self) -> str:
        """The series its number is taken from."""
        return f"{self.dataset}/{self.year}"

    @property
    def owner(self) -> str:
        """Who keeps that number, however often it is asked for."""
        return f"{self.dataset}:{self.dossier_code}"


@dataclass(frozen=True)
class Record:
    """A result in a shared database. Holder and content stand beside the history, by version."""

    dossier_code: str
    tenant: str
    procedure: str
    unit: str
    dataset: str
    number: str
    issued_at: datetime
    expires_on: str | None = None
    version: int = 1
    status: str = VALID
    revoked_at: datetime | None = None

    def status_on(self, day: date) -> str:
        """The status as it shows on a day: a valid record expires after its last day."""
        over = self.expires_on is not None and self.expires_on < day.isoformat()
        return EXPIRED if self.status == VALID and over else self.status


def record_id(dataset: str, number: str) -> str:
    """The identity of a record; a dataset's key has no slash, so it cannot be mistaken."""
    return f"{dataset}/{number}"


def read_number(number: str) -> list[str]:
    """The words of a number: it may be typed without marks, in small or full-width letters, with any signs between."""
    return folded_words(unicodedata.normalize("NFKC", number))


# Issuance


def note_decision(state: Issuance | None, dossier_code: str, decision: Decision) -> list[Event]:
    """The unit decided."""
    if state and state.decision:
        return []
    said = {name: getattr(decision, name) for name in Decision.__dataclass_fields__ if name != "decided_at"}
    return _noted(state, dossier_code, "decided", decision.decided_at, said)


def note_fee(state: Issuance | None, dossier_code: str, at: datetime) -> list[Event]:
    """The fee that is due before the result was paid, or came to nothing."""
    return [] if state and state.fee_settled_at else _noted(state, dossier_code, "fee_settled", at)


def note_withdrawal(state: Issuance | None, dossier_code: str, at: datetime) -> list[Event]:
    """The applicant took the dossier back."""
    return [] if state and state.withdrawn_at else _noted(state, dossier_code, "withdrawn", at)


def note_stop(state: Issuance | None, dossier_code: str, at: datetime) -> list[Event]:
    """The unit gave up waiting for the fee of what it had granted."""
    return [] if state and state.stopped_at else _noted(state, dossier_code, "stopped", at)


_NOTHING_SAID: Final = dict.fromkeys(
    ("tenant", "procedure", "procedure_version", "unit", "outcome", "dataset", "needs_fee")
)


def _noted(
    state: Issuance | None, dossier_code: str, fact: str, at: datetime, said: Mapping[str, Any] | None = None
) -> list[Event]:
    """The fact, and the word that all is ready, said once: what is ready can only cease to be, by an end."""
    data = {
        **_NOTHING_SAID,
        "refused_rows": (),
        **(said or {}),
        "dossier_code": dossier_code,
        "fact": fact,
        "noted_at": at,
    }
    noted = Event("issuance_noted", data)
    order = evolve_issuance(state, noted).order
    if order is None or (state and state.order):
        return [noted]
    ready = {
        "dossier_code": order.dossier_code,
        "dataset": order.dataset,
        "year": order.year,
        "ready_at": order.ready_at,
    }
    return [noted, Event("issuance_ready", ready)]


def evolve_issuance(state: Issuance | None, event: Event) -> Issuance:
    """Facts are set; readiness is derived and sets nothing."""
    data = event.data
    state = state or Issuance(data["dossier_code"])
    if event.type != "issuance_noted":
        return state
    if data["fact"] == "fee_settled":
        return replace(state, fee_settled_at=data["noted_at"])
    if data["fact"] == "withdrawn":
        return replace(state, withdrawn_at=data["noted_at"])
    if data["fact"] == "stopped":
        return replace(state, stopped_at=data["noted_at"])
    said = {name: data[name] for name in Decision.__dataclass_fields__ if name not in {"decided_at", "refused_rows"}}
    rows = tuple(data.get("refused_rows", ()))
    return replace(state, decision=Decision(**said, decided_at=data["noted_at"], refused_rows=rows))


# Record


def issue(
    state: Record | None, order: IssueOrder, decision: Decision, number: str, expires_on: str | None
) -> list[Event]:
    """The record comes into being, once. Raises Defect when its number belongs to another dossier."""
    if state is not None:
        if state.dossier_code == order.dossier_code:
            return []
        raise Defect(
            "registry.number_taken",
            "The number of the new record belongs to another dossier.",
            "Số cấp đã thuộc về hồ sơ khác.",
        )
    issued = {
        "dossier_code": order.dossier_code,
        "tenant": decision.tenant,
        "procedure": decision.procedure,
        "unit": decision.unit,
        "dataset": order.dataset,
        "number": number,
        "version": 1,
        "issued_at": order.ready_at,
        "expires_on": expires_on,
    }
    return [Event("record_issued", issued)]


def amend(state: Record | None, actor: Actor, seen_version: int, at: datetime) -> list[Event]:
    """A new version, made by an officer of the unit from the version he saw."""
    record = _to_change(state, actor, "amend")
    if record.version != seen_version:
        raise Conflict("registry.amended_meanwhile", "Somebody changed the record first.", "Bản ghi vừa được sửa đổi.")
    return [Event("record_amended", {**_about(record), "amended_at": at})]


def revoke(state: Record | None, actor: Actor, at: datetime) -> list[Event]:
    """The record ends, by decision of the unit."""
    record = _to_change(state, actor, "revoke")
    return [Event("record_revoked", {**_about(record), "reason": "by_decision", "revoked_at": at})]


def end(state: Record | None, end_: End) -> list[Event]:
    """The record ends because its dossier had ended; a record that has ended stays as it is."""
    if state is None:
        raise unknown_record()
    if (state.status, "end") not in MOVES:
        return []
    ended_at = max(end_.at, state.issued_at)
    return [Event("record_revoked", {**_about(state), "reason": end_.reason, "revoked_at": ended_at})]


def evolve_record(state: Record | None, event: Event) -> Record:
    """Every change is a version."""
    data = event.data
    if state is None:
        kept = Record.__dataclass_fields__.keys() & data.keys()
        return Record(**{name: data[name] for name in kept})
    state = replace(state, version=data["version"])
    if event.type == "record_revoked":
        return replace(state, status=REVOKED, revoked_at=data["revoked_at"])
    return state


def _about(record: Record) -> dict[str, Any]:
    return {
        "dossier_code": record.dossier_code,
        "dataset": record.dataset,
        "number": record.number,
        "version": record.version + 1,
    }


def _to_change(state: Record | None, actor: Actor, act: str) -> Record:
    if actor.kind != "officer":
        raise Denied("registry.officers_only", "Only officers change records.", "Chỉ cán bộ được sửa đổi bản ghi.")
    if state is None:
        raise unknown_record()
    if actor.unit != state.unit:
        raise Denied("registry.other_unit", "The record belongs to another unit.", "Bản ghi thuộc đơn vị khác.")
    if (state.status, act) not in MOVES:
        raise Refused("registry.already_revoked", "The record has been revoked.", "Bản ghi đã bị thu hồi.")
    return state


# Who may see what


def may_read(actor: Actor, record: Record, holder: Holder) -> bool:
    """The holder, officers of the owning unit and other services read a record; for all others it is not there."""
    if actor.kind == "officer":
        return actor.unit == record.unit
    return actor.kind == "system" or owns(actor, holder)


def several_records(numbers: Collection[str]) -> Refused:
    """What everybody hears of a number that, the way it is typed, is the number of several records."""
    named = ", ".join(sorted(numbers))
    return Refused(
        "registry.several_records",
        f"Several numbers read like this one: {named}. State one exactly.",
        f"Có nhiều số đọc giống số này: {named}. Xin ghi đúng một số.",
    )


def unknown_record() -> NotFound:
    """What everybody hears of a record that is not there, or not his to see."""
    return NotFound("registry.unknown_record", "There is no such record.", "Không tìm thấy bản ghi.")
