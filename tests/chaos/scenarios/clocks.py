"""Clocks are wrong, and days end."""

import time
from datetime import UTC, datetime, timedelta

from deploy.local.composition import SERVICES
from tests.chaos.clocks import ZONES, MidnightStage, days_of_codes, events_after, wrong_days, years_of_receipts
from tests.chaos.rig import Rig


def clocks_apart(rig: Rig) -> None:
    """One service's clock is five minutes ahead, another's behind, and doors have the true time."""
    ahead, behind = rig.chance.picks(SERVICES, 2)
    with rig.skewed(ahead, 300), rig.skewed(behind, -300):
        crowd = rig.crowd()
        crowd.finish()
        future = events_after(rig.env, datetime.now(UTC) + timedelta(seconds=60))
        rig.rest()
    rig.at_the_end(lambda: list(wrong_days(rig.env)))
    rig.must_bite("events from the future", lambda: future)


def midnight(rig: Rig) -> None:
    """A day ends in Vietnam, and a year or the last one before Tết; processes take three zones' times for local."""
    stage = rig.stage
    assert isinstance(stage, MidnightStage)
    yesterdays, _ = rig.crowd(), rig.submissions(rate=1)
    rig.wait(max(0.0, stage.midnight_at + 5 - time.monotonic()))
    rig.crowd().finish()
    yesterdays.finish()
    rig.at_the_end(lambda: list(wrong_days(rig.env)))
    rig.must_bite("years on receipts", lambda: years_of_receipts(rig.env), least=stage.years)
    rig.must_bite("time zones of processes", stage.zones, least=len(ZONES))
    rig.must_bite("days", lambda: len(days_of_codes(rig.env)), least=2)
    rig.must_bite("dossiers on the day with fewer", lambda: min(days_of_codes(rig.env).values()), least=5)
