"""Where a page ends, and what lies behind it."""

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.chassis.errors import Invalid
from services.chassis.paging import ByTime, cursor, day, page, read_cursor

AT = datetime(2026, 6, 1, 3, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize("at", [AT, AT.astimezone(timezone(timedelta(hours=7)))])
def test_behind_a_moment_come_what_is_older_and_of_the_same_moment_the_lower_ids(at: datetime) -> None:
    newest = ByTime("state.at")
    assert newest.keys == [("state.at", -1), ("_id", -1)]
    behind = newest.behind(cursor(at, "Đ/1"), "x")
    assert behind == {"state.at": {"$lte": AT}, "$nor": [{"state.at": AT, "_id": {"$gte": "Đ/1"}}]}


def test_the_oldest_first_goes_the_other_way() -> None:
    oldest = ByTime("at", newest_first=False)
    assert oldest.keys == [("at", 1), ("_id", 1)]
    assert oldest.behind(cursor(AT, "a"), "x") == {"at": {"$gte": AT}, "$nor": [{"at": AT, "_id": {"$lte": "a"}}]}


def test_days_are_kept_as_they_are_said() -> None:
    days = ByTime("on", read=day)
    behind = days.behind(cursor("2026-06-01", "a"), "x")
    assert behind == {"on": {"$lte": "2026-06-01"}, "$nor": [{"on": "2026-06-01", "_id": {"$gte": "a"}}]}
    with pytest.raises(Invalid):
        days.behind(cursor(AT, "a"), "x")


@pytest.mark.parametrize(
    "after",
    [
        *("", "x", "é", "====", "AAAA", cursor("a"), cursor("a", "b"), cursor(AT, "a", "b"), cursor(AT, "a") + "A"),
        *(base64.b64encode(body).decode() for body in (b"1", b"[1,2]", b'["2026-06-01T00:00:00Z",{"$ne":1}]', b"[[[[")),
        *(base64.b64encode(body).decode() for body in (b'["0001-01-01T00:00:00+14:00","a"]', b'["a' + b"x" * 2000)),
    ],
)
def test_what_is_no_cursor_is_the_askers_mistake(after: str) -> None:
    with pytest.raises(Invalid) as caught:
        ByTime("at").behind(after, "intake")
    assert (caught.value.code, [one["field"] for one in caught.value.errors]) == ("intake.invalid", ["after"])


def test_a_place_of_one_part_is_read_as_it_was_made() -> None:
    assert read_cursor(cursor("d/1"), "x", str) == "d/1"


def test_a_page_ends_where_more_was_found() -> None:
    assert page([1, 2, 3], 2, str) == ([1, 2], "2")
    assert page([1, 2], 2, str) == ([1, 2], None)
    assert page([], 2, str) == ([], None)
