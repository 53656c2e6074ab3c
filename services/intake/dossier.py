"""The dossier: what the applicant did, what others did about it, and the public status that follows from both.

The status is never set by an event. It is derived from all that is known, by the first rule of `RULES` that holds: so
it does not depend on the order in which things became known.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.contracts.words import DVCQG
from services.intake.facts import Fact, moment, rank

# The public statuses and where each leads when everything is heard in the order in which it happens (NĐ 61/2018, code
# list of the national portal). Late news skips steps.
MOVES: Final[dict[str, frozenset[str]]] = {
    # stopped: the unit gave up waiting for a supplement that was on its way
    "submitted": frozenset(
        {"accepted", "rejected", "supplement_requested", "payment_required", "stopped", "withdrawn"}
    ),
    "supplement_requested": frozenset({"submitted", "processing", "payment_required", "stopped", "withdrawn"}),
    "accepted": frozenset(
        {"processing", "supplement_requested", "payment_required", "resolved", "stopped", "withdrawn"}
    ),
    "processing": frozenset({"supplement_requested", "payment_required", "resolved", "stopped", "withdrawn"}),
    "payment_required": frozenset(
        {"submitted", "accepted", "processing", "supplement_requested", "rejected", "stopped", "withdrawn"}
    ),
    # stopped: what was granted was paid for as the unit gave up waiting for that
    "resolved": frozenset({"returned", "stopped"}),
    "returned": frozenset({"stopped"}),
    "rejected": frozenset(),
    "stopped": frozenset(),
    "withdrawn": frozenset(),
}
_DUE_DATES: Final = ("case_accepted", "supplement_received", "case_fee_noted", "case_decided")  # all of one history
_SETTLED: Final = ("fee_paid", "fee_waived", "fee_cancelled", "receipt_issued")


@dataclass(frozen=True, slots=True)
class Result:
    """What the dossier came to; `dataset` and `number` name the record where one was issued."""

    outcome: str
    at: datetime
    dataset: str | None = None
    number: str | None = None


@dataclass(frozen=True, slots=True)
class Dossier:
    """Everything known of a dossier but its personal data."""

    dossier_code: str
    tenant: str
    procedure: str
    procedure_version: str
    unit: str  # derived: where it was submitted, until it is handed on
    level: int
    applicant_kind: str
    channel: str
    components: tuple[str, ...]
    submitted_at: datetime
    answer_due_at: datetime
    supplemented_round: int = 0
    supplemented_at: datetime | None = None
    withdrawn_at: datetime | None = None
    resolved: bool = False  # whether `dossier_resolved` was said
    returned_at: datetime | None = None
    return_method: str | None = None
    facts: tuple[Fact, ...] = ()
    status: str = "submitted"  # derived, kept because lists are filtered by it

    @property
    def dvcqg_status(self) -> int | None:
        """The status in the code list of the national portal."""
        return DVCQG[self.status]

    def fact(self, type_: str, about: object = "") -> dict[str, Any] | None:
        """What is known of one event type, or None."""
        return next((fact.data for fact in self.facts if (fact.type, fact.about) == (type_, str(about))), None)

    def each(self, type_: str) -> list[dict[str, Any]]:
        """All that is known of an event type that can happen several times."""
        return [fact.data for fact in self.facts if fact.type == type_]

    @property
    def open_round(self) -> int | None:
        """The number of the supplement request that waits for the applicant."""
        asked = max((one["round"] for one in self.each("supplement_requested")), default=0)
        answered = max((one["round"] for one in self.each("supplement_received")), default=0)
        return asked if asked > max(answered, self.supplemented_round) else None

    @property
    def transfers(self) -> list[dict[str, Any]]:
        """From unit to unit, in order."""
        return sorted(self.each("case_transferred"), key=lambda one: one["transfer"])

    @property
    def open_fees(self) -> tuple[str, ...]:
        """The orders that the applicant was asked to pay and that nothing has settled yet."""
        settled = {order["order_id"] for type_ in _SETTLED for order in self.each(type_)}
        return tuple(one["order_id"] for one in self.each("fee_requested") if one["order_id"] not in settled)

    @property
    def awaits_last_fee(self) -> bool:
        """It was granted, and there will be a record once the applicant has paid what falls due before the result."""
        last = {one["order_id"] for one in self.each("fee_requested") if one["when_due"] == "before_result"}
        return self.result is None and not last.isdisjoint(self.open_fees)

    @property
    def result(self) -> Result | None:
        """Granted once there is a record, refused once that is decided."""
        if record := self.fact("record_issued"):
            return Result("granted", moment(record["issued_at"]), record["dataset"], record["number"])
        decided = self.fact("case_decided")
        if decided and decided["outcome"] == "refused":
            return Result("refused", moment(decided["decided_at"]))
        return None

    @property
    def due_at(self) -> str | None:
        """When the decision is due, as routing said last; None before acceptance."""
        said = [fact for fact in self.facts if fact.type in _DUE_DATES and fact.data["due_at"]]
        return str(max(said, key=rank).data["due_at"]) if said else None

    @property
    def answer_due(self) -> str | datetime:
        """When the unit's first answer is due: counted again from the receipt of a supplement."""
        said = [(one["round"], one["answer_due_at"]) for one in self.each("supplement_received")]
        return max((pair for pair in said if pair[1]), default=(0, self.answer_due_at))[1]


def derived(dossier: Dossier) -> Dossier:
    """The dossier with the status and the unit that follow from what is known of it."""
    status = next(status for status, holds in RULES if holds(dossier))
    return replace(dossier, status=status, unit=_unit(dossier))


def _unit(dossier: Dossier) -> str:
    """The unit that has it: the one that decided, for it hands nothing on then; else the one handed on to last.

    So a result names the unit where it is, though nothing may have been heard yet of how the dossier came there.
    """
    decided = dossier.fact("case_decided") or dossier.fact("record_issued") or {}
    last = dossier.transfers[-1]["to_unit"] if dossier.transfers else dossier.unit
    return str(decided.get("unit") or last)  # a decision noted by an earlier release does not say the unit


def _is_in_hand(dossier: Dossier) -> bool:
    """An officer has it: assigned, decided and waiting for its record, or examined and sent back for a supplement."""
    if dossier.fact("case_decided"):
        return True
    accepted = dossier.fact("case_accepted")
    if accepted is None:
        return False
    examined = any(one["requested_at"] > accepted["accepted_at"] for one in dossier.each("supplement_requested"))
    return examined or dossier.fact("case_assigned") is not None


def _waits_for_supplement(dossier: Dossier) -> bool:
    return dossier.open_round is not None and dossier.fact("case_decided") is None


# A withdrawal always wins, then a stop by the unit; a result outlasts what else is heard late; what the applicant owes
# comes before what others do.
RULES: Final[tuple[tuple[str, Callable[[Dossier], bool]], ...]] = (
    ("withdrawn", lambda dossier: dossier.withdrawn_at is not None),
    ("stopped", lambda dossier: dossier.fact("case_stopped") is not None),
    ("returned", lambda dossier: dossier.returned_at is not None),
    ("resolved", lambda dossier: dossier.result is not None),
    ("rejected", lambda dossier: dossier.fact("case_rejected") is not None),
    ("supplement_requested", _waits_for_supplement),
    ("payment_required", lambda dossier: bool(dossier.open_fees)),
    ("processing", _is_in_hand),
    ("accepted", lambda dossier: dossier.fact("case_accepted") is not None),
    ("submitted", lambda _dossier: True),
)
