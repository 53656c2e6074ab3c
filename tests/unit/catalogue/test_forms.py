"""Forms compiled from data: all mistakes at once, conditional rules, tables, papers, what a price may see."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from services.contracts.catalogue.dates import day_of
from services.contracts.catalogue.forms import (
    compile_form,
    fee_fields,
    fee_inputs,
    missing_components,
    record_of,
)
from services.contracts.fields import explain

TODAY = date(2026, 3, 10)
WORDS = {"vi": "Tên", "en": "Name"}


def field(name: str, kind: str = "text", **details: Any) -> dict[str, Any]:
    """One question of a form."""
    return {"name": name, "type": kind, "label": WORDS, "required": False, "required_if": None, **details}


def choice(name: str, *values: str, **details: Any) -> dict[str, Any]:
    """A question with answers to choose from."""
    return field(name, "choice", choices=[{"value": value, "label": WORDS} for value in values], **details)


def mistakes(form: list[dict[str, Any]], answers: Any) -> dict[str, str]:
    """Codes by path."""
    with pytest.raises(ValidationError) as refused:
        compile_form(form, lambda: TODAY).load(answers)
    return {found["field"]: found["code"] for found in explain(refused.value.messages)}


PEOPLE = field(
    "people",
    "table",
    required=True,
    min_rows=1,
    max_rows=4,
    columns=[
        field("full_name", "person_name", required=True),
        field("id_number", "cccd", required=True),
        field("holds_card", "flag", required=True),
        field("old_card", required_if={"field": "holds_card", "equals": True}),
    ],
)


def person(number: str = "001801000001", **more: Any) -> dict[str, Any]:
    """One row of people."""
    return {"full_name": "Lê Thị Dụ", "id_number": number, "holds_card": False, **more}


def test_an_unknown_answer_is_refused_and_so_is_a_missing_one() -> None:
    assert mistakes([field("title", required=True)], {"titel": "x"}) == {
        "title": "required",
        "titel": "unknown_field",
    }


def test_what_is_no_object_is_refused() -> None:
    assert list(mistakes([field("title")], ["title"]).values()) == ["wrong_type"]


def test_all_mistakes_are_said_at_once_with_their_paths() -> None:
    form = [
        field("title", required=True, longest=5),
        choice("medium", "print", "video", required=True),
        field("minutes", "number", required_if={"field": "medium", "equals": "video"}, min=1),
        PEOPLE,
    ]
    rows = [person(), person("1"), person(), person(holds_card=True, extra=1)]
    assert mistakes(form, {"title": "quá dài", "medium": "video", "people": rows}) == {
        "title": "too_long",
        "minutes": "required",
        "people.1.id_number": "wrong_id_number",
        "people.3.old_card": "required",
        "people.3.extra": "unknown_field",
    }


LONG = {"field": "title", "shortest": 3}
FITTING = field(
    "kind",
    "choice",
    choices=[
        {"value": "any", "label": WORDS},
        {"value": "long", "label": WORDS, "only_if": LONG},
        {"value": "accented", "label": WORDS, "only_if": {"field": "title", "longest": 4, "letters": "vietnamese"}},
    ],
)


@pytest.mark.parametrize(
    ("title", "kind", "fits"),
    [
        ("ab", "any", True),
        ("ab", "long", False),
        ("abc", "long", True),
        ("e\u0302\u0301", "accented", True),  # one letter, however many code points it came in
        ("đ", "long", False),
        ("e", "accented", False),
        ("đđđđđ", "accented", False),
    ],
)
def test_an_answer_that_is_bound_to_another_is_refused_where_that_does_not_fit(
    title: str, kind: str, fits: bool
) -> None:
    form, answers = [field("title", required=True), FITTING], {"title": title, "kind": kind}
    if fits:
        assert compile_form(form).load(answers)["kind"] == kind
    else:
        assert mistakes(form, answers) == {"kind": "does_not_fit"}


def test_what_another_answer_must_be_is_said_in_two_languages_with_its_label() -> None:
    with pytest.raises(ValidationError) as refused:
        compile_form([field("title", required=True), FITTING]).load({"title": "dài quá", "kind": "accented"})
    (found,) = explain(refused.value.messages)
    assert found["vi"] == "Chỉ chọn được khi “Tên” có nhiều nhất 4 ký tự, chữ cái mang dấu tiếng Việt."
    assert found["en"] == "Can only be chosen when “Name” has at most 4 character(s), a letter with Vietnamese marks."


def test_an_answer_is_not_blamed_for_another_that_is_missing_or_wrong() -> None:
    form = [field("title", required=True, longest=5), FITTING]
    assert mistakes(form, {"kind": "long"}) == {"title": "required"}
    assert mistakes(form, {"title": "quá dài", "kind": "accented"}) == {"title": "too_long"}
    assert compile_form([FITTING]).load({"kind": "long"}) == {"kind": "long"}  # a part of a form, as in an amendment


def test_a_conditional_answer_may_be_left_out_when_the_rule_is_false() -> None:
    form = [field("urgent", "flag", required=True), field("reason", required_if={"field": "urgent", "equals": True})]
    assert compile_form(form).load({"urgent": False}) == {"urgent": False}
    assert mistakes(form, {"urgent": True}) == {"reason": "required"}
    assert mistakes(form, {"urgent": 1}) == {"urgent": "wrong_type"}


def test_a_rule_on_several_values_holds_for_each_of_them() -> None:
    form = [choice("kind", "a", "b", "c"), field("why", required_if={"field": "kind", "in": ["a", "b"]})]
    assert mistakes(form, {"kind": "b"}) == {"why": "required"}
    assert compile_form(form).load({"kind": "c"}) == {"kind": "c"}
    assert compile_form(form).load({}) == {}


@pytest.mark.parametrize("rows", [[], [person()] * 5])
def test_a_table_keeps_to_its_number_of_rows(rows: list[dict[str, Any]]) -> None:
    assert mistakes([PEOPLE], {"people": rows})["people"] in ("too_short", "too_long")


def test_numbers_money_and_dates_keep_to_their_bounds() -> None:
    form = [
        field("pages", "number", min=1, max=10),
        field("sum", "money", min=5),
        field("born", "date", min="1920-01-01", max="today-18y"),
        field("shown", "date", min="today+7d"),
    ]
    wrong = {"pages": 11, "sum": 4, "born": "2008-03-11", "shown": "2026-03-16"}
    assert mistakes(form, wrong) == {
        "pages": "too_large",
        "sum": "too_small",
        "born": "too_late",
        "shown": "too_early",
    }
    right = {"pages": 10, "sum": 5, "born": "2008-03-10", "shown": "2026-03-17"}
    assert compile_form(form, lambda: TODAY).load(right) == right
    assert mistakes(form, {"born": "2008-02-30", "pages": "1", "sum": -1}) == {
        "born": "impossible_date",
        "pages": "wrong_type",
        "sum": "too_small",
    }


def test_the_29th_of_february_moves_to_the_28th_in_other_years() -> None:
    assert day_of("today-1y", date(2024, 2, 29)) == date(2023, 2, 28)
    assert day_of("today", TODAY) == TODAY


def test_a_field_may_bear_a_name_that_marshmallow_uses_itself() -> None:
    form = [field(name, required=True) for name in ("fields", "load", "context", "conditional", "validate")]
    answers = {one["name"]: "x" for one in form}
    assert compile_form(form).load(answers) == answers
    assert mistakes(form, {}) == dict.fromkeys(answers, "required")


KINDS = ("text", "long_text", "date", "cccd", "tax_code", "phone", "email", "money", "number", "flag", "url")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(("a", "b", "rows", "$x", "a.b")), JSON, max_size=4), st.sampled_from(KINDS))
@settings(max_examples=300, deadline=None, database=None)
def test_any_json_is_refused_with_named_mistakes_or_kept_as_json(answers: dict[str, Any], kind: str) -> None:
    columns = [field("c", kind), choice("d", "x", required_if={"field": "c", "equals": 1})]
    form = [field("a", kind, required_if={"field": "b", "equals": "x"}), choice("b", "x", "y")]
    compiled = compile_form([*form, field("rows", "table", columns=columns)], lambda: TODAY)
    try:
        kept = compiled.load(answers)
    except ValidationError as refused:
        found = explain(refused.messages)
        assert found
        assert all(one["code"] != "invalid" and one["vi"] and one["en"] for one in found)
    else:
        assert compiled.load(json.loads(json.dumps(kept))) == kept


COMPONENTS: list[dict[str, Any]] = [
    {"code": "TP01", "name": WORDS, "need": "required", "required_if": None, "group": None},
    {
        "code": "TP02",
        "name": WORDS,
        "need": "conditional",
        "required_if": {"field": "urgent", "equals": True},
        "group": None,
    },
    {"code": "TP03", "name": WORDS, "need": "conditional", "required_if": None, "group": None},
    {"code": "TP04", "name": WORDS, "need": "one_of", "required_if": None, "group": "founding"},
    {"code": "TP05", "name": WORDS, "need": "one_of", "required_if": None, "group": "founding"},
]


@pytest.mark.parametrize(
    ("form", "given_codes", "expected"),
    [
        ({"urgent": False}, ["TP01", "TP04"], {}),
        ({"urgent": True}, ["TP01", "TP02", "TP05", "TP03", "TP01"], {}),
        ({"urgent": True}, ["TP01", "TP04"], {"documents.TP02": "missing_component"}),
        ({}, [], {"documents.TP01": "missing_component", "documents.founding": "missing_one_of"}),
        ({}, ["TP01", "TP04", "TP99"], {"documents.TP99": "unknown_component"}),
    ],
)
def test_missing_and_unknown_papers_are_all_named(
    form: dict[str, Any], given_codes: list[str], expected: dict[str, str]
) -> None:
    problems = missing_components(COMPONENTS, form, given_codes)
    assert {problem["field"]: problem["code"] for problem in problems} == expected
    assert all(problem["vi"] and problem["en"] for problem in problems)


def test_a_price_sees_only_numbers_choices_flags_and_counts_of_rows() -> None:
    fees: list[dict[str, Any]] = [
        {"quantity_field": "people", "applies_if": {"field": "medium", "equals": "print"}},
        {"quantity_field": "pages", "applies_if": None},
        {"applies_if": {"field": "urgent", "equals": True}},
    ]
    form = {"people": [person(), person()], "medium": "print", "pages": 7, "name": "Lê Thị Dụ"}
    assert fee_fields(fees) == ("people", "pages", "medium", "urgent")
    assert fee_inputs(fees, form) == {"people": 2, "pages": 7, "medium": "print", "urgent": None}


def test_a_record_keeps_the_mapped_answers_and_only_the_columns_of_the_dataset() -> None:
    dataset = [field("holders", "table", columns=[field("full_name", "person_name")]), field("title"), field("gone")]
    form = {"people": [person(), person()], "name": "Thẻ", "secret": "x"}
    mapping = {"holders": "people", "title": "name", "gone": "absent"}
    assert record_of(mapping, dataset, form) == {"holders": [{"full_name": "Lê Thị Dụ"}] * 2, "title": "Thẻ"}
