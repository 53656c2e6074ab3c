"""What was written while a clock was ahead does not wait until that time comes."""

from datetime import UTC, datetime, timedelta

import pytest

from services.chassis import clock
from tests.unit.chassis.test_retelling import Broker, Process
from tests.unit.simulation.mongo import Calm, Collection

NOW = datetime(2026, 11, 27, 3, tzinfo=UTC)
TOMORROW = NOW + timedelta(days=1)


def be(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def collection(monkeypatch: pytest.MonkeyPatch) -> Collection:
    """Two histories that a process wrote while its clock was a day ahead, and left behind; now it is right."""
    made = Collection(Calm())
    be(monkeypatch, TOMORROW)
    writer = Process(made, Broker())
    writer.change("A", "1", "2")
    writer.change("B", "3")
    be(monkeypatch, NOW)
    return made


def test_it_is_published_by_whoever_comes(collection: Collection) -> None:
    broker = Broker()
    assert Process(collection, broker).relay.run_once() == 3
    assert sorted(broker.heard()) == [("A", 1), ("A", 2), ("B", 1)]
    assert all("pending_since" not in document for document in collection.look())


def test_it_is_published_behind_what_is_late_and_what_is_fresh_is_left_to_its_writer(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    be(monkeypatch, NOW - timedelta(minutes=5))
    Process(collection, Broker()).change("late", "4")
    be(monkeypatch, NOW + timedelta(seconds=30))  # as far as clocks may be apart
    Process(collection, Broker()).change("fresh", "5")
    be(monkeypatch, NOW)
    broker = Broker()
    Process(collection, broker, batch=1).relay.run_once()
    told = broker.heard()
    assert told[0] == ("late", 1)
    assert {id_ for id_, _ in told} == {"late", "A", "B"}


def test_a_claim_of_a_clock_that_was_ahead_is_none(collection: Collection) -> None:
    for until, published in ((NOW + timedelta(seconds=3), 0), (TOMORROW, 3)):
        collection.update_many({}, {"$set": {"relay_claim": {"by": "another", "until": until}}})
        assert Process(collection, Broker()).relay.run_once() == published


def test_it_is_told_that_it_waits(collection: Collection) -> None:
    assert Process(collection, Broker()).relay.lag() == {"waiting": 2, "oldest_seconds": 24 * 3600.0}
