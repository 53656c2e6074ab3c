"""What the API takes."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import EXCLUDE, Schema

from services.contracts.catalogue.applicant import Applicant
from services.contracts.catalogue.parts import Key
from services.contracts.fields import Choice, Items, Part, Strict, Text, Whole, matching
from services.contracts.typed import Typed
from services.contracts.words import APPLICANT_KINDS, CHANNELS, STATUSES
from services.portal.attachments import CONTENT_TYPES
from services.portal.language import LANGUAGES

_UUID: Final = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_IS_UUID: Final = matching(_UUID, "Phải là UUID viết thường.", "Must be a UUID in lower case.")
_IS_SHA256: Final = matching("[0-9a-fA-F]{64}", "Phải là 64 chữ số hex.", "64 hex digits.")
_IS_PLACE: Final = matching("[A-Za-z0-9._-]+", "Không phải vị trí trang.", "Not a page position.")
_IS_ADDRESS: Final = matching(
    r"https?://[A-Za-z0-9._:/?@!$&'()+,;=%\[\]-]+",
    "Phải là địa chỉ http(s) tuyệt đối.",
    "Must be an absolute http(s) URL.",
)
_IS_KEY: Final = matching(
    '[!#-~]{1,100}|"[!#-~]{1,98}"',
    "Chữ, số và dấu ASCII, không có dấu cách.",
    "ASCII letters, digits and marks, no spaces.",
)
_MARK: Final = "[0-9]{1,9}(-[0-9a-f]{8})?"
_IS_VERSION: Final = matching(f'"{_MARK}"|{_MARK}', 'Phải là ETag như "3".', 'Must be an ETag such as "3".')


class Header(Schema):
    """The header of a call that changes something."""

    class Meta:
        """Other headers are not ours to judge."""

        unknown = EXCLUDE

    key = Text(
        required=True,
        longest=100,
        validate=_IS_KEY,
        data_key="Idempotency-Key",
        metadata={
            "description": "Your own name for this request, a new one for each; for one dossier it is done once."
        },
    )


class VersionHeader(Header):
    """The headers of a call that changes a version of something."""

    version = Text(
        longest=20,
        validate=_IS_VERSION,
        data_key="If-Match",
        metadata={"description": "The ETag of what the change was made from; none: it is new."},
    )


class SeenHeader(Header):
    """The headers of a call that ends something."""

    version = Text(
        longest=20,
        validate=_IS_VERSION,
        data_key="If-Match",
        metadata={"description": "The ETag of what was seen last; none: whatever it is by now."},
    )


class Lenient(Schema):
    """Arguments in an address: what we do not know is not ours."""

    class Meta:
        """Leave unknown names out."""

        unknown = EXCLUDE


class Digits(Whole):
    """A whole number in an address: digits and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        is_number = isinstance(value, str) and value.isascii() and value.removeprefix("-").isdecimal()
        return super()._deserialize(int(value[:20]) if is_number else value, attr, data, **kwargs)


class PageOf(Lenient):
    """Which page of a list."""

    limit = Digits(low=1, high=200, load_default=50)
    after = Text(longest=200, validate=_IS_PLACE, metadata={"description": "The `next` of the page before."})


class Spoken(Lenient):
    """The language beside Vietnamese, which counts."""

    lang = Choice(*LANGUAGES, metadata={"description": "None: Vietnamese alone."})


class SlipSearch(Spoken):
    """Which of several slips of a kind, and in which language."""

    round_ = Digits(low=1, high=99, data_key="round", metadata={"description": "As the slip has it; none: the last."})


class ProcedureSearch(PageOf):
    """What somebody looks for."""

    q = Text(longest=200, shortest=0, metadata={"description": "Words, with or without marks."})
    tenant = Key()
    unit = Key()
    level = Choice("3", "4")
    who = Choice(*APPLICANT_KINDS)


class DossierSearch(PageOf):
    """Which dossiers."""

    status = Choice(*STATUSES)


class Paper(Strict):
    """An uploaded file as a component."""

    component = Text(required=True, longest=40)
    upload_id = Text(required=True, longest=64)


class DraftChange(Strict):
    """Whatever was typed so far; it need not be valid."""

    tenant = Key(required=True)
    procedure = Key(required=True)
    dossier_code = Text(
        longest=60, metadata={"description": "The dossier whose request for a supplement this will answer."}
    )
    applicant = Typed(load_default=dict)
    form = Typed(load_default=dict)
    documents = Items(Part(Paper()), most=100, load_default=list)


class UploadAsked(Strict):
    """What will be sent, exactly."""

    filename = Text(required=True, longest=200)
    content_type = Choice(*CONTENT_TYPES.values(), required=True)
    size = Whole(required=True, low=1, high=10**10)
    sha256 = Text(required=True, longest=64, validate=_IS_SHA256)


class FilledIn(Strict):
    """A form with its papers."""

    tenant = Key(required=True)
    procedure = Key(required=True)
    form = Typed(required=True)
    documents = Items(Part(Paper()), most=100, load_default=list)


class Check(FilledIn):
    """A dossier that need not be right."""

    applicant = Typed(required=True)


class Submission(FilledIn):
    """A dossier as it is handed in."""

    applicant = Part(Applicant(), required=True)
    draft_id = Text(longest=36, validate=_IS_UUID)


class Supplement(Strict):
    """Changed answers only (null takes one back), further papers, and the draft that this ends."""

    draft_id = Text(longest=36, validate=_IS_UUID)
    form = Typed(load_default=dict)
    documents = Items(Part(Paper()), most=100, load_default=list)


class Withdrawal(Strict):
    """Why."""

    reason = Text(required=True, longest=2000, lines=True)


class Collection(Strict):
    """How the result is taken."""

    method = Choice("online", *CHANNELS[1:], load_default="online")


class Payment(Strict):
    """Where the payer's browser comes back to."""

    return_url = Text(required=True, longest=240, validate=_IS_ADDRESS)


class Question(Strict):
    """A dossier by its code and the applicant's number."""

    dossier_code = Text(required=True, longest=60)
    id_number = Text(required=True, longest=20)


class RecordAsked(Strict):
    """A licence by its number, and whose it is said to be, where that is asked."""

    dataset = Key(required=True)
    number = Text(required=True, longest=100)
    holder = Text(longest=200, metadata={"description": "A name or a number; none: whoever holds it."})
