"""The small words every catalogue document is made of: keys, bilingual names, dates of validity, conditions, marks."""

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from services.contracts.fields import Choice, Day, Items, Part, Strict, Text, Whole, matching, say

MARKS = ("seed", "found", "known", "unsure")
NOT_SCALAR = say("wrong_type", "Phải là chữ, số hoặc đúng/sai.", "Must be text, a number or true/false.")
_NOT_A_MAPPING = say("wrong_type", "Phải là một đối tượng.", "Must be an object.")
_WRONG_DATES = say("dates_out_of_order", "Ngày hết hiệu lực trước ngày có hiệu lực.", "It ends before it begins.")
_WRONG_MONTH_DAY = say("impossible_date", "Ngày phải theo TT-NN, khác 02-29.", "Must be a day MM-DD other than 02-29.")
_WRONG_CLOCK_TIME = say("impossible_time", "Giờ phải theo HH:MM.", "Must be a time HH:MM.")
_ONE_TEST = say("one_of_equals_in", "Cần đúng một trong hai: equals, in.", "Give exactly one of equals and in.")


class Key(Text):
    """The key of a document: lower case, digits, hyphens."""

    def __init__(self, **kwargs: Any) -> None:
        shape = matching(
            r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*",
            "Chỉ gồm chữ thường, chữ số và gạch nối.",
            "Lower-case letters, digits and hyphens.",
        )
        super().__init__(longest=60, validate=shape, **kwargs)


class Name(Text):
    """The name of a field: lower case, digits, underscores."""

    def __init__(self, **kwargs: Any) -> None:
        shape = matching(
            r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*",
            "Chỉ gồm chữ thường, chữ số và gạch dưới.",
            "Lower-case letters, digits and underscores.",
        )
        super().__init__(longest=40, validate=shape, **kwargs)


class Code(Text):
    """A printed code such as TP01 or LP-TEN-MIEN."""

    def __init__(self, **kwargs: Any) -> None:
        shape = matching(
            r"[A-Z][A-Z0-9]*(?:-[A-Z0-9]+)*",
            "Chỉ gồm chữ hoa, chữ số và gạch nối.",
            "Capital letters, digits and hyphens.",
        )
        super().__init__(longest=40, validate=shape, **kwargs)


class Scalar(fields.Field[Any]):
    """What a choice, a number or a flag can be equal to."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, (str, int)):  # a bool is an int
            raise ValidationError(NOT_SCALAR)
        return value


class Table(fields.Dict):
    """A mapping of plain `keys` to plain `values`."""

    default_error_messages = {"invalid": _NOT_A_MAPPING}

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return super()._deserialize(value, *args, **kwargs)  # type: ignore[no-untyped-call]
        except ValidationError as wrong:
            if not isinstance(wrong.messages, dict):
                raise
            flat = {name: [*parts.get("key", []), *parts.get("value", [])] for name, parts in wrong.messages.items()}
            raise ValidationError(flat) from wrong


class MonthDay(Text):
    """A day of every year, `MM-DD`; 29 February is not in every year."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            if not re.fullmatch(r"\d{2}-\d{2}", text, re.ASCII):
                raise ValidationError(_WRONG_MONTH_DAY)
            date(2001, int(text[:2]), int(text[3:]))
        except ValueError as wrong:
            raise ValidationError(_WRONG_MONTH_DAY) from wrong
        return text


class ClockTime(Text):
    """A local time of day, `HH:MM`."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        try:
            if not re.fullmatch(r"\d{2}:\d{2}", text, re.ASCII):
                raise ValidationError(_WRONG_CLOCK_TIME)
            time.fromisoformat(text)
        except ValueError as wrong:
            raise ValidationError(_WRONG_CLOCK_TIME) from wrong
        return text


class Mark(Choice):
    """How sure a fact is: stated in the source documents, found, generally known, or not confirmed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(*MARKS, **kwargs)


class Words(Strict):
    """A remark in Vietnamese and in English."""

    vi = Text(required=True, longest=2000, lines=True)
    en = Text(required=True, longest=2000, lines=True)


class Dated(Strict):
    """Something in force from a day to a day, both included; no end when `valid_to` is null."""

    valid_from = Day(required=True)
    valid_to = Day(load_default=None, allow_none=True)

    @validates_schema
    def _in_order(self, data: dict[str, Any], **_: Any) -> None:
        end = data.get("valid_to")
        if end is not None and end < data["valid_from"]:
            raise ValidationError(_WRONG_DATES, "valid_to")


class Condition(Strict):
    """True when a form field equals a value or is one of several; read by `conditions.holds`."""

    field = Name(required=True)
    equals = Scalar()
    one_of = Items(Scalar(), fewest=1, data_key="in")

    @validates_schema
    def _one_test(self, data: dict[str, Any], **_: Any) -> None:
        if ("equals" in data) == ("one_of" in data):
            raise ValidationError(_ONE_TEST)


def words(longest: int = 2000) -> Part:
    """A bilingual name, on one line: it is printed in letters, on slips and in their subjects."""
    languages: dict[str, fields.Field[Any]] = {name: Text(required=True, longest=longest) for name in ("vi", "en")}
    return Part(Strict.from_dict(languages, name="Name"), required=True)


def optional_words() -> Part:
    """A bilingual remark, or null."""
    return Part(Words(), load_default=None, allow_none=True)


def condition() -> Part:
    """A condition, or null."""
    return Part(Condition(), load_default=None, allow_none=True)


def whole_or_null(low: int, high: int) -> Whole:
    """A whole number from `low` to `high`, or null."""
    return Whole(low=low, high=high, load_default=None, allow_none=True)


class Document(Dated):
    """What every catalogue document begins with."""

    kind = Text(required=True, longest=20)
    key = Key(required=True)
    superseded_note = optional_words()
    note = optional_words()
