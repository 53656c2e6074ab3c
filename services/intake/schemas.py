"""The shape of every request. What a form may hold is a matter of the procedure, see `checks`."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from marshmallow import ValidationError, validates_schema

from services.chassis import codec
from services.contracts.catalogue.applicant import Applicant
from services.contracts.catalogue.dates import local_today
from services.contracts.fields import Choice, Day, Flag, Items, Part, Strict, Text, Whole, matching, say
from services.contracts.periods import Days
from services.contracts.typed import Answers, Typed
from services.contracts.words import CHANNELS, STATUSES
from services.intake.filetypes import CONTENT_TYPES, declared_type
from services.intake.finding import MOST_CODES

_MOST_DOCUMENTS = 100
_LARGEST_SIZE = 10**10
_WRONG_NAME = say("wrong_filename", "Tên tệp không hợp lệ.", "Not a file name.")
_DISAGREE = say(
    "extension_disagrees",
    "Đuôi tệp không khớp với loại nội dung đã khai.",
    "The extension does not agree with the declared content type.",
)
_LONGEST_DRAFT = 500_000
_TOO_LONG = say("too_long", "Nội dung quá lớn.", "Is too large.")
_EITHER = say("either", "Chỉ nêu tháng hoặc ngày.", "Name months or days, not both.")
_MOST_MONTHS = 13  # a year from any day on
_A_YEAR = say(
    "too_long_a_period",
    "Đếm theo ngày nhiều nhất trong một năm.",
    "Days are counted for a year at most: say where it begins.",
)
_DAYS_IN_ORDER = say("wrong_period", "Ngày cuối không được trước ngày đầu.", "Must not lie before `from_day`.")
_IS_UUID = matching(
    "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", "Phải là một UUID viết thường.", "Must be a UUID in lower case."
)
_IS_MONTH = matching(r"[12]\d{3}-(?:0[1-9]|1[0-2])", "Tháng phải viết NNNN-TT.", "Must be a month YYYY-MM.")


class Saved(Typed):
    """What was typed so far, as much as a draft can hold."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        typed = super()._deserialize(value, attr, data, **kwargs)
        if len(codec.encode(typed)) > _LONGEST_DRAFT:
            raise ValidationError(_TOO_LONG)
        return typed


class Paper(Strict):
    """An uploaded file as a component of the dossier."""

    component = Text(required=True, longest=40)
    upload_id = Text(required=True, longest=64)


class Command(Strict):
    """What every command carries."""

    request_id = Text(required=True, longest=100)


class Nothing(Strict):
    """Arguments of find_last_applicant."""


class Page(Strict):
    """What every list takes."""

    limit = Whole(low=1, high=200, load_default=50)
    after = Text(longest=200, load_default=None, allow_none=True)


class ListProcedures(Page):
    """Arguments of list_procedures."""

    tenant = Text(required=True, longest=60)


class GetProcedure(Strict):
    """Arguments of get_procedure."""

    tenant = Text(required=True, longest=60)
    key = Text(required=True, longest=60)


class OpenUpload(Command):
    """Arguments of open_upload: what will be sent, exactly."""

    filename = Text(required=True, longest=200)
    content_type = Choice(*CONTENT_TYPES, required=True)
    size = Whole(required=True, low=1, high=_LARGEST_SIZE)
    sha256 = Text(required=True, longest=64, validate=matching("[0-9a-fA-F]{64}", "64 chữ số hex.", "64 hex digits."))

    @validates_schema
    def _name_agrees(self, data: dict[str, Any], **_: Any) -> None:
        filename = data["filename"]
        if "/" in filename or "\\" in filename or filename.startswith("."):
            raise ValidationError(_WRONG_NAME, "filename")
        if declared_type(data["content_type"], filename) is None:
            raise ValidationError(_DISAGREE, "filename")


