"""Forms compiled from data: field lists become marshmallow schemas; which papers are missing; what a price may see."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple

from marshmallow import ValidationError, fields, validates_schema

from services.contracts.catalogue.conditions import fits, holds
from services.contracts.catalogue.dates import day_of, local_today
from services.contracts.catalogue.form_schema import LONGEST_TEXT, MOST_ROWS
from services.contracts.catalogue.numbers import Cccd, DomainLabel, Email, PersonName, Phone, TaxCode, Url, Vnd
from services.contracts.fields import Choice, Day, Flag, Items, Part, Strict, Text, Whole, say

Fields = Sequence[Mapping[str, Any]]
Today = Callable[[], date]
_REQUIRED_NOW = say("required", "Bắt buộc trong trường hợp đã khai.", "Is required with the answers given.")
_TOO_EARLY = say("too_early", "Sớm nhất là {day}.", "Must be {day} or later.")
_TOO_LATE = say("too_late", "Muộn nhất là {day}.", "Must be {day} or earlier.")


class FormDay(Day):
    """A day between two bounds, kept as the text `YYYY-MM-DD`, so that a checked form is JSON."""

    def __init__(self, low: str | None, high: str | None, today: Today, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high, self.today = low, high, today

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        day = super()._deserialize(value, attr, data, **kwargs)
        today = self.today()
        if self.low is not None and day < (low := day_of(self.low, today)):
            raise ValidationError(_TOO_EARLY.format(day=low.isoformat()))
        if self.high is not None and day > (high := day_of(self.high, today)):
            raise ValidationError(_TOO_LATE.format(day=high.isoformat()))
        return day.isoformat()


class Fitted(NamedTuple):
    """An answer of a choice that may be given only when another answer fits."""

    choice: str
    answer: str
    rule: Mapping[str, Any]
    label: Mapping[str, str]  # of the other field

    def refuses(self, data: Mapping[str, Any]) -> bool:
        """Nothing while the other answer is missing or wrong itself: then that is what is to be mended."""
        other = data.get(self.rule["field"])
        return data.get(self.choice) == self.answer and other is not None and not fits(self.rule, other)


class Form(Strict):
    """A compiled form; `required_if` and `only_if` rules are checked beside all other mistakes."""

    conditional: tuple[tuple[str, Mapping[str, Any]], ...] = ()
    fitted: tuple[Fitted, ...] = ()

    @validates_schema(skip_on_field_errors=False, pass_original=True)
    def _conditional(self, data: dict[str, Any], original: Any, **_: Any) -> None:
        given = original if isinstance(original, Mapping) else {}
        missing = [name for name, rule in self.conditional if name not in given and holds(rule, data)]
        if missing:
            raise ValidationError({name: [_REQUIRED_NOW] for name in missing})

    @validates_schema(skip_on_field_errors=False)
    def _fitting(self, data: dict[str, Any], **_: Any) -> None:
        wrong = {one.choice: [_does_not_fit(one.rule, one.label)] for one in self.fitted if one.refuses(data)}
        if wrong:
            raise ValidationError(wrong)


def compile_form(form: Fields, today: Today = local_today) -> Strict:
    """A schema whose `load` gives the normalised answers as JSON values, or all mistakes at once."""
    made = Form.from_dict({field["name"]: _field(field, today) for field in form}, name="CompiledForm")
    made.conditional = tuple(  # type: ignore[attr-defined]
        (field["name"], field["required_if"]) for field in form if field.get("required_if")
    )
    made.fitted = tuple(_fitted(form))  # type: ignore[attr-defined]
    compiled = made()
    assert isinstance(compiled, Strict)  # noqa: S101 – from_dict keeps the base class
    return compiled


def missing_components(components: Fields, form: Mapping[str, Any], given_codes: Iterable[str]) -> list[dict[str, str]]:
    """What is wrong with the papers handed in: `[{field, code, vi, en}]`, fields as `documents.TP01`."""
    given = set(given_codes)
    known = {component["code"] for component in components}
    problems = [_problem(code, "unknown_component") for code in sorted(given - known)]
    problems += [
        _problem(component["code"], "missing_component", component["name"])
        for component in components
        if component["code"] not in given and _is_needed(component, form)
    ]
    return problems + _empty_groups(components, given)


def fee_fields(fees: Fields) -> tuple[str, ...]:
    """The form fields that a price depends on, in order of appearance."""
    names = [fee.get("quantity_field") for fee in fees]
    names += [fee["applies_if"]["field"] for fee in fees if fee.get("applies_if")]
    return tuple(dict.fromkeys(name for name in names if name))


def fee_inputs(fees: Fields, form: Mapping[str, Any]) -> dict[str, Any]:
    """The answers a price depends on: numbers, choices, flags, and tables as their count of rows; null if not given."""
    return {name: _scalar(form.get(name)) for name in fee_fields(fees)}


def record_of(record_fields: Mapping[str, str], dataset_fields: Fields, form: Mapping[str, Any]) -> dict[str, Any]:
    """What the registry keeps of a form: the mapped answers, tables cut down to the columns the dataset has."""
    kept = {field["name"]: field for field in dataset_fields}
    return {target: _cut_down(form[source], kept[target]) for target, source in record_fields.items() if source in form}


def items_table(procedure: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The table of what is applied for: that of the form which the record takes over; None where there is none."""
    recorded = set(procedure["result"]["record_fields"].values())
    tables = (field for field in procedure.get("form", ()) if field["type"] == "table")
    return next((table for table in tables if table["name"] in recorded), None)


