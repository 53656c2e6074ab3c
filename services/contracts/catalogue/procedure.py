"""The document of a procedure: form, components, time limit, fees, result and a valid example."""

from itertools import pairwise
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from services.contracts.catalogue.form_schema import form_fields, refuse_repeats
from services.contracts.catalogue.numbers import Vnd
from services.contracts.catalogue.parts import (
    Code,
    Dated,
    Document,
    Key,
    Mark,
    MonthDay,
    Name,
    Table,
    condition,
    whole_or_null,
    words,
)
from services.contracts.fields import Choice, Day, Flag, Items, Part, Strict, Text, Whole, matching, say
from services.contracts.words import APPLICANT_KINDS, CHANNELS, DECISION_STEPS, WHEN_DUE

FILE_TYPES = ("pdf", "docx", "jpg", "png")
RESULT_KINDS = ("licence", "certificate", "confirmation", "decision", "approval", "conclusion", "card", "domain")
FACTS = (
    "name", "membership", "tthc_code", "unit", "applicant_kinds", "level", "mode", "legal_basis", "form",
    "components", "time_limit", "clock", "fees", "result",
)  # fmt: skip
_MEBIBYTE = 1024 * 1024
# What payment can publish of one line of an order (contracts/payment.py); a hundred of these still add up.
LARGEST_LINE_VND = 10**12
_LONGEST_LINE_NAME = 300
_DETAILS_MISSING = say("required", "Bắt buộc với {kind}.", "Is required for {kind}.")
_DETAILS_FOREIGN = say("not_for_this_kind", "Không dùng với {kind}.", "Is not for {kind}.")
_TIERS = say(
    "tiers_out_of_order",
    "Các bậc phải tăng dần, chỉ bậc cuối có up_to là null.",
    "Tiers must rise, and only the last may have up_to null.",
)


class LegalBasis(Strict):
    """An instrument the procedure rests on, with the time it was in force where that is known."""

    number = Text(required=True, longest=60)
    valid_from = Day(load_default=None, allow_none=True)
    valid_to = Day(load_default=None, allow_none=True)
    mark = Mark(required=True)


class Component(Strict):
    """A paper of the dossier (thành phần hồ sơ)."""

    code = Code(required=True)
    name = words()
    need = Choice("required", "conditional", "one_of", required=True)
    required_if = condition()
    group = Name(load_default=None, allow_none=True)
    original = Choice("original", "copy", "certified_copy", load_default="copy")
    copies = Whole(low=1, high=20, load_default=1)
    form_template = Text(longest=100, load_default=None, allow_none=True)
    accepts = Items(Choice(*FILE_TYPES), fewest=1, most=4, load_default=lambda: ["pdf"])
    max_bytes = Whole(low=1024, high=100 * _MEBIBYTE, load_default=10 * _MEBIBYTE)
    obtainable_from_db = Flag(load_default=False)
    confidential = Flag(load_default=False)

    @validates_schema
    def _need_is_whole(self, data: dict[str, Any], **_: Any) -> None:
        need = data["need"]
        if data["required_if"] is not None and need != "conditional":
            raise ValidationError(_DETAILS_FOREIGN.format(kind=need), "required_if")
        if (data["group"] is not None) != (need == "one_of"):
            message = _DETAILS_MISSING if need == "one_of" else _DETAILS_FOREIGN
            raise ValidationError(message.format(kind=need), "group")


class Window(Strict):
    """A yearly intake: complete dossiers received before one day are due on another."""

    apply_before = MonthDay(required=True)
    due = MonthDay(required=True)


class TimeLimit(Strict):
    """How long the unit may take: working days, calendar days, or fixed days of the year."""

    kind = Choice("working_days", "days", "batch", required=True)
    days = Whole(low=1, high=1000)
    windows = Items(Part(Window()), fewest=1, most=12)

    @validates_schema
    def _fits_its_kind(self, data: dict[str, Any], **_: Any) -> None:
        needed, foreign = ("windows", "days") if data["kind"] == "batch" else ("days", "windows")
        if needed not in data:
            raise ValidationError(_DETAILS_MISSING.format(kind=data["kind"]), needed)
        if foreign in data:
            raise ValidationError(_DETAILS_FOREIGN.format(kind=data["kind"]), foreign)


class Clock(Strict):
    """What the processing clock does while the applicant is asked for papers or money."""

    on_supplement = Choice("restart", "pause", required=True)
    on_payment = Choice("pause", "run", required=True)


