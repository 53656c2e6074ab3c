"""The counts of a board: added up from the tallies, cut down to what the asker may know of."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import time_machine
from marshmallow import ValidationError

from services.chassis.actor import Actor
from services.chassis.errors import Denied
from services.contracts.fields import explain
from services.intake.schemas import CountDossiers
from services.intake.tallies import _months, _span, _summed
from tests.unit.intake.builders import CITIZEN, COMPANY, OFFICER, STRANGER, SYSTEM
from tests.unit.intake.fakes import World

OCTOBER, NOVEMBER = (datetime(2026, 11, 26, 9, minute, tzinfo=UTC) for minute in (1, 2))


def counted() -> World:
    """A world in which two months were counted, and a third is being counted for the first time."""
    world = World()
    stood = {"tenant": "mic", "unit": "vnnic"}
    kind = {**stood, "channel": "online", "level": 4}
    world.tallies.documents = {
        "2026-10": {
            "_id": "2026-10",
            "as_of": OCTOBER,
            "statuses": [
                {**stood, "status": "returned", "n": 5},
                {**stood, "status": "returned", "unit": "cuc-bao-chi", "n": 2},
            ],
            "kinds": [{**kind, "n": 5}, {**kind, "unit": "cuc-bao-chi", "channel": "post", "level": 3, "n": 2}],
            "days": [
                {**kind, "day": "2026-10-01", "n": 5},
                {**kind, "day": "2026-10-31", "unit": "cuc-bao-chi", "channel": "post", "level": 3, "n": 2},
            ],
            "day_statuses": [
                {**stood, "day": "2026-10-01", "status": "returned", "n": 5},
                {**stood, "day": "2026-10-31", "status": "returned", "unit": "cuc-bao-chi", "n": 2},
            ],
        },
        "2026-11": {
            "_id": "2026-11",
            "as_of": NOVEMBER,
            "statuses": [
                {**stood, "status": "submitted", "n": 3},
                {"tenant": "mcst", "unit": "cuc-dien-anh", "status": "submitted", "n": 1},
            ],
            "kinds": [{**kind, "n": 3}, {**kind, "tenant": "mcst", "unit": "cuc-dien-anh", "n": 1}],
            "days": [{**kind, "day": "2026-11-02", "n": 2}, {**kind, "day": "2026-11-03", "n": 1}],
            "day_statuses": [
                {**stood, "day": "2026-11-02", "status": "submitted", "n": 2},
                {**stood, "day": "2026-11-03", "status": "submitted", "n": 1},
            ],
        },
        "2026-12": {"_id": "2026-12", "claimed_at": NOVEMBER},
    }
    return world


def counts(actor: Actor = SYSTEM, world: World | None = None, **asked: Any) -> dict[str, Any]:
    """What is answered."""
    nothing = dict.fromkeys(("tenant", "unit", "from_month", "from_day", "to_day"))
    asked = {**nothing, "to_month": "2026-12", "days": False, **asked}
    return (world or counted()).cases.counting.counts(actor, **asked)


def test_all_that_there_is_is_counted_once() -> None:
    answer = counts()
    assert (answer["total"], answer["as_of"]) == (11, OCTOBER)
    assert answer["by_status"] == {"returned": 7, "submitted": 4}
    assert answer["by_unit"]["vnnic"] == {"returned": 5, "submitted": 3}
    assert (answer["by_channel"], answer["by_level"]) == ({"online": 9, "post": 2}, {"3": 2, "4": 9})
    assert (answer["by_month"], answer["by_day"]) == ({"2026-10": 7, "2026-11": 4}, None)


def test_a_period_a_ministry_and_a_unit_cut_it_down() -> None:
    assert counts(from_month="2026-11")["by_month"] == {"2026-11": 4}
    assert counts(to_month="2026-10")["total"] == 7
    assert counts(tenant="mcst")["by_unit"] == {"cuc-dien-anh": {"submitted": 1}}
    assert counts(unit="cuc-bao-chi")["total"] == 2
    assert counts(from_month="2026-11", days=True)["by_day"] == {"2026-11-02": 2, "2026-11-03": 1}
    assert counts(from_month="2027-01", to_month="2027-02")["as_of"] is None


def test_days_cut_the_months_in_which_a_period_begins_and_ends() -> None:
    period: dict[str, Any] = {"from_day": date(2026, 10, 31), "to_day": date(2026, 11, 2)}
    answer = counts(**period)
    assert (answer["total"], answer["by_status"]) == (4, {"returned": 2, "submitted": 2})
    assert (answer["by_channel"], answer["by_level"]) == ({"online": 2, "post": 2}, {"3": 2, "4": 2})
    assert answer["by_unit"] == {"cuc-bao-chi": {"returned": 2}, "vnnic": {"submitted": 2}}
    assert (answer["by_month"], answer["by_day"]) == ({"2026-10": 2, "2026-11": 2}, None)
    assert counts(**period, days=True)["by_day"] == {"2026-10-31": 2, "2026-11-02": 2}
    assert counts(OFFICER, **period)["total"] == 2


def test_days_of_whole_months_count_as_the_months_do() -> None:
    october: dict[str, Any] = {"from_day": date(2026, 10, 1), "to_day": date(2026, 10, 31)}
    assert counts(**october) == counts(from_month="2026-10", to_month="2026-10")


def test_days_without_an_end_go_until_now() -> None:
    with time_machine.travel(NOVEMBER, tick=False):
        assert counts(from_day=date(2026, 11, 3), to_month=None)["total"] == 1


def test_a_month_as_an_earlier_version_counted_it_is_not_known_yet() -> None:
    world = counted()
    del world.tallies.documents["2026-10"]["statuses"]
    answer = counts(world=world)
    assert (answer["total"], answer["by_month"]) == (4, {"2026-11": 4})


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"from_month": "2026-10", "to_day": "2026-11-02"}, ("from_month", "either")),
        ({"from_day": "2026-11-03", "to_day": "2026-11-02"}, ("to_day", "wrong_period")),
        ({"from_day": "2026-11"}, ("from_day", "wrong_format")),
    ],
)
def test_a_period_that_is_none_is_named(asked: dict[str, Any], problem: tuple[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        CountDossiers().load(asked)
    assert [(one["field"], one["code"]) for one in explain(caught.value.messages)] == [problem]


def test_officers_see_their_unit_and_nobody_else_anything_but_who_runs_it_all() -> None:
    assert counts(OFFICER)["by_unit"] == {"vnnic": {"returned": 5, "submitted": 3}}
    assert counts(Actor("operator", "op-1"))["total"] == 11
    for actor, unit in ((CITIZEN, None), (COMPANY, None), (STRANGER, "vnnic"), (Actor("king", "1"), None)):
        with pytest.raises(Denied):
            counts(actor, unit=unit)


def test_months_follow_one_another_and_begin_at_midnight_in_vietnam() -> None:
    days = [datetime(2025, 11, 30).date(), datetime(2026, 2, 1).date()]  # noqa: DTZ001
    assert list(_months(days[0], days[1])) == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert [one.astimezone(UTC).isoformat() for one in _span("2025-12")] == [
        "2025-11-30T17:00:00+00:00",
        "2025-12-31T17:00:00+00:00",
    ]


def test_rows_that_become_alike_are_added_up() -> None:
    rows = [{"day": "1", "unit": "a", "n": 2}, {"day": "2", "unit": "a", "n": 3}, {"day": "1", "unit": "b", "n": 1}]
    assert _summed(rows, "day") == [{"unit": "a", "n": 5}, {"unit": "b", "n": 1}]


@pytest.mark.parametrize(
    "period",
    [
        {},
        {"from_month": "2025-10", "to_month": "2026-11"},
        {"from_month": "2025-10"},
        {"from_day": "2025-10-31", "to_day": "2026-11-01"},
        {"to_month": "2026-11"},
    ],
)
def test_days_are_counted_for_a_year_at_most(period: dict[str, Any]) -> None:
    with time_machine.travel(NOVEMBER, tick=False), pytest.raises(ValidationError) as caught:
        CountDossiers().load({**period, "days": True})
    assert [(one["field"], one["code"]) for one in explain(caught.value.messages)] == [("days", "too_long_a_period")]


@pytest.mark.parametrize("period", [{"from_month": "2025-11"}, {"from_day": "2025-11-02", "to_day": "2026-11-01"}])
def test_days_of_a_year_are_counted(period: dict[str, Any]) -> None:
    with time_machine.travel(NOVEMBER, tick=False):
        assert CountDossiers().load({**period, "days": True})["days"]
