"""What may be asked of routing."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from services.contracts.catalogue.parts import Code, Key, Name
from services.contracts.fields import Choice, Day, Flag, Items, Part, Strict, Text, Whole, matching, say
from services.contracts.periods import Days
from services.contracts.routing import MOST_ROWS
from services.contracts.words import OUTCOMES, STAFF_ID, TRANSFER_REASONS
from services.routing.case import STATUSES
from services.routing.queue import DUE, MOST_CODES, MOST_OFFICERS, ORDERS

_LONGEST_REASON = 4000
_DUE_ORDER = say("not_a_choice", "Chỉ xếp theo hạn (due).", "Comes in the order `due` only.")
_DAYS_IN_ORDER = say("wrong_period", "Ngày cuối không được trước ngày đầu.", "Must not lie before `due_from`.")
_ROW_TWICE = say("repeated", "Một dòng được nêu hai lần.", "A row is named twice.")
_NOTE_NEEDED = say("required", "Lý do khác thì phải ghi rõ.", "Another reason is to be written down.")
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
    """A queue: open cases unless a `status` is named (`closed` for all that have ended, `any` for both).

    `officer`, `officers` and `unassigned` add up. `overdue`, `at_risk`, `awaiting`, `due_from` and `due_to` speak of
    dates, and come in `due` order; the last two are local days, both included, on which a clock that runs does run out,
    as `due_calendar` counts them. `search` is a dossier code or its beginning; what it finds comes in the order of the
    codes. `dossier_codes` are whole codes, none but which are listed.
    """

    unit = Key(load_default=None)
    status = Choice("open", "closed", "any", *STATUSES, load_default="open")
    procedure = Key(load_default=None)
    officer = Text(longest=100, load_default=None)
    officers = Items(Text(longest=100), most=MOST_OFFICERS, load_default=())
    unassigned = Flag(load_default=False)
    awaiting = Choice("supplement", "fee", load_default=None)
    overdue = Flag(load_default=None)
    at_risk = Flag(load_default=False)
    due_from = Day(load_default=None)
    due_to = Day(load_default=None)
    search = Text(longest=60, load_default=None)
    dossier_codes = Items(dossier_code(), most=MOST_CODES, load_default=None)
    order = Choice(*ORDERS, load_default="due")
    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=400, load_default=None)

    @validates_schema
    def _in_its_order(self, data: dict[str, Any], **_: Any) -> None:
        by_date = any(data[name] for name in ("overdue", "at_risk", "awaiting", "due_from", "due_to"))
        if by_date and data["order"] != DUE and data["search"] is None:
            raise ValidationError(_DUE_ORDER, "order")

    @validates_schema
    def _days_in_order(self, data: dict[str, Any], **_: Any) -> None:
        if data["due_from"] and data["due_to"] and data["due_from"] > data["due_to"]:
            raise ValidationError(_DAYS_IN_ORDER, "due_to")


class OfUnit(Strict):
    """An officer asks of his own unit; who else may ask names one."""

    unit = Key(load_default=None)


class CountByUnit(Days):
    """Local days, both included."""


class DueCalendar(Days):
    """The days of two months at most."""

    longest = 62
    unit = Key(load_default=None)


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


class Transfer(Strict):
    """Hand the case on to another unit of the ministry; `note` says more, and is needed where the reason is `other`."""

    dossier_code = dossier_code()
    to_unit = Key(required=True)
    reason = Choice(*TRANSFER_REASONS, required=True)
    note = free_text(load_default=None, allow_none=True)
    request_id = request_id()

    @validates_schema
    def _other_is_said(self, data: dict[str, Any], **_: Any) -> None:
        if data["reason"] == "other" and data["note"] is None:
            raise ValidationError(_NOTE_NEEDED, "note")


class AssignMany(Strict):
    """Give up to a hundred cases to an officer, by staff id."""

    dossier_codes = Items(dossier_code(), fewest=1, most=100, required=True)
    officer = Text(required=True, validate=matching(STAFF_ID, "Phải là mã cán bộ.", "Must be a staff id."))
    request_id = request_id()


class DecidedItem(Strict):
    """What is decided on one row, from 1, of the table of what is applied for."""

    row = Whole(low=1, high=MOST_ROWS, required=True)
    outcome = Choice(*OUTCOMES, required=True)
    reason = free_text(load_default=None, allow_none=True)


class _Deciding(Strict):
    """Granting or refusing, as a whole and row by row; a row that is not named goes with the whole.

    Whoever grants the whole and names rows names one at least that is granted: how many there are is not known here.
    """

    dossier_code = dossier_code()
    outcome = Choice(*OUTCOMES, required=True)
    reason = free_text(load_default=None, allow_none=True)
    request_id = request_id()

    @validates_schema
    def _no_row_twice(self, data: dict[str, Any], **_: Any) -> None:
        rows = [item["row"] for item in data.get("items") or ()]
        if len(set(rows)) < len(rows):
            raise ValidationError(_ROW_TWICE, "items")

    @validates_schema
    def _refusal_has_reason(self, data: dict[str, Any], **_: Any) -> None:
        if data["outcome"] == "refused" and data["reason"] is None:
            raise ValidationError(_REASON_NEEDED, "reason")


class Propose(_Deciding):
    """Say how to decide, row by row where there are rows; another officer signs it, or returns it."""

    items = Items(Part(DecidedItem()), most=MOST_ROWS, load_default=list)


class Decide(_Deciding):
    """Grant or refuse, or sign a proposal as it stands; without `items` its rows are signed as proposed."""

    items = Items(Part(DecidedItem()), most=MOST_ROWS, load_default=None, allow_none=True)


class ReturnProposal(Strict):
    """Hand a proposal back to the officer in charge."""

    dossier_code = dossier_code()
    reason = free_text(required=True)
    request_id = request_id()


class Stop(Strict):
    """End the case without a decision, or without the result that was granted and is not paid for."""

    dossier_code = dossier_code()
    reason = free_text(required=True)
    request_id = request_id()
