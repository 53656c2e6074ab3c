"""The catalogue documents: tenant, unit, calendar, dataset, procedure."""

import re
from itertools import pairwise
from typing import Any

from marshmallow import ValidationError, validates_schema

from services.contracts.catalogue.form_schema import form_fields, refuse_repeats
from services.contracts.catalogue.numbers import Email, Phone
from services.contracts.catalogue.parts import (
    ClockTime,
    Dated,
    Document,
    Key,
    Mark,
    Name,
    Table,
    optional_words,
    whole_or_null,
    words,
)
from services.contracts.catalogue.procedure import Procedure
from services.contracts.fields import Choice, Day, Items, Part, Strict, Text, Whole, matching, say

AGENCY_CODE = r"\d{3}\.\d{2}\.\d{2}\.[A-Z]\d{2}"
_PATTERN = say(
    "wrong_number_pattern",
    "Mẫu số phải có đúng một {{seq}} và một {{year}}.",
    "A number pattern has exactly one {{seq}} and one {{year}}.",
)
_WINDOWS = say(
    "windows_out_of_order", "Khung giờ phải nối tiếp nhau trong ngày.", "Windows must follow one another in the day."
)


class AgencyCode(Text):
    """A unit's identification code, level 4 first (QCVN 102:2016), as dossier codes begin."""

    def __init__(self, **kwargs: Any) -> None:
        shape = matching(AGENCY_CODE, "Mã định danh như 000.00.06.G14.", "A code such as 000.00.06.G14.")
        super().__init__(longest=20, validate=shape, **kwargs)


class DatedCode(Dated):
    """The ministry's code in the list of agencies, for a time."""

    code = Text(required=True, longest=35, validate=matching(r"[A-Z]\d{2}", "Mã như G14.", "A code such as G14."))
    mark = Mark(required=True)


class Reason(Strict):
    """A reason that officers often give; what is chosen is sent as free text, and may be written on."""

    key = Name(required=True)
    text = words()


class Reasons(Strict):
    """The common reasons for what an officer does, by what he does."""

    reject = Items(Part(Reason()), most=50, load_default=list)
    supplement = Items(Part(Reason()), most=50, load_default=list)
    refuse = Items(Part(Reason()), most=50, load_default=list)
    stop = Items(Part(Reason()), most=50, load_default=list)
    return_proposal = Items(Part(Reason()), most=50, load_default=list)

    @validates_schema
    def _nothing_twice(self, data: dict[str, Any], **_: Any) -> None:
        for act, reasons in data.items():
            refuse_repeats([reason["key"] for reason in reasons], act)


class Tenant(Document):
    """A ministry."""

    name = words()
    agency_codes = Items(Part(DatedCode()), fewest=1, required=True)
    reasons = Part(Reasons(), load_default=lambda: Reasons().load({}))


class Unit(Document):
    """A department or centre that receives and handles dossiers."""

    tenant = Key(required=True)
    name = words()
    agency_code = AgencyCode(required=True)
    agency_code_since_2020 = Text(longest=35, load_default=None, allow_none=True)
    email = Email(required=True)
    phone = Phone(load_default=None, allow_none=True)
    calendar = Key(required=True)
    office_hours = Key(load_default="standard")
    marks = Table(keys=Choice("name", "agency_code", "superseded_note"), values=Mark(), load_default=dict)


class OfficeWindow(Strict):
    """A stretch of office time."""

    opens = ClockTime(required=True)
    closes = ClockTime(required=True)


class OfficeHours(Strict):
    """A weekly pattern of work; weekdays are 1 (Monday) to 7."""

    key = Key(required=True)
    weekdays = Items(Whole(low=1, high=7), fewest=1, most=7, required=True)
    windows = Items(Part(OfficeWindow()), fewest=1, most=6, required=True)

    @validates_schema
    def _windows_follow(self, data: dict[str, Any], **_: Any) -> None:
        edges = [edge for window in data["windows"] for edge in (window["opens"], window["closes"])]
        if any(earlier >= later for earlier, later in pairwise(edges)):
            raise ValidationError(_WINDOWS, "windows")


class CalendarRow(Strict):
    """A day that differs from the weekly pattern: off by law, off in exchange, or worked in exchange."""

    date = Day(required=True)
    name = words()
    in_exchange_for = Day(load_default=None, allow_none=True)
    mark = Mark(required=True)
    note = optional_words()


class Calendar(Document):
    """A public calendar; it knows the years from `valid_from` to `valid_to` and no other."""

    name = words()
    valid_to = Day(required=True)
    office_hours = Items(Part(OfficeHours()), fewest=1, required=True)
    holidays = Items(Part(CalendarRow()), fewest=1, most=2000, required=True)
    compensatory_off = Items(Part(CalendarRow()), most=1000, required=True)
    makeup_workdays = Items(Part(CalendarRow()), most=1000, required=True)

    @validates_schema
    def _each_day_once(self, data: dict[str, Any], **_: Any) -> None:
        refuse_repeats([hours["key"] for hours in data["office_hours"]], "office_hours")
        for group in ("holidays", "compensatory_off", "makeup_workdays"):
            refuse_repeats([row["date"].isoformat() for row in data[group]], group)


class Dataset(Document):
    """A shared database of results; numbers count from 1 each local year."""

    tenant = Key(required=True)
    name = words()
    number_pattern = Text(required=True, longest=60)
    validity_years = whole_or_null(1, 100)
    record = form_fields(data_key="fields")  # `fields` is marshmallow's own word

    @validates_schema
    def _numbers_and_names(self, data: dict[str, Any], **_: Any) -> None:
        places = sorted(re.findall(r"\{.*?\}", data["number_pattern"]))
        if places != ["{seq}", "{year}"] or re.sub(r"\{\w+\}", "", data["number_pattern"]).strip("{}") == "":
            raise ValidationError(_PATTERN.format(), "number_pattern")
        refuse_repeats([field["name"] for field in data["record"]], "fields")


SCHEMAS: dict[str, Strict] = {
    "tenant": Tenant(),
    "unit": Unit(),
    "calendar": Calendar(),
    "dataset": Dataset(),
    "procedure": Procedure(),
}


def normal(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every default written out, as JSON values; a ValidationError says all that is wrong."""
    schema = SCHEMAS[document["kind"]]
    whole: dict[str, Any] = schema.dump(schema.load(document))
    return whole
