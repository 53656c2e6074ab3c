"""The shape of one form field as data, and which details each type of field may have."""

from typing import Any

from marshmallow import ValidationError, validates_schema

from services.contracts.catalogue.dates import Bound
from services.contracts.catalogue.parts import Key, Name, condition, optional_words, words
from services.contracts.fields import Choice, Flag, Items, Part, Strict, Text, Whole, matching, say

_DETAILS: dict[str, frozenset[str]] = {
    "text": frozenset({"longest"}),
    "long_text": frozenset({"longest"}),
    "date": frozenset({"min", "max"}),
    "money": frozenset({"min", "max"}),
    "number": frozenset({"min", "max"}),
    "choice": frozenset({"choices"}),
    "table": frozenset({"columns", "min_rows", "max_rows"}),
    **dict.fromkeys(("cccd", "tax_code", "phone", "email", "flag", "domain_label", "person_name", "url"), frozenset()),
}
TYPES = tuple(_DETAILS)
FITTED_TYPES = frozenset({"text", "domain_label"})  # what a choice may look at: one line that is kept as it was written
LETTERS = ("ascii", "vietnamese")
LONGEST_TEXT, MOST_ROWS = 300, 100  # where the field says nothing else
PRICE_TYPES = frozenset({"number", "choice", "flag", "table"})  # none of them can carry personal data
_ALL_DETAILS = ("longest", "min", "max", "choices", "columns", "min_rows", "max_rows")
_NEEDED = {"choice": "choices", "table": "columns"}
_FOREIGN = say("not_for_this_type", "Kiểu {type} không dùng mục này.", "A {type} field does not have this.")
_MISSING = say("required", "Kiểu {type} bắt buộc có mục này.", "A {type} field needs this.")
_WRONG_BOUND = say("wrong_type", "Giới hạn không hợp kiểu của trường.", "The bound does not fit the type.")
_BOUNDS_CROSSED = say("bounds_out_of_order", "Giới hạn trên nhỏ hơn giới hạn dưới.", "The upper bound is the lower.")
_REPEATED = say("repeated", "Bị lặp lại: {name}.", "Appears twice: {name}.")
_REQUIRED_TWICE = say(
    "required_twice", "Đã bắt buộc thì không cần điều kiện.", "What is always required needs no condition."
)
_ONE_OF_TWO = say("required", "Cần field, hoặc number: true.", "Give field, or number: true.")
_ASKS_NOTHING = say("required", "Cần shortest, longest hoặc letters.", "Give shortest, longest or letters.")


class Fit(Strict):
    """When an answer may be chosen: another field has so many characters, or such letters; see `conditions.fits`."""

    field = Name(required=True)
    shortest = Whole(low=1, high=20_000)
    longest = Whole(low=1, high=20_000)
    letters = Choice(*LETTERS)

    @validates_schema
    def _asks_something(self, data: dict[str, Any], **_: Any) -> None:
        if not data.keys() & {"shortest", "longest", "letters"}:
            raise ValidationError(_ASKS_NOTHING)
        if "longest" in data and data["longest"] < data.get("shortest", 0):
            raise ValidationError(_BOUNDS_CROSSED, "longest")


class ChoiceOption(Strict):
    """One answer to choose, always or only if another answer fits."""

    value = Text(required=True, longest=60, validate=matching(r"[a-z0-9][a-z0-9._-]*", "Mã lựa chọn.", "A code."))
    label = words()
    only_if = Part(Fit())


class KnownFrom(Strict):
    """Where the ministry may know the answer from already: the applicant's records in a dataset, a field or the number.

    A form that asks for the number is about one record: which one, the applicant says.
    """

    dataset = Key(required=True)
    field = Name()
    number = Flag(load_default=False)

    @validates_schema
    def _names_one(self, data: dict[str, Any], **_: Any) -> None:
        if data["number"] == ("field" in data):
            raise ValidationError(_ONE_OF_TWO, "field")


class FormField(Strict):
    """One question of a form; the details it may have depend on its type."""

    name = Name(required=True)
    type = Choice(*TYPES, required=True)
    label = words()
    help = optional_words()
    required = Flag(load_default=False)
    required_if = condition()
    known_from = Part(KnownFrom())
    longest = Whole(low=1, high=20_000)
    min = Bound()
    max = Bound()
    choices = Items(Part(ChoiceOption()), fewest=1, most=200)
    columns = Items(Part(lambda: Column()), fewest=1, most=40)
    min_rows = Whole(low=0, high=500)
    max_rows = Whole(low=1, high=500)

    @validates_schema
    def _fits_its_type(self, data: dict[str, Any], **_: Any) -> None:
        kind = data["type"]
        mistakes = {
            name: [_FOREIGN.format(type=kind)] for name in _ALL_DETAILS if name in data and name not in _DETAILS[kind]
        }
        needed = _NEEDED.get(kind)
        if needed and needed not in data:
            mistakes[needed] = [_MISSING.format(type=kind)]
        if mistakes:
            raise ValidationError(mistakes)

    @validates_schema
    def _required_once(self, data: dict[str, Any], **_: Any) -> None:
        if data["required"] and data["required_if"] is not None:
            raise ValidationError(_REQUIRED_TWICE, "required_if")

    @validates_schema
    def _bounds_fit(self, data: dict[str, Any], **_: Any) -> None:
        expected = str if data["type"] == "date" else int
        for name in ("min", "max"):
            if name in data and not isinstance(data[name], expected):
                raise ValidationError(_WRONG_BOUND, name)
        low, high = (data.get(name) for name in ("min", "max"))
        if isinstance(low, int) and isinstance(high, int) and high < low:
            raise ValidationError(_BOUNDS_CROSSED, "max")

    @validates_schema
    def _nothing_twice(self, data: dict[str, Any], **_: Any) -> None:
        refuse_repeats([choice["value"] for choice in data.get("choices", [])], "choices")
        refuse_repeats([column["name"] for column in data.get("columns", [])], "columns")


class Column(FormField):
    """A column of a table: any field but another table."""

    type = Choice(*(name for name in TYPES if name != "table"), required=True)


def form_fields(**kwargs: Any) -> Items:
    """A list of questions."""
    return Items(Part(FormField()), fewest=1, most=100, required=True, **kwargs)


def refuse_repeats(names: list[str], field: str) -> None:
    """Raise a ValidationError on `field` for the first name that appears twice."""
    for position, name in enumerate(names):
        if name in names[:position]:
            raise ValidationError(_REPEATED.format(name=name), field)