def _cut_down(answer: Any, field: Mapping[str, Any]) -> Any:
    if field["type"] != "table":
        return answer
    names = {column["name"] for column in field["columns"]}
    return [{name: value for name, value in row.items() if name in names} for row in answer]


def _scalar(answer: Any) -> Any:
    return len(answer) if isinstance(answer, list) else answer


def _is_needed(component: Mapping[str, Any], form: Mapping[str, Any]) -> bool:
    if component["need"] == "required":
        return True
    rule = component.get("required_if")
    return component["need"] == "conditional" and rule is not None and holds(rule, form)


def _empty_groups(components: Fields, given: set[str]) -> list[dict[str, str]]:
    groups: dict[str, list[Mapping[str, Any]]] = {}
    for component in components:
        if component["need"] == "one_of":
            groups.setdefault(component["group"], []).append(component)
    return [
        _problem(
            group,
            "missing_one_of",
            {language: "; ".join(member["name"][language] for member in members) for language in ("vi", "en")},
        )
        for group, members in groups.items()
        if not given & {member["code"] for member in members}
    ]


_PROBLEMS = {
    "unknown_component": ("Thủ tục này không có thành phần hồ sơ đó.", "The procedure has no such component."),
    "missing_component": ("Thiếu thành phần hồ sơ: {vi}.", "A required component is missing: {en}."),
    "missing_one_of": ("Cần ít nhất một trong: {vi}.", "At least one is required of: {en}."),
}


def _problem(place: str, code: str, name: Mapping[str, str] | None = None) -> dict[str, str]:
    vi, en = (sentence.format(**(name or {})) for sentence in _PROBLEMS[code])
    return {"field": f"documents.{place[:40]}", "code": code, "vi": vi, "en": en}


def _fitted(form: Fields) -> Iterator[Fitted]:
    labels: dict[str, Any] = {field["name"]: field.get("label") for field in form}
    for field in form:
        for choice in field.get("choices", ()):
            rule = choice.get("only_if")
            if rule and rule["field"] in labels:
                yield Fitted(field["name"], choice["value"], rule, labels[rule["field"]])


def _does_not_fit(rule: Mapping[str, Any], label: Mapping[str, str]) -> str:
    low, high, letters = rule.get("shortest"), rule.get("longest"), rule.get("letters")
    bounds = {"exactly": low} if low == high else {"shortest": low, "longest": high}
    asked = [(name, count) for name, count in bounds.items() if count is not None]
    wanted = [*asked, *([(letters, None)] if letters else [])]
    vi, en = (", ".join(_FITTING[name][side].format(count) for name, count in wanted) for side in (0, 1))
    return say(
        "does_not_fit",
        f"Chỉ chọn được khi “{label['vi']}” có {vi}.",
        f"Can only be chosen when “{label['en']}” has {en}.",
    )


_FITTING = {
    "exactly": ("đúng {} ký tự", "exactly {} character(s)"),
    "shortest": ("ít nhất {} ký tự", "at least {} character(s)"),
    "longest": ("nhiều nhất {} ký tự", "at most {} character(s)"),
    "ascii": ("toàn chữ không dấu", "no letter with Vietnamese marks"),
    "vietnamese": ("chữ cái mang dấu tiếng Việt", "a letter with Vietnamese marks"),
}


def _field(field: Mapping[str, Any], today: Today) -> fields.Field[Any]:
    return _MAKERS[field["type"]](field, today, required=field.get("required", False))


def _text(field: Mapping[str, Any], _: Today, *, lines: bool, longest: int, **kwargs: Any) -> fields.Field[Any]:
    return Text(longest=field.get("longest", longest), lines=lines, **kwargs)


def _whole(field: Mapping[str, Any], _: Today, **kwargs: Any) -> fields.Field[Any]:
    return Whole(low=field.get("min"), high=field.get("max", 10**15), **kwargs)


def _money(field: Mapping[str, Any], _: Today, **kwargs: Any) -> fields.Field[Any]:
    return Vnd(low=max(0, field.get("min", 0)), high=field.get("max", 10**15), **kwargs)


def _date(field: Mapping[str, Any], today: Today, **kwargs: Any) -> fields.Field[Any]:
    return FormDay(field.get("min"), field.get("max"), today, **kwargs)


def _choice(field: Mapping[str, Any], _: Today, **kwargs: Any) -> fields.Field[Any]:
    return Choice(*(choice["value"] for choice in field["choices"]), **kwargs)


def _table(field: Mapping[str, Any], today: Today, **kwargs: Any) -> fields.Field[Any]:
    fewest, most = field.get("min_rows", 1 if kwargs.get("required") else 0), field.get("max_rows", MOST_ROWS)
    return Items(Part(compile_form(field["columns"], today)), fewest=fewest, most=most, **kwargs)


def _plain(made: Callable[..., fields.Field[Any]]) -> Callable[..., fields.Field[Any]]:
    return lambda _field, _today, **kwargs: made(**kwargs)


_MAKERS: dict[str, Callable[..., fields.Field[Any]]] = {
    "text": partial(_text, lines=False, longest=LONGEST_TEXT),
    "long_text": partial(_text, lines=True, longest=5000),
    "number": _whole,
    "money": _money,
    "date": _date,
    "choice": _choice,
    "table": _table,
    "flag": _plain(Flag),
    "cccd": _plain(Cccd),
    "tax_code": _plain(TaxCode),
    "phone": _plain(Phone),
    "email": _plain(Email),
    "person_name": _plain(PersonName),
    "domain_label": _plain(DomainLabel),
    "url": _plain(Url),
}
