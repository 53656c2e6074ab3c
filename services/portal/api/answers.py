"""What the API answers. Times are ISO 8601 with an offset, days YYYY-MM-DD, amounts whole đồng."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf


class Open(fields.Dict):
    """An object whose members are a matter of the procedure: names are text, values are JSON."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), **kwargs)


def instant(*, metadata: Mapping[str, Any] | None = None, **kwargs: Any) -> fields.String:
    """An instant in an answer."""
    return fields.String(metadata={"format": "date-time", **(metadata or {})}, **kwargs)


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


class Offered(Schema):
    """A procedure: what a list and its own page say of it."""

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
    version = fields.String(required=True)


class ProcedureLine(Offered):
    """A procedure in a list."""

    fee_free = fields.Boolean(required=True)


class Procedure(Offered):
    """All about one procedure."""

    legal_basis = fields.List(Open(), required=True)
    form = fields.List(Open(), required=True)
    components = fields.List(Open(), required=True)
    fees = fields.List(Open(), required=True)
    result = Open(required=True)
    example = Open()


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


class Ticket(Schema):
    """Where to send the file: PUT its bytes to `url`, once."""

    upload_id = fields.String(required=True)
    url = fields.String(required=True)
    expires_at = instant()


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
    revoked_at = maybe(instant, metadata={"description": "When its result was revoked."})


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
    transfers = fields.List(Open(), required=True)
    supplement = maybe(Open)
    fees = fields.List(Open(), required=True)
    result = maybe(Open)
    applicant = maybe(Open)
    form = maybe(Open)
    documents = fields.List(Open(), required=True)


class Missing(Schema):
    """One thing that is missing: a paper, an answer of the form, or what the guidance describes."""

    component = maybe()
    field = maybe()
    guidance = maybe()


class Request(Schema):
    """One request for a supplement: all that is missing, why, and until when."""

    round = fields.Integer(required=True)
    items = fields.List(fields.Nested(Missing), required=True)
    reason = maybe()
    requested_at = instant(required=True)
    respond_by = instant(required=True)
    received_at = maybe(instant)


class Requests(Schema):
    """The requests for supplements of a dossier."""

    dossier_code = fields.String(required=True)
    items = fields.List(fields.Nested(Request), required=True)


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


class PaymentStarted(Schema):
    """Where to send the payer."""

    redirect_url = fields.String(required=True)


class Tracked(Short):
    """The public status of a dossier."""

    tenant = fields.String(required=True)
    procedure = fields.String(required=True)
    unit = fields.String(required=True)
    submitted_at = maybe(instant)
    answer_due_at = maybe(instant)
    due_at = maybe(instant)
    resolved_at = maybe(instant)
    ended_at = maybe(instant, metadata={"description": "When it was withdrawn, rejected, stopped or handed over."})


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


class Verified(Schema):
    """Whether it is in force, and that holder's where one was named; whose it is is never said."""

    dataset = fields.String()
    number = fields.String(metadata={"description": "As it was given out, however it was typed."})
    valid = fields.Boolean(required=True)
    holder_matches = fields.Boolean(metadata={"description": "Where a holder was named."})
    status = fields.String()
    issued_at = maybe(instant)
    expires_on = maybe(fields.String)
    revoked_at = maybe(instant)


class Letter(Notice):
    """A notice with what it says."""

    subject = maybe()
    text = maybe()


class Slip(Schema):
    """A slip that can be printed; `form` is its number among those of TT 01/2018/TT-VPCP, where it has one.

    Where the applicant was asked for a supplement several times there is one of each `round`.
    """

    kind = fields.String(required=True)
    form = maybe()
    round = maybe(fields.Integer)
    title = fields.Nested(Words, required=True)


class Slips(Schema):
    """Those that there are by now."""

    items = fields.List(fields.Nested(Slip), required=True)


class Checked(Schema):
    """What it would be refused for, and what it would cost."""

    errors = fields.List(Open(), required=True)
    fees = fields.List(Open(), required=True, allow_none=True, metadata={"description": "null: no price yet"})
    answer_due_at = instant(required=True)


def page_of(line: type[Schema]) -> type[Schema]:
    """A page of a list: `next` is the `after` of the following one, null after the last."""
    members: dict[str, Any] = {"items": fields.List(fields.Nested(line), required=True), "next": maybe()}
    return Schema.from_dict(members, name=f"PageOf{line.__name__}")
