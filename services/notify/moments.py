"""The moments at which somebody is written to: which event, which audience, and what the template may say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from services.contracts.event import Event
from services.notify import wording
from services.notify.wording import Told

Value = Callable[[Told, str], str]  # of what is told, in "vi" or "en"


@dataclass(frozen=True, slots=True)
class Moment:
    """`variables` is all that its templates may name; `asks_routing` when one of them is an officer's word.

    Where that word is of rows only, routing is asked only if rows are applied for: `tells_rows`.
    """

    audience: str
    name: str
    variables: Mapping[str, Value]
    asks_routing: bool = False

    @property
    def tells_rows(self) -> bool:
        """Whether it says which rows were refused, and why."""
        return wording.refused_rows in self.variables.values()


def _moment(audience: str, name: str, *, asks_routing: bool = False, **variables: Value) -> Moment:
    return Moment(audience, name, {"code": wording.code, **variables}, asks_routing)


_TO_APPLICANT: Final = (
    _moment("applicant", "submitted", at=wording.moment("submitted_at")),
    _moment("applicant", "accepted", date=wording.day("due_at")),
    _moment("applicant", "rejected", asks_routing=True, reason=wording.reason("rejected")),
    _moment(
        "applicant",
        "supplement",
        asks_routing=True,
        items=wording.items,
        reason=wording.supplement_reason,
        date=wording.day("respond_by"),
    ),
    _moment("applicant", "payment", fee=wording.fee, amount=wording.amount("amount_vnd"), date=wording.day("pay_by")),
    _moment(
        "applicant",
        "paid",
        amount=wording.amount("amount_vnd"),
        form=wording.text("template"),
        serial=wording.text("serial"),
        number=wording.text("number"),
    ),
    _moment("applicant", "payment_expired", fee=wording.fee),
    _moment("applicant", "payment_failed", fee=wording.fee),
    _moment(
        "applicant",
        "apology",
        asks_routing=True,
        agency=wording.agency,
        reason=wording.reason("slipped"),
        date=wording.new_date,
    ),
    _moment(
        "applicant",
        "transferred",
        asks_routing=True,
        agency=wording.agency,
        former=wording.former_agency,
        phone=wording.phone,
        reason=wording.transfer_reason,
        note=wording.transfer_note,
    ),
    _moment("applicant", "stopped", asks_routing=True, reason=wording.reason("stopped")),
    _moment("applicant", "resolved", place=wording.place, number=wording.text("number"), rows=wording.refused_rows),
    _moment(
        "applicant",
        "refused",
        asks_routing=True,
        reason=wording.reason("decided"),
        rows=wording.refused_rows,
        place=wording.place,
    ),
    _moment("applicant", "returned", at=wording.moment("returned_at")),
    _moment("applicant", "withdrawn", at=wording.moment("withdrawn_at")),
    _moment("applicant", "revoked", number=wording.text("number"), at=wording.moment("revoked_at")),
)
_TO_UNIT: Final = (
    _moment("unit", "submitted", at=wording.moment("submitted_at"), due=wording.moment("answer_due_at")),
    _moment(
        "unit",
        "transferred",
        asks_routing=True,
        former=wording.former_agency,
        at=wording.moment("transferred_at"),
        reason=wording.transfer_reason,
        note=wording.transfer_note,
    ),
    _moment("unit", "supplemented", at=wording.moment("supplemented_at")),
    _moment("unit", "withdrawn", at=wording.moment("withdrawn_at")),
    _moment("unit", "paid", amount=wording.amount("amount_vnd"), at=wording.moment("issued_at")),
    _moment("unit", "answer_slipped", due=wording.moment("due_at")),
    _moment("unit", "decision_slipped", due=wording.moment("due_at")),
)
MOMENTS: Final = {(moment.audience, moment.name): moment for moment in (*_TO_APPLICANT, *_TO_UNIT)}

# Which moments an event is; where one field of the event decides, its value stands behind the type.
_DECIDES: Final = {
    "dossier_resolved": "outcome",
    "deadline_slipped": "clock",
    "record_revoked": "reason",
    "fee_failed": "was_held",
}
TOLD: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "dossier_submitted": (("applicant", "submitted"), ("unit", "submitted")),
    "dossier_supplemented": (("unit", "supplemented"),),
    "dossier_withdrawn": (("applicant", "withdrawn"), ("unit", "withdrawn")),
    "dossier_resolved:granted": (("applicant", "resolved"),),
    "dossier_resolved:refused": (("applicant", "refused"),),
    "dossier_returned": (("applicant", "returned"),),
    "case_accepted": (("applicant", "accepted"),),
    "case_rejected": (("applicant", "rejected"),),
    "supplement_requested": (("applicant", "supplement"),),
    "case_transferred": (("applicant", "transferred"), ("unit", "transferred")),
    "case_stopped": (("applicant", "stopped"),),
    "deadline_slipped:answer": (("unit", "answer_slipped"),),
    "deadline_slipped:decision": (("applicant", "apology"), ("unit", "decision_slipped")),
    "fee_requested": (("applicant", "payment"),),
    "receipt_issued": (("applicant", "paid"), ("unit", "paid")),
    "fee_expired": (("applicant", "payment_expired"),),
    "fee_failed:True": (("applicant", "payment_failed"),),  # nobody was told to wait for any other
    "record_revoked:by_decision": (("applicant", "revoked"),),
    "record_revoked:withdrawn": (),  # he took it back himself, and was told so
}


def told_by(event: Event) -> list[Moment]:
    """Whom an event concerns, and what is said to each."""
    decides: Any = _DECIDES.get(event.type)
    key = f"{event.type}:{event.data.get(decides)}" if decides else event.type
    return [MOMENTS[who_and_what] for who_and_what in TOLD.get(key, ())]
