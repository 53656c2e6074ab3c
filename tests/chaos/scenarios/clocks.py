"""Clocks are wrong, and days end."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial

from deploy.local.composition import SERVICES
from tests.chaos.clocks import ZONES, MidnightStage, dated, days_of_codes, wrong_days, years_of_receipts
from tests.chaos.rig import Rig

_APART = timedelta(minutes=5)
_SURELY = timedelta(minutes=1)


def clocks_apart(rig: Rig) -> None:
    """Of any two of the five services one's clock is 5 min ahead, one's behind, and doors have the true time.

    Each dates what it does by its own clock: a code has the day that it is for intake, a dossier is due from the moment
    at which intake says that it came, an attempt to pay is silent when it is so for payment.
    """
    ahead, behind = rig.chance.picks(SERVICES, 2)
    began = datetime.now(UTC)  # all others rest: who dates anything before this from now on is behind
    past = partial(dated, rig.env, behind, began - _APART, began - _SURELY)
    before = past()
    with rig.skewed(ahead, _APART.total_seconds()), rig.skewed(behind, -_APART.total_seconds()):
        crowd = rig.crowd()
        crowd.finish()
        now = datetime.now(UTC)
        future = dated(rig.env, ahead, now + _SURELY, now + _APART)
        rig.rest()
    rig.at_the_end(lambda: list(wrong_days(rig.env)))
    rig.must_bite(f"histories of {ahead} with events from the future", future, least=3)
    rig.must_bite(f"histories of {behind} with events from before all began", past() - before, least=3)


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
