"""Counting by hand: the law's own examples, and every kind of mistake a due moment can have."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.chaos.legal_days import OfficeMinutes, wrong_dues

TERMS = {"time_limit": {"kind": "working_days", "days": 5}, "on_supplement": "pause", "on_payment": "pause"}


def at(local: str) -> datetime:
    """An instant from local time."""
    return datetime.fromisoformat(f"{local}+07:00").astimezone(UTC)


@pytest.fixture(scope="module")
def standard() -> OfficeMinutes:
    """The usual office hours."""
    return OfficeMinutes("standard")


def case(**facts: Any) -> dict[str, Any]:
    """A case of the last hour of 2026, accepted at once, with what is due then."""
    limit = facts.pop("time_limit", TERMS["time_limit"])
    submitted = at("2026-12-31T23:59:10")
    return {
        "dossier_code": "D",
        "terms": {**TERMS, "office_hours": "standard", "time_limit": limit, **facts.pop("terms", {})},
        "submitted_at": submitted,
        "accepted_at": submitted,
        "answer_due_at": at("2027-01-04T17:30"),
        "due_at": at("2027-01-11T17:30"),
        "supplements": [],
        "fees": [],
        **facts,
    }


@pytest.mark.parametrize(
    ("received", "answer"),
    [
        ("2026-01-15T09:00", "2026-01-16T09:00"),
        ("2026-01-15T09:00:20", "2026-01-16T09:00:20"),
        ("2026-01-15T12:30", "2026-01-16T12:00"),
        ("2026-01-16T16:30", "2026-01-19T16:30"),
        ("2026-01-17T10:00", "2026-01-19T17:30"),
        ("2026-02-13T17:00", "2026-02-23T17:00"),
        ("2027-02-03T17:00:30", "2027-02-11T17:00:30"),
    ],
)
def test_eight_office_hours(standard: OfficeMinutes, received: str, answer: str) -> None:
    assert standard.after(at(received), 480) == at(answer)


def test_what_is_right_is_not_named() -> None:
    pause = {
        "before_acceptance": False,
        "requested_at": at("2027-01-05T09:00"),
        "received_at": at("2027-01-05T10:30:20"),
    }
    fee = {"when_due": "on_acceptance", "required_at": at("2027-01-05T10:00"), "settled_at": at("2027-01-05T11:00")}
    right = [
        case(),
        case(accepted_at=None, due_at=None),
        case(
            supplements=[pause], fees=[fee], due_at=at("2027-01-12T10:00")
        ),  # two hours, for what overlaps counts once
        case(supplements=[pause], terms={"on_supplement": "restart"}, due_at=at("2027-01-12T17:30")),
        case(time_limit={"kind": "days", "days": 30}, due_at=at("2027-02-03T17:30")),
        case(time_limit={"kind": "days", "days": 31}, due_at=at("2027-02-11T17:30")),  # it would end in Tết
        case(
            time_limit={"kind": "batch", "windows": [{"apply_before": "01-01", "due": "01-15"}]},
            due_at=at("2027-01-15T17:30"),
        ),
    ]
    assert not list(wrong_dues(right))


@pytest.mark.parametrize("name", ["answer_due_at", "due_at"])
@pytest.mark.parametrize("by", [timedelta(seconds=-1), timedelta(minutes=5), timedelta(days=1)])
def test_what_is_wrong_is_named(name: str, by: timedelta) -> None:
    wrong = case()
    wrong[name] += by
    found = list(wrong_dues([wrong]))
    assert len(found) == 1
    assert name in found[0]
