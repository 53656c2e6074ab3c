"""Histories that go back are published again from there, whatever processes that run believe of them."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.chassis import clock, retelling
from services.chassis.doubts import Doubts
from services.chassis.errors import Unavailable
from services.chassis.journal import Journal
from services.chassis.marks import Marks
from services.chassis.publish import BROKER_UNAVAILABLE, Outgoing
from services.chassis.relay import Relay
from services.chassis.retelling import tell_again
from services.contracts.event import Event
from tests.unit.chassis.tally import TALLY, Tally, cause
from tests.unit.chassis.test_journal import withdrawn
from tests.unit.simulation.mongo import Calm, Collection

Told = list[tuple[str, int]]


class Broker:
    """Confirms everything; `meanwhile` may do something first."""

    def __init__(self) -> None:
        self.told: Told = []
        self.is_lost = False
        self.meanwhile: Callable[[], None] = lambda: None

    def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        self.told += [
            (one.headers["cloudEvents:aggregate"].partition("/")[2], one.headers["cloudEvents:sequence"])
            for one in messages
        ]
        return [True] * len(messages)

    def check(self) -> None:
        """Say once that the line is lost."""
        if self.is_lost:
            self.is_lost = False
            self.lose()

    def lose(self) -> None:
        """It breaks off."""
        raise Unavailable(BROKER_UNAVAILABLE, "No.", "Không.")

    def close(self) -> None:
        """Nothing to close."""

    def heard(self) -> Told:
        """What came since this was asked last."""
        told, self.told = self.told, []
        return told


class Process:
    """A service's process: what it remembers, and its relay."""

    def __init__(self, collection: Collection, broker: Broker, batch: int = 200) -> None:
        self.relay = Relay("intake", broker, batch)  # type: ignore[arg-type]
        self.journal: Journal[Any] = Journal(TALLY, collection, self.relay.wake)
        self.relay.add(self.journal)

    def change(self, id_: str, *requests: str) -> None:
        """One more event for each of these requests."""
        for request in requests:
            self.journal.change(id_, cause(request), withdrawn())


@pytest.fixture
def collection() -> Collection:
    return Collection(Calm())


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def process(collection: Collection, broker: Broker) -> Process:
    """It has published two histories, of two events and of one."""
    made = Process(collection, broker)
    made.change("A", "1", "2")
    made.change("B", "3")
    made.relay.run_once(0)
    assert sorted(broker.heard()) == [("A", 1), ("A", 2), ("B", 1)]
    return made


def test_each_event_is_published_with_its_hash_remembered_or_read(collection: Collection) -> None:
    sent: list[str] = []
    said: list[str] = []

    class Listening(Broker):
        def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
            sent.extend(one.headers["cloudEvents:hash"] for one in messages)
            said.extend(str(one) for one in messages)
            return super().publish(messages)

    process = Process(collection, Listening())
    process.change("A", "1", "2")
    process.relay.run_once(0)
    history = (collection.kept("A") or {})["history"]
    kept, salts = ([entry[name] for entry in history] for name in ("hash", "salt"))
    assert sent == kept
    assert len(set(kept)) == len(set(salts)) == 2
    assert not [salt for salt in salts if salt in "".join(said)]  # what is not published cannot be guessed either
    tell_again(collection)
    Process(collection, Listening()).relay.run_once(0)
    assert sent == [*kept, *kept]


def relayed(collection: Collection, id_: str) -> Any:
    document = collection.kept(id_)
    assert document
    return document["relayed"]


def test_every_history_is_told_from_its_beginning_by_any_relay_as_often_as_it_is_asked_for(
    process: Process, collection: Collection, broker: Broker
) -> None:
    for _ in range(2):
        assert tell_again(collection) == 2
        assert tell_again(collection) == 2
        Process(collection, broker).relay.run_once(0)
        process.relay.run_once(0)
        told = broker.heard()
        assert sorted(told) == [("A", 1), ("A", 2), ("B", 1)]
        assert told.index(("A", 1)) < told.index(("A", 2))
        assert all("pending_since" not in document for document in collection.look())


