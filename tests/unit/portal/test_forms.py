"""What is typed becomes answers, and answers become text again; nothing is lost on the way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.portal import forms
from tests.unit.portal.drafts import FIELDS, TITLES

NUMBER = {"name": "n", "type": "number"}
MONEY = {"name": "n", "type": "money"}
DAY = {"name": "n", "type": "date"}
FLAG = {"name": "n", "type": "flag"}


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (NUMBER, "1.000.000", 1_000_000),
        (NUMBER, " 1 000 ", 1000),
        (NUMBER, "-5", -5),
        (NUMBER, "1,5", "1,5"),
        (NUMBER, "١٢", "١٢"),
        (NUMBER, "9" * 30, "9" * 30),
        (MONEY, "5.000.000.000 đ", 5_000_000_000),
        (MONEY, "5.000.000.000\u00a0đ", 5_000_000_000),
        (MONEY, "250000 VND", 250_000),
        (DAY, "31/12/2026", "2026-12-31"),
        (DAY, "1-2-2026", "2026-02-01"),
        (DAY, "2026-12-31", "2026-12-31"),
        (DAY, "31/02/2026", "2026-02-31"),
        (DAY, "hôm qua", "hôm qua"),
        (FLAG, "Có", True),
        (FLAG, "khong", False),
        (FLAG, "có lẽ", "có lẽ"),
        ({"name": "n", "type": "text"}, "  ", None),
        ({"name": "n", "type": "long_text"}, "a\r\nb", "a\nb"),
    ],
)
def test_an_answer_is_read_as_its_type_or_kept_as_typed(field: dict[str, Any], text: str, value: Any) -> None:
    assert forms.read_value(field, text) == value


@given(st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1), st.sampled_from([NUMBER, MONEY]))
def test_a_number_that_is_shown_is_read_again(value: int, field: dict[str, Any]) -> None:
    assert forms.read_value(field, forms.shown(field, value)) == value


@given(st.text(max_size=200), st.sampled_from([*FIELDS[:-1], *TITLES["columns"]]))
def test_what_was_typed_is_shown_and_read_as_the_same(text: str, field: dict[str, Any]) -> None:
    once = forms.read_value(field, text)
    assert forms.read_value(field, forms.shown(field, once)) == once


def test_rows_stand_in_the_order_of_their_numbers_and_others_are_not_looked_at() -> None:
    posted = {
        "form.titles.10.title": "b",
        "form.titles.2.title": "a",
        "form.titles.x.title": "c",
        "form.titles.3.$where": "d",
        "form.$where": "e",
        "form.titles.999999.title": "f",
    }
    assert forms.read_posted("form", FIELDS, posted) == {"titles": [{"title": "a"}, {}, {"title": "b"}]}


def test_blank_rows_are_not_handed_in() -> None:
    assert forms.answers(FIELDS, {"titles": [{}, {"title": "a"}, {}], "name": None}) == {"titles": [{"title": "a"}]}
    assert forms.answers(FIELDS, {"titles": [{}]}) == {}


def test_what_is_wrong_with_a_day_is_said_as_days_are_written_here() -> None:
    early, strange = (
        forms.judge(FIELDS, {"name": "a", "abroad": False, "titles": [{"title": "a", "pages": 1}], "first_on": day})
        for day in ("2015-12-31", "hôm qua")
    )
    assert [one["vi"] for one in early] == ["Sớm nhất là 01/01/2016."]
    assert "31/12/2026" in strange[0]["vi"]


def test_a_mistake_in_a_row_names_the_row() -> None:
    wrong = forms.judge(FIELDS, {"name": "a", "abroad": False, "titles": [{"title": "a", "pages": 1}, {"title": "b"}]})
    assert [one["field"] for one in wrong] == ["form.titles.1.pages"]


@pytest.mark.parametrize("path", ["form", "form.titles.99999999999.x", "form.nothing", "", "documents.TP01", "form..."])
def test_a_path_that_leads_nowhere_is_nothing(path: str) -> None:
    assert forms.field_at(FIELDS, path)[2] is None


def test_a_draft_of_another_program_can_be_drawn() -> None:
    strange = {"titles": [1, {"title": ["x"], "else": 2}], "name": {"a": 1}, "price": 1.5, "abroad": None}
    drawn = forms.drawable(FIELDS, strange)
    assert drawn["titles"] == [{"title": "['x']", "else": 2}]
    assert (drawn["name"], drawn["price"]) == ("{'a': 1}", "1.5")
