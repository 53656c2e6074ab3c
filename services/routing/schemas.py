"""What may be asked of routing."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from services.contracts.catalogue.parts import Code, Key, Name
from services.contracts.fields import Choice, Flag, Items, Part, Strict, Text, Whole, matching, say
from services.contracts.words import OUTCOMES, STAFF_ID
from services.routing.case import STATUSES
from services.routing.store import ORDERS

_LONGEST_REASON = 4000
_REASON_NEEDED = say("required", "Từ chối giải quyết phải nêu rõ lý do.", "A refusal states its reason.")


def dossier_code() -> Text:
    """A dossier code; one that has the wrong shape is simply not found."""
    return Text(required=True, longest=60)


def request_id() -> Text:
    """The caller's own name for this request."""
    return Text(required=True, longest=100)


def free_text(**kwargs: Any) -> Text:
    """What an officer writes."""
    return Text(longest=_LONGEST_REASON, lines=True, **kwargs)


class ListCases(Strict):
    """A queue: open cases unless a `status` is named (`closed` for all that have ended)."""

    unit = Key(load_default=None)
    status = Choice("open", "closed", *STATUSES, load_default="open")
    procedure = Key(load_default=None)
    officer = Text(longest=100, load_default=None)
    overdue = Flag(load_default=None)
    order = Choice(*ORDERS, load_default="due")
    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=400, load_default=None)


class GetCase(Strict):
    """One case."""

    dossier_code = dossier_code()


class Accept(Strict):
    """Receive the dossier."""

    dossier_code = dossier_code()
    request_id = request_id()


class Reject(Strict):
    """Refuse to receive the dossier."""

    dossier_code = dossier_code()
    reason = free_text(required=True)
    request_id = request_id()


class SupplementItem(Strict):
    """One thing that is missing: a component, a field of the form, or what the guidance describes."""

    component = Code()
    field = Name()
    guidance = free_text(required=True)


class RequestSupplement(Strict):
    """Ask for all that is missing."""

    dossier_code = dossier_code()
    items = Items(Part(SupplementItem()), fewest=1, most=100, required=True)
    reason = free_text(required=True)
    respond_within_days = Whole(low=1, high=180, load_default=None)
    request_id = request_id()


class Assign(Strict):
    """Give the case to an officer, by staff id."""

    dossier_code = dossier_code()
    officer = Text(required=True, validate=matching(STAFF_ID, "Phải là mã cán bộ.", "Must be a staff id."))
    request_id = request_id()


class Decide(Strict):
    """Grant or refuse."""

    dossier_code = dossier_code()
    outcome = Choice(*OUTCOMES, required=True)
    reason = free_text(load_default=None, allow_none=True)
    request_id = request_id()

    @validates_schema
    def _refusal_has_reason(self, data: dict[str, Any], **_: Any) -> None:
        if data["outcome"] == "refused" and data["reason"] is None:
            raise ValidationError(_REASON_NEEDED, "reason")


class Stop(Strict):
    """End the case without a decision."""

    dossier_code = dossier_code()
    reason = free_text(required=True)
    request_id = request_id()