class Tier(Strict):
    """One step of a tiered fee; up to and including `up_to`, or without end when null."""

    up_to = Whole(low=1, required=True, allow_none=True)
    amount_vnd = Vnd(required=True, high=LARGEST_LINE_VND)


class Fee(Dated):
    """A fee item: phí (charge) or lệ phí (fee), for the days it is in force."""

    code = Code(required=True)
    kind = Choice("charge", "fee", required=True)
    name = words(_LONGEST_LINE_NAME)
    basis = Choice("flat", "per_unit", "tiered", "per_year", required=True)
    amount_vnd = Vnd(high=LARGEST_LINE_VND)
    quantity_field = Name()
    unit_size = Whole(low=1, high=10**6, load_default=1)
    free_quantity = Whole(low=0, high=10**6, load_default=0)
    tiers = Items(Part(Tier()), fewest=1, most=50)
    applies_if = condition()
    when_due = Choice(*WHEN_DUE, required=True)
    refundable = Flag(load_default=False)
    source = Text(required=True, longest=200)
    mark = Mark(required=True)

    @validates_schema
    def _fits_its_basis(self, data: dict[str, Any], **_: Any) -> None:
        basis = data["basis"]
        needed = {"flat": {"amount_vnd"}, "tiered": {"quantity_field", "tiers"}}.get(
            basis, {"amount_vnd", "quantity_field"}
        )
        given = {name for name in ("amount_vnd", "quantity_field", "tiers") if name in data}
        mistakes = {name: [_DETAILS_MISSING.format(kind=basis)] for name in sorted(needed - given)}
        mistakes |= {name: [_DETAILS_FOREIGN.format(kind=basis)] for name in sorted(given - needed)}
        mistakes |= {
            name: [_DETAILS_FOREIGN.format(kind=basis)]
            for name, neutral in (("unit_size", 1), ("free_quantity", 0))
            if data[name] != neutral and basis != "per_unit"
        }
        if mistakes:
            raise ValidationError(mistakes)

    @validates_schema
    def _tiers_rise(self, data: dict[str, Any], **_: Any) -> None:
        edges = [tier["up_to"] for tier in data.get("tiers", [])]
        if None in edges[:-1] or any(a >= b for a, b in pairwise(edges) if b is not None):
            raise ValidationError(_TIERS, "tiers")


class Result(Strict):
    """What the applicant gets, and how the record of it is filled from the form."""

    dataset = Key(required=True)
    kind = Choice(*RESULT_KINDS, required=True)
    name = words()
    validity_years = whole_or_null(1, 100)
    record_fields = Table(keys=Name(), values=Name(), required=True)


class Given(Strict):
    """A component handed in by the example."""

    component = Code(required=True)


class Example(Strict):
    """A whole valid submission, for trying and for teaching."""

    applicant = fields.Dict(required=True)
    form = fields.Dict(required=True)
    documents = Items(Part(Given()), most=100, required=True)


class Procedure(Document):
    """An administrative procedure (TTHC) as offered on line, for the days it is in force."""

    tenant = Key(required=True)
    name = words()
    tthc_code = Text(
        longest=40,
        load_default=None,
        allow_none=True,
        validate=matching(
            r"\d\.\d{6}(?:\.\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2})?", "Mã như 1.004216.", "A code such as 1.004216."
        ),
    )
    unit = Key(required=True)
    applicant_kinds = Items(Choice(*APPLICANT_KINDS), fewest=1, most=2, required=True)
    level = Whole(low=3, high=4, required=True)
    mode = Choice("full", "partial", required=True)
    channels = Items(Choice(*CHANNELS), fewest=1, most=3, required=True)
    legal_basis = Items(Part(LegalBasis()), required=True)
    marks = Table(keys=Choice(*FACTS), values=Mark(), required=True)
    form = form_fields()
    components = Items(Part(Component()), most=60, required=True)
    time_limit = Part(TimeLimit(), required=True)
    clock = Part(Clock(), required=True)
    decision = Choice(*DECISION_STEPS, load_default="one_step")
    fees = Items(Part(Fee()), most=100, required=True)
    result = Part(Result(), required=True)
    example = Part(Example(), required=True)

    @validates_schema
    def _nothing_twice(self, data: dict[str, Any], **_: Any) -> None:
        refuse_repeats([field["name"] for field in data["form"]], "form")
        refuse_repeats([component["code"] for component in data["components"]], "components")
