"""The days that the board speaks of."""

from datetime import date

import pytest
import time_machine

from services.intake.schemas import CountDossiers
from services.portal import periods
from services.portal.periods import Period


def test_the_last_day_is_that_of_vietnam() -> None:
    with time_machine.travel("2026-11-25T17:00:00+00:00", tick=False):
        assert periods.read({"days": "7"}) == Period(date(2026, 11, 20), date(2026, 11, 26), 7)


@pytest.mark.parametrize(("last", "is_other"), [("2027-01-01", False), ("2027-01-02", True)])
def test_a_leap_year_and_a_day_are_no_more_than_services_count(last: str, is_other: bool) -> None:
    period = periods.read({"from_day": "2026-01-01", "to_day": last})
    assert period.is_other == is_other
    assert CountDossiers().load(period.arguments)["to_day"] == period.last
