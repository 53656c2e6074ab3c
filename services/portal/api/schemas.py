"""What the API takes and answers. Times are ISO 8601 with an offset, days YYYY-MM-DD, amounts whole đồng."""

from typing import Any

from marshmallow import EXCLUDE, Schema, fields
from marshmallow.validate import OneOf

from services.contracts.catalogue.parts import Key
from services.contracts.fields import Choice, Items, Part, Strict, Text, Whole, between, matching
from services.contracts.words import APPLICANT_KINDS, CHANNELS, STATUSES

_DRAFT_ID = matching(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "Phải là UUID.", "Must be a UUID in lower case."
)


class Open(fields.Dict):
    """An object whose members are a matter of the procedure: names are text, values are JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), **kwargs)


def instant(**kwargs: Any) -> fields.String:
    """An instant in an answer."""
    return fields.String(metadata={"format": "date-time"}, **kwargs)


def maybe(kind: Any = fields.String, **kwargs: Any) -> Any:
    """A member that may be null."""
    return kind(allow_none=True, **kwargs)


class Problem(Schema):
    """RFC 9457, with a stable `code`, the sentence in Vietnamese, and the fields at fault."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String()
    detail_vi = fields.String()
    errors = fields.List(
        fields.Nested(
            Schema.from_dict({name: fields.String() for name in ("field", "code", "vi", "en")}, name="FieldProblem")
        )
    )


class Words(Schema):
    """A name in both languages."""

    vi = fields.String(required=True)
    en = fields.String(required=True)


class Lenient(Schema):
    """Arguments in an address: what we do not know is not ours."""

    class Meta:
        """Leave unknown names out."""

        unknown = EXCLUDE


class PageOf(Lenient):
    """Which page of a list."""

    limit = fields.Integer(load_default=50, validate=between(1, 200))
    after = Text(longest=400, load_default=None, metadata={"description": "The `next` of the page before."})


class ProcedureSearch(PageOf):
    """What somebody looks for."""

    q = Text(longest=200, shortest=0, load_default="", metadata={"description": "Words, with or without marks."})
    tenant = Text(longest=60, load_default="")
    unit = Text(longest=60, load_default="")
    level = Choice("3", "4", load_default="")
    who = Choice(*APPLICANT_KINDS, load_default="")


class DossierSearch(PageOf):
    """Which dossiers."""

    status = Choice(*STATUSES, load_default=None)


class ProcedureLine(Schema):
    """A procedure in a list."""

    tenant = fields.String(required=True)
    key = fields.String(required=True)
    name = fields.Nested(Words, required=True)
    unit = fields.String(required=True)
    unit_name = fields.Nested(Words, required=True)
    tthc_code = maybe()
    level = fields.Integer(required=True)
    mode = fields.String(required=True)
    applicant_kinds = fields.List(fields.String(), required=True)
    channels = fields.List(fields.String(), required=True)
    time_limit = Open(required=True)
    fee_free = fields.Boolean(required=True)
    version = fields.String(required=True)


class Procedure(Schema):
    """All about one procedure."""

    tenant = fields.String(required=True)
    key = fields.String(required=True)
    name = fields.Nested(Words, required=True)
    unit = fields.String(required=True)
    unit_name = fields.Nested(Words, required=True)
    tthc_code = maybe()
    level = fields.Integer(required=True)
    mode = fields.String(required=True)
    applicant_kinds = fields.List(fields.String(), required=True)
    channels = fields.List(fields.String(), required=True)
    legal_basis = fields.List(Open(), required=True)
    form = fields.List(Open(), required=True)
    components = fields.List(Open(), required=True)
    time_limit = Open(required=True)
    fees = fields.List(Open(), required=True)
    result = Open(required=True)
    example = Open()
    version = fields.String(required=True)


class KnownValue(Schema):
    """A value that is known, and where from: the caller's account, his last dossier, or a record that he holds."""

    field = fields.String(required=True, metadata={"description": "A path, such as `form.publisher`."})
    value = fields.Raw(required=True)
    source = fields.String(required=True, validate=OneOf(("account", "dossier", "record")))
    dataset = maybe(metadata={"description": "Of a record."})
    number = maybe(metadata={"description": "The number of the record, the code of the dossier."})
    at = maybe(metadata={"format": "date-time", "description": "When it was issued, or submitted."})