def test_only_what_has_grown_since_a_day_is_told_and_that_whole(
    process: Process, collection: Collection, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    process.change("A", "4")
    process.relay.run_once(0)
    broker.heard()
    assert tell_again(collection, later + timedelta(hours=1)) == 0
    assert tell_again(collection, later - timedelta(hours=1)) == 1
    process.relay.run_once(0)
    assert broker.heard() == [("A", 1), ("A", 2), ("A", 3)]


def test_a_relay_knows_whether_anything_was_ever_published(process: Process, broker: Broker) -> None:
    assert process.relay.has_published()
    fresh = Process(Collection(Calm()), broker)
    assert not fresh.relay.has_published()
    fresh.change("A", "1")
    assert not fresh.relay.has_published()


def test_many_histories_go_back_a_few_at_a_time(
    process: Process, collection: Collection, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retelling, "_AT_ONCE", 2)
    for number in range(5):
        process.change(f"C{number}", f"c{number}")
    assert tell_again(collection) == 7


def test_a_change_made_on_what_a_process_remembers_does_not_say_that_all_was_published(
    process: Process, collection: Collection, broker: Broker
) -> None:
    assert process.journal.remembered("A")
    tell_again(collection)
    process.change("A", "4")
    assert relayed(collection, "A") == 0
    process.relay.run_once()  # what it has just changed, before anything else is late
    assert broker.heard() == [("A", 1), ("A", 2), ("A", 3)]


def test_what_a_relay_had_in_hand_when_its_history_went_back_marks_nothing(
    process: Process, collection: Collection, broker: Broker
) -> None:
    def ask() -> None:
        tell_again(collection)

    process.change("A", "4", "5")
    broker.meanwhile = ask
    process.relay.run_once()
    assert broker.heard() == [("A", 3), ("A", 4)]
    assert relayed(collection, "A") == 0
    process.change("A", "6")
    process.relay.run_once(0)
    assert [one for one in broker.heard() if one[0] == "A"] == [("A", number) for number in range(1, 6)]


def test_a_late_word_of_how_far_a_history_was_published_is_not_remembered(
    process: Process, collection: Collection
) -> None:
    tell_again(collection)
    process.change("A", "4")
    marks = Marks()
    marks.note(process.journal, "A", 2, None)
    document = process.journal.memory.recall("A")
    assert document
    assert (document["relayed"], marks.reached(process.journal, "A", document["retold"])) == (0, 0)
    marks.write()
    process.change("A", "5")
    assert relayed(collection, "A") == 0


def test_what_a_process_has_written_before_is_no_mark_of_what_is_told_again(
    process: Process, collection: Collection
) -> None:
    process.change("A", "4")  # that two are published is written with it
    tell_again(collection)
    marks = Marks()
    marks.note(process.journal, "A", 1, 1)
    marks.write()
    assert relayed(collection, "A") == 1


def test_what_one_process_takes_back_another_does_not_give_out_as_published(
    process: Process, collection: Collection
) -> None:
    other = Process(collection, Broker())
    other.change("A", "4")
    other.relay.run_once(0)
    doubts = Doubts(Marks())
    doubts.note(process.journal, "A", 1)
    doubts.broker_lost()
    doubts.take_back()
    other.change("A", "5")
    assert relayed(collection, "A") == 1


def test_a_change_in_flight_does_not_give_out_as_published_what_is_taken_back(
    process: Process, collection: Collection
) -> None:
    marks = Marks()
    doubts = Doubts(marks)
    process.change("A", "4")
    doubts.note(process.journal, "A", 2)
    marks.note(process.journal, "A", 3, None)  # which nobody has written down yet
    doubts.broker_lost()

    def decide(state: Tally | None) -> list[Event]:
        doubts.take_back()  # after this change was begun on what is remembered
        made: list[Event] = withdrawn()(state)
        return made

    process.journal.change("A", cause("5"), decide)
    assert relayed(collection, "A") == 2


@pytest.mark.parametrize("is_noticed", [False, True])
def test_a_stop_gives_up_no_doubt(process: Process, collection: Collection, broker: Broker, is_noticed: bool) -> None:
    process.relay.run_once(0)
    if is_noticed:  # by the last round before the stop
        process.change("B", "4")
        broker.meanwhile = broker.lose
        with pytest.raises(Unavailable):
            process.relay.run_once()
    else:
        broker.is_lost = True
    process.relay.stop()
    assert [relayed(collection, id_) for id_ in "AB"] == [0, 0]
    Process(collection, broker).relay.run_once(0)
    assert {("A", 1), ("A", 2), ("B", 1)} <= set(broker.heard())


def test_a_stop_whose_broker_is_there_marks_what_it_published(process: Process, collection: Collection) -> None:
    process.change("A", "4")
    process.relay.stop()
    assert (relayed(collection, "A"), relayed(collection, "B")) == (3, 1)


def test_what_is_new_does_not_wait_until_all_is_told_again(
    process: Process, collection: Collection, broker: Broker
) -> None:
    for number in range(5):
        process.change(f"C{number}", f"c{number}")
    process.relay.run_once(0)
    broker.heard()
    tell_again(collection)
    slow = Process(collection, broker, batch=1)
    broker.meanwhile = lambda: slow.change("new", "n")
    slow.relay.run_once(0)
    assert ("new", 1) in broker.heard()[:3]  # behind the first history, which has two events