class DraftId(Text):
    """The id that a client gave a draft."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=36, validate=_IS_UUID, **kwargs)


class SaveDraft(Command):
    """Arguments of save_draft: whatever was typed, made from `version`, which is 0 for a new draft.

    With `dossier_code` it answers what that dossier is asked to supplement.
    """

    draft_id = DraftId(required=True)
    version = Whole(required=True, low=0, high=10**9)
    tenant = Text(required=True, longest=60)
    procedure = Text(required=True, longest=60)
    dossier_code = Text(longest=60, load_default=None)
    applicant = Saved(load_default=dict)
    form = Saved(load_default=dict)
    documents = Items(Part(Paper), most=_MOST_DOCUMENTS, load_default=list)


class Draft(Strict):
    """Arguments of get_draft."""

    draft_id = DraftId(required=True)


class DiscardDraft(Command):
    """Arguments of discard_draft; `version` is the one that was seen, none: whatever it is by now."""

    draft_id = DraftId(required=True)
    version = Whole(low=1, load_default=None, allow_none=True)


class Check(Strict):
    """Arguments of check: a submission that need not be right."""

    tenant = Text(required=True, longest=60)
    procedure = Text(required=True, longest=60)
    applicant = Answers(required=True)
    form = Answers(required=True)
    documents = Items(Part(Paper), most=_MOST_DOCUMENTS, required=True)
    channel = Choice(*CHANNELS, load_default="online")


class Submit(Command):
    """Arguments of submit; the draft that `draft_id` names is gone afterwards."""

    tenant = Text(required=True, longest=60)
    procedure = Text(required=True, longest=60)
    applicant = Part(Applicant, required=True)
    form = Answers(required=True)
    documents = Items(Part(Paper), most=_MOST_DOCUMENTS, required=True)
    channel = Choice(*CHANNELS, load_default="online")
    draft_id = DraftId(load_default=None, allow_none=True)


class Supplement(Command):
    """Arguments of supplement: changed answers only (null takes an answer back), further papers, the draft it ends."""

    dossier_code = Text(required=True, longest=60)
    draft_id = DraftId(load_default=None)
    form = Answers(load_default=dict)
    documents = Items(Part(Paper), most=_MOST_DOCUMENTS, load_default=list)


class Withdraw(Command):
    """Arguments of withdraw."""

    dossier_code = Text(required=True, longest=60)
    reason = Text(required=True, longest=2000, lines=True)


class ReturnResult(Command):
    """Arguments of return_result: how the applicant got the result."""

    dossier_code = Text(required=True, longest=60)
    method = Choice(*CHANNELS, required=True)


class Get(Strict):
    """Arguments of get, find_owner and get_contact."""

    dossier_code = Text(required=True, longest=60)


class Track(Strict):
    """Arguments of track; `id_number` is the identity number or the tax code of the applicant."""

    dossier_code = Text(required=True, longest=60)
    id_number = Text(required=True, longest=20)


class CountDossiers(Strict):
    """When they were submitted, in Vietnam: months `YYYY-MM`, or days instead; both ends included.

    With `days` also `by_day`, of a year at most.
    """

    tenant = Text(longest=60, load_default=None)
    unit = Text(longest=60, load_default=None)
    from_month = Text(longest=7, validate=_IS_MONTH, load_default=None)
    to_month = Text(longest=7, validate=_IS_MONTH, load_default=None)
    from_day = Day(load_default=None)
    to_day = Day(load_default=None)
    days = Flag(load_default=False)

    @validates_schema
    def _one_period(self, data: dict[str, Any], **_: Any) -> None:
        if (data["from_month"] or data["to_month"]) and (data["from_day"] or data["to_day"]):
            raise ValidationError(_EITHER, "from_month")
        if data["from_day"] and data["to_day"] and data["from_day"] > data["to_day"]:
            raise ValidationError(_DAYS_IN_ORDER, "to_day")
        if data["days"] and _months(data) > _MOST_MONTHS:
            raise ValidationError(_A_YEAR, "days")


def _months(period: Mapping[str, Any]) -> int:
    """How many months a period touches; until now where no end is named, from ever where no begin is."""
    first, last = (period[f"{end}_month"] or period[f"{end}_day"] for end in ("from", "to"))
    (year, month), (last_year, last_month) = (
        map(int, str(end).split("-")[:2]) for end in (first or date.min, last or local_today())
    )
    return 12 * (last_year - year) + last_month - month + 1


class ListDossiers(Page):
    """Arguments of list_dossiers."""

    tenant = Text(longest=60, load_default=None)
    procedure = Text(longest=60, load_default=None)
    unit = Text(longest=60, load_default=None)
    status = Choice(*STATUSES, load_default=None)


class ListRegister(Page, Days):
    """Arguments of list_register: the days of submission, in Vietnam; both ends included."""


class FindCodes(Strict):
    """Arguments of find_codes: words of a name, an identity number or tax code or its beginning, or how a code ends."""

    text = Text(required=True, longest=200)
    limit = Whole(low=1, high=MOST_CODES, load_default=MOST_CODES)