class Known(Schema):
    """What a form may be filled in with. The caller may answer otherwise."""

    applicant = Open(required=True)
    form = Open(required=True, metadata={"description": "What is clear without asking which record it is."})
    values = fields.List(
        fields.Nested(KnownValue),
        required=True,
        metadata={"description": "All that is known, also of records to choose from; the one to be preferred first."},
    )
    unheard = fields.List(
        fields.String(), required=True, metadata={"description": "The services that did not answer: ask again later."}
    )


class Person(Schema):
    """Who asks."""

    kind = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)
    email = maybe()
    phone = maybe()
    address = maybe()


class Paper(Strict):
    """An uploaded file as a component."""

    component = Text(required=True, longest=40)
    upload_id = Text(required=True, longest=64)


class DraftChange(Strict):
    """Whatever was typed so far; it need not be valid."""

    tenant = Key(required=True)
    procedure = Key(required=True)
    dossier_code = Text(
        longest=60,
        load_default=None,
        metadata={"description": "The dossier whose request for a supplement this will answer."},
    )
    applicant = Open(load_default=dict)
    form = Open(load_default=dict)
    documents = Items(Part(Paper()), most=100, load_default=list)


class DraftLine(Schema):
    """A draft in a list."""

    draft_id = fields.String(required=True)
    tenant = fields.String(required=True)
    procedure = fields.String(required=True)
    dossier_code = maybe()
    version = fields.Integer(required=True)
    saved_at = instant(required=True)
    expires_at = instant(required=True)


class DraftSaved(Schema):
    """What saving answers."""

    draft_id = fields.String(required=True)
    version = fields.Integer(required=True)
    saved_at = instant(required=True)
    expires_at = instant(required=True)


class Draft(DraftLine):
    """All of a draft."""

    applicant = Open(required=True)
    form = Open(required=True)
    documents = fields.List(Open(), required=True)


class UploadAsked(Strict):
    """What will be sent, exactly."""

    filename = Text(required=True, longest=200)
    content_type = Text(required=True, longest=100)
    size = Whole(required=True, low=1, high=10**10)
    sha256 = Text(
        required=True, longest=64, validate=matching(r"[0-9a-fA-F]{64}", "Phải là 64 chữ số hex.", "64 hex digits.")
    )


class Ticket(Schema):
    """Where to send the file: PUT its bytes to `url`, once."""

    upload_id = fields.String(required=True)
    url = fields.String(required=True)
    expires_at = instant()


class Check(Strict):
    """A dossier that need not be right."""

    tenant = Key(required=True)
    procedure = Key(required=True)
    applicant = Open(required=True)
    form = Open(required=True)
    documents = Items(Part(Paper()), most=100, load_default=list)


class Submission(Check):
    """A dossier as it is handed in."""

    draft_id = Text(longest=36, validate=_DRAFT_ID)


class Receipt(Schema):
    """What a submission answers."""

    dossier_code = fields.String(required=True)
    status = fields.String(required=True)
    dvcqg_status = maybe(fields.Integer)
    submitted_at = instant(required=True)
    answer_due_at = instant(required=True)


class Short(Schema):
    """What a change of a dossier answers."""

    dossier_code = fields.String(required=True)
    status = fields.String(required=True)
    dvcqg_status = maybe(fields.Integer)


class DossierLine(Short):
    """A dossier in a list."""

    tenant = fields.String(required=True)
    procedure = fields.String(required=True)
    unit = fields.String(required=True)
    channel = fields.String()
    submitted_at = maybe(instant)
    answer_due_at = maybe(instant)
    due_at = maybe(instant)


