"""The right to send a round: one holder at a time, for as long as he lives and sending may last."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis import clock
from services.notify import domain
from services.notify.claims import Claims
from services.notify.patience import Met
from tests.unit.notify.builders import AT, cause, wanted
from tests.unit.notify.fakes import FakeStore

LENGTH = timedelta(seconds=30)
LONGEST = timedelta(minutes=11)
ID = "n-1"


@pytest.fixture
def store() -> FakeStore:
    """A store with one notice that is asked for."""
    store, notice = FakeStore(), wanted(ID)
    store.journal.change(ID, cause("e-1"), lambda state: domain.request(state, notice))
    return store


@pytest.fixture
def claims(store: FakeStore) -> Claims:
    return Claims(store.collection, LENGTH, LONGEST)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    be(monkeypatch, AT)


def be(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


def test_a_round_is_claimed_by_one_holder(claims: Claims) -> None:
    assert claims.take(ID, 1, Met())
    assert claims.take(ID, 1, Met()) is None


@pytest.mark.parametrize("round_", [2, 0])
def test_only_the_round_that_is_awaited_is_claimed(claims: Claims, round_: int) -> None:
    assert claims.take(ID, round_, Met()) is None


def test_what_is_sent_or_failed_is_not_claimed(store: FakeStore, claims: Claims) -> None:
    store.journal.change(ID, cause("e-2"), lambda state: domain.note_failed(state, 1, "550", AT))
    assert claims.take(ID, 1, Met()) is None
    store.journal.change(ID, cause("e-3"), lambda state: domain.note_sent(state, AT))
    assert claims.take(ID, 1, Met()) is None


def test_a_dead_holder_s_claim_runs_out(claims: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    assert claims.take(ID, 1, Met())
    be(monkeypatch, AT + LENGTH)
    assert claims.take(ID, 1, Met())


def test_a_living_holder_s_claim_lasts_as_long_as_sending_may(
    store: FakeStore, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert claims.take(ID, 1, Met())
    now = AT
    while now < AT + LONGEST:
        be(monkeypatch, now)
        assert claims.take(ID, 1, Met()) is None
        claims.renew()
        now += claims.renewed_every
    be(monkeypatch, now + LENGTH)
    claims.renew()
    assert store.claimed_until(ID) < now + LENGTH


def test_a_claim_that_is_let_go_or_lost_is_not_renewed(
    store: FakeStore, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = claims.take(ID, 1, Met())
    be(monkeypatch, AT + LENGTH)
    other = Claims(store.collection, LENGTH, LONGEST).take(ID, 1, Met())
    assert lost
    assert other
    claims.renew()
    claims.release(lost)
    assert store.claimed_until(ID) == AT + 2 * LENGTH
    claims.let_go(other)
    be(monkeypatch, AT + 2 * LENGTH)
    claims.renew()
    assert store.claimed_until(ID) == AT + 2 * LENGTH


def test_after_a_release_others_may_try_at_once_and_know_what_was_met(store: FakeStore, claims: Claims) -> None:
    claim = claims.take(ID, 1, Met(unanswered=1))
    assert claim
    claims.release(claim)
    assert store.get_round(ID, 1)[1] == Met(unanswered=1)
    assert claims.take(ID, 1, Met())


def test_a_resting_round_is_nobody_s_until_then_and_the_next_round_begins_anew(
    store: FakeStore, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    met = Met(put_off_since=AT, resting_until=AT + timedelta(hours=1))
    claim = claims.take(ID, 1, Met())
    assert claim
    claims.rest(claim, met)
    be(monkeypatch, AT + timedelta(minutes=59))
    assert claims.take(ID, 1, Met()) is None
    assert store.get_round(ID, 1)[1] == met
    assert store.get_round(ID, 2)[1] == Met()
    be(monkeypatch, AT + timedelta(hours=1))
    assert claims.take(ID, 1, met)


def test_what_a_clock_that_was_ahead_claimed_or_put_off_is_free(
    store: FakeStore, claims: Claims, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(monkeypatch, AT + timedelta(days=1))
    claim = claims.take(ID, 1, Met())
    assert claim
    met = Met(resting_until=AT + timedelta(days=1, hours=1))
    claims.rest(claim, met)
    be(monkeypatch, AT)
    assert not met.rests(AT)
    assert claims.take(ID, 1, met)


def test_a_claim_of_an_earlier_version_is_understood(store: FakeStore, claims: Claims) -> None:
    store.documents[ID]["claim"] = {"round": 1, "until": AT}
    assert store.get_round(ID, 1)[1] == Met()
    assert claims.take(ID, 1, Met())


def test_of_two_who_reach_for_a_round_in_one_batch_one_has_it(claims: Claims) -> None:
    batch: list[Any] = []
    claims._takes = SimpleNamespace(do=lambda one: batch.append(one))  # type: ignore[assignment]  # noqa: SLF001
    claims.take(ID, 1, Met())
    claims.take(ID, 1, Met())
    assert claims._try(batch) == [True, False]  # noqa: SLF001


def test_who_is_the_first_at_a_round_must_find_it_untouched(claims: Claims) -> None:
    first = claims.take_first(ID, 1)
    assert first
    claims.release(first)
    assert claims.take_first(ID, 1) is None
    assert claims.take(ID, 1, Met())
