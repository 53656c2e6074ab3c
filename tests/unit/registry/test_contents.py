"""What a record says."""

from datetime import date
from typing import Any

import pytest

from services.chassis.errors import Invalid, Refused
from services.registry import contents
from tests.unit.registry.builders import documents, fee, procedure

DATASET: dict[str, Any] = {
    "number_pattern": "GP-{year}/{seq}/ĐK",
    "validity_years": None,
    "fields": [
        {"name": "title", "type": "text", "required": True},
        {"name": "years", "type": "number", "required_if": {"field": "title", "equals": "x"}, "min": 1},
    ],
}


def result(validity_years: int | None) -> dict[str, Any]:
    """A procedure with that term."""
    return {"result": {"validity_years": validity_years, "record_fields": {"title": "name", "gone": "name"}}}


def test_a_number_follows_the_pattern() -> None:
    assert contents.number_of(DATASET, 12, 2026) == "GP-2026/12/ĐK"


def test_the_term_is_the_procedures_else_the_datasets_else_without_end() -> None:
    day = date(2026, 6, 1)
    assert contents.last_day(result(2), {**DATASET, "validity_years": 5}, day) == "2028-06-01"
    assert contents.last_day(result(None), {**DATASET, "validity_years": 5}, day) == "2031-06-01"
    assert contents.last_day(result(None), DATASET, day) is None


def test_a_term_from_a_leap_day_ends_on_the_28th() -> None:
    assert contents.last_day(result(1), DATASET, date(2028, 2, 29)) == "2029-02-28"


def test_only_a_fee_due_before_the_result_is_waited_for() -> None:
    assert contents.needs_fee(procedure("x", fees=[fee("before_result")]), "before_result")
    assert not contents.needs_fee(procedure("x", fees=[fee("on_submission")]), "before_result")


def test_the_first_content_is_copied_from_the_form_as_far_as_the_dataset_has_the_fields() -> None:
    assert contents.first_content(result(None), DATASET, {"name": "Tạp chí", "secret": 1}) == {"title": "Tạp chí"}


def test_an_amendment_checks_and_normalises_what_it_changes_and_nothing_else() -> None:
    old = {"title": "", "years": 0}  # would not pass today's rules, but is not asked about
    assert contents.amended(DATASET, old, {"years": 3}) == {"title": "", "years": 3}
    assert contents.amended(DATASET, old, {"title": " Báo "}) == {"title": "Báo", "years": 0}


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"years": 0}, "changes.years", "too_small"),
        ({"years": "3"}, "changes.years", "wrong_type"),
        ({"other": 1}, "changes.other", "unknown_field"),
        ({"title": None}, "changes.title", "required"),
    ],
)
def test_a_wrong_amendment_names_the_field(changes: dict[str, Any], field: str, code: str) -> None:
    with pytest.raises(Invalid) as caught:
        contents.amended(DATASET, {"title": "a"}, changes)
    assert [(one["field"], one["code"]) for one in caught.value.errors] == [(field, code)]


def test_an_amendment_that_changes_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="nothing_changed"):
        contents.amended(DATASET, {"title": "a"}, {"title": "a"})


def test_the_content_of_a_version_without_one_is_that_of_the_version_before() -> None:
    subject = {"versions": {"1": {"title": "a"}, "2": {"title": "b"}, "10": {"title": "c"}}}
    assert [contents.content_at(subject, number)["title"] for number in (1, 2, 9, 10, 11)] == list("abbcc")
    assert contents.content_at({}, 1) == {}


def test_differences_name_what_came_what_went_and_what_changed() -> None:
    before, after = {"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 5, "d": 4}
    assert contents.differences(before, after) == [
        {"field": "b", "before": 2, "after": 5},
        {"field": "c", "before": 3, "after": None},
        {"field": "d", "before": None, "after": 4},
    ]


def test_the_catalogue_of_these_tests_has_one_of_each_kind() -> None:
    assert {one["kind"] for one in documents()} == {"tenant", "unit", "calendar", "dataset", "procedure"}


def test_rows_that_were_refused_are_not_issued() -> None:
    procedure = {
        "form": [{"name": "people", "type": "table"}, {"name": "agency", "type": "text"}],
        "result": {"record_fields": {"people": "people", "agency": "agency"}, "validity_years": None},
    }
    columns = [{"name": "full_name", "type": "text"}]
    dataset = {"fields": [{"name": "people", "type": "table", "columns": columns}, {"name": "agency", "type": "text"}]}
    form = {"agency": "Báo Ví Dụ", "people": [{"full_name": name, "phone": "1"} for name in ("An", "Bình", "Chi")]}
    content = contents.first_content(procedure, dataset, form, (2,))
    assert content == {"agency": "Báo Ví Dụ", "people": [{"full_name": "An"}, {"full_name": "Chi"}]}
    assert len(contents.first_content(procedure, dataset, form)["people"]) == 3