class Dossier(DossierLine):
    """All of a dossier."""

    procedure_version = fields.String(required=True)
    level = fields.Integer(required=True)
    supplemented_at = maybe(instant)
    withdrawn_at = maybe(instant)
    withdrawal_reason = maybe()
    returned_at = maybe(instant)
    return_method = maybe()
    case = maybe(Open)
    supplement = maybe(Open)
    fees = fields.List(Open(), required=True)
    result = maybe(Open)
    applicant = maybe(Open)
    form = maybe(Open)
    documents = fields.List(Open(), required=True)


class Supplement(Strict):
    """Changed answers only (null takes one back), further papers, and the draft that this ends."""

    draft_id = Text(longest=36, validate=_DRAFT_ID, load_default=None)
    form = Open(load_default=dict)
    documents = Items(Part(Paper()), most=100, load_default=list)


class Withdrawal(Strict):
    """Why."""

    reason = Text(required=True, longest=2000, lines=True)


class Collection(Strict):
    """How the result is taken."""

    method = Choice("online", *CHANNELS[1:], load_default="online")


class Order(Schema):
    """A fee order with its lines, attempts and refunds."""

    order_id = fields.String(required=True)
    dossier_code = fields.String(required=True)
    status = fields.String(required=True)
    orders = fields.List(fields.String())
    when_due = fields.String()
    amount_vnd = maybe(fields.Integer)
    pay_by = maybe(instant)
    paid_at = maybe(instant)
    method = maybe()
    receipt = maybe(Open)
    lines = fields.List(Open())
    attempts = fields.List(Open())
    refunds = fields.List(Open())


class Payment(Strict):
    """Where the payer's browser comes back to."""

    return_url = Text(required=True, longest=240)


class PaymentStarted(Schema):
    """Where to send the payer."""

    redirect_url = fields.String(required=True)


class Question(Strict):
    """A dossier by its code and the applicant's number."""

    dossier_code = Text(required=True, longest=60)
    id_number = Text(required=True, longest=20)


class Tracked(Short):
    """The public status of a dossier."""

    tenant = fields.String(required=True)
    procedure = fields.String(required=True)
    unit = fields.String(required=True)
    submitted_at = maybe(instant)
    answer_due_at = maybe(instant)
    due_at = maybe(instant)
    resolved_at = maybe(instant)


class Notice(Schema):
    """A notice about a dossier."""

    notice_id = fields.String(required=True)
    dossier_code = fields.String(required=True)
    moment = fields.String(required=True)
    channel = fields.String(required=True)
    status = fields.String(required=True)
    requested_at = maybe(instant)
    sent_at = maybe(instant)
    failed_at = maybe(instant)


class RecordAsked(Strict):
    """A licence by its number, and whose it is said to be."""

    dataset = Key(required=True)
    number = Text(required=True, longest=100)
    holder = Text(required=True, longest=200)


class Verified(Schema):
    """Whether it is in force, and that holder's; whose it is is never said."""

    dataset = fields.String()
    number = fields.String()
    valid = fields.Boolean(required=True)
    holder_matches = fields.Boolean(required=True)
    status = fields.String()
    issued_at = maybe(instant)
    expires_on = maybe(fields.String)
    revoked_at = maybe(instant)


def page_of(line: type[Schema]) -> type[Schema]:
    """A page of a list: `next` is the `after` of the following one, null after the last."""
    members: dict[str, Any] = {"items": fields.List(fields.Nested(line), required=True), "next": maybe()}
    return Schema.from_dict(members, name=f"PageOf{line.__name__}")


class Letter(Notice):
    """A notice with what it says."""

    subject = maybe()
    text = maybe()


class Slip(Schema):
    """A slip that can be printed; `form` is its number among those of TT 01/2018/TT-VPCP, where it has one."""

    kind = fields.String(required=True)
    form = maybe()
    title = fields.Nested(Words, required=True)


class Slips(Schema):
    """Those that there are by now."""

    items = fields.List(fields.Nested(Slip), required=True)


class Checked(Schema):
    """What it would be refused for, and what it would cost."""

    errors = fields.List(Open(), required=True)
    fees = fields.List(Open(), required=True, allow_none=True, metadata={"description": "null: no price yet"})
    answer_due_at = instant(required=True)
