"""The parts under the officers' pages: what an address can ask for, views, months, what is news."""

from datetime import date

import pytest
from flask import Flask, g

from services.portal import casework, months
from services.portal.deeds import read_deed
from services.portal.views import MOST_VIEWS, Views
from services.portal.worklist import Wish
from services.routing.schemas import ListCases
from tests.unit.portal.cases import CALENDAR, case, edition, step


class Choices:
    """A store of choices in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, object] = {}

    def remember(self, name: str, data: object) -> None:
        """Keep this."""
        self.kept[name] = data

    def remembered(self, name: str) -> object:
        """What was kept."""
        return self.kept.get(name)


def test_an_address_that_means_nothing_asks_for_the_whole_queue() -> None:
    assert Wish.read({"status": "$ne", "late": "x", "order": "1", "q": "", "other": "y"}) == Wish()
    assert Wish.read({}).arguments("vnnic-1") == {"status": "open", "order": "due"}


@pytest.mark.parametrize(
    "wish",
    [
        Wish(),
        Wish(status="proposed", officer="me", late="overdue"),
        Wish(procedure="dk-ten-mien-vn", q="000.00"),
        Wish(due_to="2026-09-03"),
    ],
)
def test_a_wish_is_the_same_after_a_way_through_an_address(wish: Wish) -> None:
    assert Wish.read(wish.address()) == wish


@pytest.mark.parametrize("day", ["2026-02-30", "03/09/2026", "1999-01-01", "2026-9-3", "$gt", "٢٠٢٦-٠٩-٠٣"])
def test_a_day_that_is_none_is_passed_over(day: str) -> None:
    assert Wish.read({"due_from": day, "due_to": "2026-09-03"}) == Wish(due_to="2026-09-03")


def test_days_the_wrong_way_round_are_turned() -> None:
    wish = Wish.read({"due_from": "2026-09-30", "due_to": "2026-09-01"})
    assert (wish.due_from, wish.due_to) == ("2026-09-01", "2026-09-30")
    assert wish.of_any_day == Wish()


@pytest.mark.parametrize("dates", [{"late": "overdue"}, {"due_from": "2026-09-03"}])
def test_what_is_looked_for_by_its_date_comes_by_date(dates: dict[str, str]) -> None:
    wish = Wish.read({**dates, "order": "newest"})
    assert ListCases().load(wish.arguments("vnnic-1"))["order"] == "due"


def test_nobody_and_me_are_no_staff_ids() -> None:
    assert Wish(officer="none").arguments("a")["unassigned"] is True
    assert Wish(officer="me").arguments("a")["officer"] == "a"
    assert Wish(officer="b").arguments("a")["officer"] == "b"


def test_views_are_each_officers_own_and_no_more_than_fit() -> None:
    choices = Choices()
    mine, others = Views(choices, "mic:vnnic:1"), Views(choices, "mic:vnnic:2")
    assert all(mine.keep(f"view {number}", {"late": "overdue"}) for number in range(MOST_VIEWS))
    assert not mine.keep("one more", {})
    assert not mine.keep("  ", {})
    assert mine.keep("view 0", {"status": "proposed"})
    assert dict(mine.all())["view 0"] == Wish(status="proposed")
    assert others.all() == []


def test_a_month_begins_on_monday_and_knows_its_neighbours() -> None:
    month = months.read("2026-09")
    with Flask(__name__).test_request_context():
        g.language = "vi"
        weeks = month.weeks({"2026-09-03": 4}, CALENDAR, "standard")
    days = [square for week in weeks for square in week if square]
    assert weeks[0][0] is None
    assert weeks[0][1] == days[0]
    assert [square.day for square in days] == [date(2026, 9, number) for number in range(1, 31)]
    assert {square.day.day for square in days if not square.is_open} == {2, 5, 6, 12, 13, 19, 20, 26, 27}
    assert days[1].name == "Quốc khánh"
    assert days[2].due == 4
    assert (month.before, month.after) == ("2026-08", "2026-10")


def test_a_month_beyond_the_calendar_goes_by_the_days_of_the_week() -> None:
    with Flask(__name__).test_request_context():
        g.language = "vi"
        weeks = months.read("2031-02").weeks({}, CALENDAR, "standard")
    assert all(square.is_open == (square.day.isoweekday() < 6) for week in weeks for square in week if square)


@pytest.mark.parametrize("address", ["", "2026-13", "1999-01", "2026-1", "x"])
def test_a_month_that_is_none_is_this_one(address: str) -> None:
    assert months.read(address) == months.read("")


def test_what_happens_by_itself_or_by_oneself_is_no_news() -> None:
    steps = [step("case_opened"), step("case_fee_noted"), step("deadline_slipped"), step("case_accepted", "me")]
    assert casework.news(case(steps=steps), 1, "me") == []
    assert casework.news(case(steps=steps), 1, "other") == [steps[3]]


def test_a_form_that_saw_more_than_there_is_has_seen_nothing() -> None:
    steps = [step("case_accepted", "other")]
    assert casework.news(case(steps=steps), 7, "me") == steps


def test_a_reason_without_an_outcome_is_not_passed_over() -> None:
    deed = read_deed(
        "decide", {"decide-row-1": "", "decide-row-1-why": "Trùng", "decide-row-x": "granted"}, edition(), {}
    )
    assert deed.arguments == {"items": [{"row": 1, "reason": "Trùng"}]}
    assert deed.control("items.0.outcome") == "decide-row-1"
    assert deed.control("outcome") == "decide-outcome"
