"""How long and how often a letter goes again that was neither taken nor refused."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notify.patience import LONGEST_REST, RESTS_IN_DOUBT, Met, put_off, unanswered
from tests.unit.notify.builders import AT

LONGEST = timedelta(hours=48)


def test_the_first_time_a_letter_is_put_off_it_may_go_at_once() -> None:
    met = put_off(Met(), AT, LONGEST)
    assert met == Met(put_off_since=AT, resting_until=AT)
    assert not met.rests(AT)


@given(st.integers(0, 60))
def test_a_letter_put_off_rests_longer_and_longer_and_ends(ladder_seconds: int) -> None:
    met, now, attempts = Met(), AT, list[datetime]()
    while (later := put_off(met, now, LONGEST)) and later.resting_until:
        attempts.append(now)
        met, now = later, later.resting_until + timedelta(seconds=1 + ladder_seconds)
    assert now - AT >= LONGEST
    assert now - attempts[-1] <= LONGEST_REST + timedelta(seconds=61)
    assert 48 <= len(attempts) <= 64


def test_few_copies_go_to_a_server_that_says_nothing_and_far_between() -> None:
    met, now = Met(), AT
    for rest in RESTS_IN_DOUBT:
        later = unanswered(met, now)
        assert later
        assert later.resting_until == now + rest
        assert later.rests(now)
        met, now = later, later.resting_until
    assert unanswered(met, now) is None
