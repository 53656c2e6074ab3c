"""What may be asked of routing, and how a mistake in it is named."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError

from services.contracts.fields import explain
from services.routing import schemas

CODE = "000.00.06.G14-260112-0001"
NAMED = {"dossier_code": CODE, "request_id": "r-1"}
ITEM = {"component": "TP01", "guidance": "Bản sao bị mờ, xin nộp lại."}


def problems(schema: type[Schema], content: dict[str, Any]) -> list[tuple[str, str]]:
    """Field and code of every mistake."""
    with pytest.raises(ValidationError) as caught:
        schema().load(content)
    return [(problem["field"], problem["code"]) for problem in explain(caught.value.messages)]


def test_a_queue_shows_fifty_open_cases_in_due_order_unless_told_otherwise() -> None:
    assert schemas.ListCases().load({}) == {
        "unit": None,
        "status": "open",
        "procedure": None,
        "officer": None,
        "officers": (),
        "unassigned": False,
        "awaiting": None,
        "overdue": None,
        "at_risk": False,
        "due_from": None,
        "due_to": None,
        "search": None,
        "dossier_codes": None,
        "order": "due",
        "limit": 50,
        "after": None,
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ({"limit": 0}, ("limit", "too_small")),
        ({"limit": 201}, ("limit", "too_large")),
        ({"limit": "50"}, ("limit", "wrong_type")),
        ({"order": "name"}, ("order", "not_a_choice")),
        ({"status": "lost"}, ("status", "not_a_choice")),
        ({"overdue": "yes"}, ("overdue", "wrong_type")),
        ({"unit": {"$ne": ""}}, ("unit", "wrong_type")),
        ({"officer": "cb\u0000"}, ("officer", "control_characters")),
        ({"overdue": True, "order": "newest"}, ("order", "not_a_choice")),
        ({"awaiting": "fee", "order": "opened"}, ("order", "not_a_choice")),
        ({"due_to": "2026-09-03", "order": "opened"}, ("order", "not_a_choice")),
        ({"due_from": "2026-09-03", "due_to": "2026-09-02"}, ("due_to", "wrong_period")),
        ({"due_from": "03/09/2026"}, ("due_from", "wrong_format")),
        ({"officers": ["cb-1"] * 21}, ("officers", "too_long")),
        ({"dossier_codes": [CODE] * 201}, ("dossier_codes", "too_long")),
        ({"$where": "1"}, ("$where", "unknown_field")),
    ],
)
def test_a_wrong_filter_is_named(content: dict[str, Any], problem: tuple[str, str]) -> None:
    assert problem in problems(schemas.ListCases, content)


def test_what_is_searched_for_may_be_cut_down_by_any_filter() -> None:
    assert schemas.ListCases().load({"search": CODE, "overdue": True, "order": "newest"})["search"] == CODE


@pytest.mark.parametrize(
    ("schema", "first", "last", "fits"),
    [
        (schemas.CountByUnit, "2026-01-01", "2027-01-01", True),
        (schemas.CountByUnit, "2026-01-01", "2027-01-02", False),
        (schemas.CountByUnit, "2026-01-02", "2026-01-01", False),
        (schemas.DueCalendar, "2026-01-01", "2026-03-03", True),
        (schemas.DueCalendar, "2026-01-01", "2026-03-04", False),
    ],
)
def test_a_period_is_a_day_or_more_and_no_more_than_is_shown(
    schema: type[Schema], first: str, last: str, fits: bool
) -> None:
    period = {"from_day": first, "to_day": last}
    if fits:
        assert schema().load(period)["to_day"].isoformat() == last
    else:
        assert problems(schema, period) == [("to_day", "wrong_period")]


def test_a_refusal_states_its_reason_and_a_grant_need_not() -> None:
    assert schemas.Decide().load({**NAMED, "outcome": "granted"})["reason"] is None
    assert problems(schemas.Decide, {**NAMED, "outcome": "refused"}) == [("reason", "required")]
    assert problems(schemas.Decide, {**NAMED, "outcome": "refused", "reason": "  "}) == [("reason", "too_short")]


@pytest.mark.parametrize("schema", [schemas.Reject, schemas.Stop])
def test_whoever_rejects_or_stops_says_why(schema: type[Schema]) -> None:
    assert problems(schema, NAMED) == [("reason", "required")]
    assert problems(schema, {**NAMED, "reason": "x" * 4001}) == [("reason", "too_long")]


def test_a_row_is_decided_once() -> None:
    twice = [{"row": 2, "outcome": "granted"}, {"row": 2, "outcome": "refused"}]
    for schema in (schemas.Propose, schemas.Decide):
        assert problems(schema, {**NAMED, "outcome": "granted", "items": twice}) == [("items", "repeated")]
        none = {**NAMED, "outcome": "granted", "items": [{"row": 0, "outcome": "granted"}]}
        assert problems(schema, none) == [("items.0.row", "too_small")]


def test_a_reason_that_is_not_on_the_list_is_written_down() -> None:
    call = {**NAMED, "to_unit": "cuc-bao-chi"}
    assert schemas.Transfer().load({**call, "reason": "not_competent"})["note"] is None
    assert problems(schemas.Transfer, {**call, "reason": "other"}) == [("note", "required")]
    assert problems(schemas.Transfer, {**call, "reason": "because"}) == [("reason", "not_a_choice")]
    assert problems(schemas.Transfer, {**call, "reason": "misdirected", "to_unit": "$ne"}) == [
        ("to_unit", "wrong_format")
    ]


def test_a_hundred_cases_are_assigned_at_once_and_no_more() -> None:
    call = {"officer": "cb-001", "request_id": "r"}
    assert schemas.AssignMany().load({**call, "dossier_codes": [CODE] * 100})["officer"] == "cb-001"
    for codes, code in (([], "too_short"), ([CODE] * 101, "too_long")):
        assert problems(schemas.AssignMany, {**call, "dossier_codes": codes}) == [("dossier_codes", code)]


def test_every_mistake_in_a_supplement_request_is_named() -> None:
    wrong = {**NAMED, "items": [ITEM, {"component": "tp 1"}], "reason": "Thiếu.", "respond_within_days": 0}
    assert set(problems(schemas.RequestSupplement, wrong)) == {
        ("items.1.component", "wrong_format"),
        ("items.1.guidance", "required"),
        ("respond_within_days", "too_small"),
    }
    assert problems(schemas.RequestSupplement, {**NAMED, "items": [], "reason": "Thiếu."}) == [("items", "too_short")]


@pytest.mark.parametrize(
    "schema",
    [
        *(schemas.Accept, schemas.Reject, schemas.RequestSupplement, schemas.Assign, schemas.Stop),
        *(schemas.Propose, schemas.ReturnProposal, schemas.Decide, schemas.Transfer),
    ],
)
def test_every_action_names_its_dossier_and_its_request(schema: type[Schema]) -> None:
    assert {("dossier_code", "required"), ("request_id", "required")} <= set(problems(schema, {}))
