"""Dossier codes, and the place where a page ends."""

from datetime import date
from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from services.chassis.errors import Invalid
from services.intake.store import DOSSIER, Codes, Dossiers
from tests.unit.fakes import fake_journal


class Counters:
    """A collection of counters; `clashes` says how often another process creates the same one first."""

    def __init__(self, clashes: int = 0, **counters: int) -> None:
        self.counters = counters
        self.clashes = clashes

    def find_one_and_update(self, wanted: dict[str, str], change: Any, **_options: Any) -> dict[str, int]:
        """Count on."""
        if self.clashes:
            self.clashes -= 1
            raise DuplicateKeyError("clash", 11000)
        key = wanted["_id"]
        self.counters[key] = self.counters.get(key, 0) + change["$inc"]["last"]
        return {"last": self.counters[key]}


DAY = date(2026, 1, 15)


def test_codes_count_up_within_a_unit_and_a_day() -> None:
    codes = Codes(Counters())
    assert [codes.take("000.00.05.G14", DAY) for _ in range(2)] == [
        "000.00.05.G14-260115-0001",
        "000.00.05.G14-260115-0002",
    ]
    assert codes.take("000.00.06.G14", DAY) == "000.00.06.G14-260115-0001"
    assert codes.take("000.00.05.G14", date(2026, 1, 16)) == "000.00.05.G14-260116-0001"


def test_a_busy_day_has_longer_codes_never_the_same_again() -> None:
    codes = Codes(Counters(**{"000.00.05.G14-260115": 9998}))
    assert [codes.take("000.00.05.G14", DAY)[-6:] for _ in range(3)] == ["5-9999", "-10000", "-10001"]


def test_two_that_begin_the_day_at_once_both_get_a_code() -> None:
    assert Codes(Counters(clashes=1)).take("000.00.05.G14", DAY) == "000.00.05.G14-260115-0001"


@pytest.mark.parametrize("after", ["zz", "%%%", "MTIz", "x" * 200, "OTk5OTk5OTk5OTk5OTk5OTk5fHg"])
def test_a_page_position_that_is_none_of_ours_is_named(after: str) -> None:
    with pytest.raises(Invalid) as caught:
        Dossiers(fake_journal(DOSSIER)).listed({}, 50, after)
    assert [problem["field"] for problem in caught.value.errors] == ["after"]


def test_those_who_ask_at_once_share_a_count_and_no_number() -> None:
    counters = Counters()
    codes, day = Codes(counters), "000.00.05.G14-260115"
    assert codes._take([day, "000.00.06.G14-260115", day, day]) == [1, 1, 2, 3]  # noqa: SLF001 – a batch under load
    assert codes.take("000.00.05.G14", DAY) == f"{day}-0004"
