"""The relay over a real store: what holds one history up holds up no other, and order survives any number of relays."""

import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from services.chassis import publish
from services.chassis.cause import Cause
from services.chassis.errors import Unavailable
from services.chassis.journal import Journal
from services.chassis.publish import Outgoing
from services.chassis.relay import Relay
from services.chassis.retelling import tell_again
from services.chassis.store import open_database
from services.contracts import events
from services.contracts.event import Event
from tests.integration.chassis.sample import EVENTS, TALLY, Tally

pytestmark = pytest.mark.servers
_SOON = 0.3  # what went back is changed before a relay finds it


@pytest.fixture(autouse=True)
def known_publisher(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample service publishes in this process too."""
    monkeypatch.setitem(events.PUBLISHERS, "sample", EVENTS)


class Recorder(publish.Publisher):
    """Takes what it is given, unless it is told to refuse it; keeps the order of arrival."""

    def __init__(self, refuses: Callable[[Outgoing], bool] = lambda _message: False, seconds: float = 0) -> None:
        super().__init__("amqp://nowhere")
        self.arrived: list[Outgoing] = []
        self._refuses, self._seconds = refuses, seconds
        self.is_lost = False

    def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        if self.is_lost:
            raise Unavailable("broker.unavailable", "", "")
        taken = [not self._refuses(message) for message in messages]
        for message, is_taken in zip(messages, taken, strict=True):
            if is_taken:
                time.sleep(self._seconds)
            self.arrived.append(message)
        return taken


def subject(message: Outgoing) -> str:
    return str(message.headers["cloudEvents:subject"])


@pytest.fixture
def journal(environment: dict[str, str], database: Any) -> Journal[Tally]:
    assert database.name == "motcua_sample"
    collection = open_database(environment["MOTCUA_MONGO_URI"], "motcua_sample")["tallies"]
    journal: Journal[Tally] = Journal(TALLY, collection, lambda _journal, _id: None)
    journal.ensure_indexes()
    return journal


def count(journal: Journal[Tally], name: str, number: int = 1) -> None:
    for _ in range(number):
        cause = Cause(str(uuid.uuid4()), "c", "t")
        journal.change(name, cause, lambda _state: [Event("counted", {"name": name, "amount": 1})])


def relay_of(journal: Journal[Tally], publisher: publish.Publisher, batch: int = 200) -> Relay:
    relay = Relay("sample", publisher, batch)
    relay.add(journal)
    return relay


def test_a_refused_event_keeps_back_its_own_successors_and_nobody_else(journal: Journal[Tally]) -> None:
    for name in ("refused-1", "refused-2", "refused-3", "free"):
        count(journal, name, 2)
    recorder = Recorder(lambda message: subject(message).startswith("refused"))
    relay = relay_of(journal, recorder, batch=2)
    assert relay.run_once(late_seconds=0) == 2
    sequences = [(subject(one), one.headers["cloudEvents:sequence"]) for one in recorder.arrived]
    assert sorted(sequences) == [("free", 1), ("free", 2), ("refused-1", 1), ("refused-2", 1), ("refused-3", 1)]
    assert relay.lag()["waiting"] == 3


def test_what_was_refused_is_not_sent_to_the_other_subscribers_again_and_again(journal: Journal[Tally]) -> None:
    count(journal, "refused")
    recorder = Recorder(lambda _message: True)
    relay = relay_of(journal, recorder)
    for _ in range(5):
        relay.wake(journal, "refused")
        relay.run_once(late_seconds=0)
    assert len(recorder.arrived) == 1


def test_a_document_that_cannot_be_published_stops_no_other(journal: Journal[Tally]) -> None:
    count(journal, "broken")
    journal.collection.update_one({"_id": "broken"}, {"$unset": {"state.name": ""}})
    count(journal, "sound")
    recorder = Recorder()
    assert relay_of(journal, recorder).run_once(late_seconds=0) == 1
    assert [subject(one) for one in recorder.arrived] == ["sound"]


def test_three_relays_leave_no_gap_and_no_first_arrival_out_of_order(journal: Journal[Tally]) -> None:
    names = [f"t{number}" for number in range(12)]
    recorder = Recorder(seconds=0.0005)
    relays = [relay_of(journal, recorder, batch=5) for _ in range(3)]
    written = threading.Event()
    threads = [threading.Thread(target=keep_relaying, args=(relay, written)) for relay in relays]
    for thread in threads:
        thread.start()
    for _ in range(4):
        for name in names:
            count(journal, name, 2)
    written.set()
    for thread in threads:
        thread.join(60)
    first: dict[str, list[int]] = defaultdict(list)
    for message in recorder.arrived:
        sequence = message.headers["cloudEvents:sequence"]
        if sequence not in first[subject(message)]:
            first[subject(message)].append(sequence)
    assert first == {name: list(range(1, 9)) for name in names}
    assert all(document["relayed"] == document["version"] == 8 for document in journal.collection.find())


def test_what_goes_back_while_others_write_and_publish_is_told_again_whole(journal: Journal[Tally]) -> None:
    names = [f"a{number}" for number in range(12)]
    recorder, written = Recorder(seconds=0.0002), threading.Event()
    writers: list[Journal[Tally]] = []
    threads = []
    for _ in range(3):  # processes, each with a memory and a relay of its own
        relay = Relay("sample", recorder, 5)
        writers.append(Journal(TALLY, journal.collection, relay.wake))
        relay.add(writers[-1])
        threads.append(threading.Thread(target=keep_relaying, args=(relay, written, _SOON)))
    for thread in threads:
        thread.start()
    for turn in range(6):
        for number, name in enumerate(names):
            count(writers[number % 3], name, 2)
        if turn in (2, 4):
            before = len(recorder.arrived)
            assert tell_again(journal.collection) == len(names)
    written.set()
    for thread in threads:
        thread.join(60)
    heard: dict[str, set[int]] = defaultdict(set)
    for message in recorder.arrived[before:]:
        heard[subject(message)].add(message.headers["cloudEvents:sequence"])
    assert heard == {name: set(range(1, 13)) for name in names}
    assert all(document["relayed"] == document["version"] == 12 for document in journal.collection.find())


def keep_relaying(relay: Relay, written: threading.Event, late_seconds: float = 0) -> None:
    """Until all is written and published."""
    while not written.is_set() or relay.lag()["waiting"]:
        relay.run_once(late_seconds)


def test_relays_share_a_backlog_instead_of_each_publishing_all_of_it(journal: Journal[Tally]) -> None:
    names = [f"b{number}" for number in range(60)]
    for name in names:
        count(journal, name)
    recorder = Recorder(seconds=0.001)
    threads = [
        threading.Thread(target=relay_of(journal, recorder, batch=7).run_once, args=(0,), daemon=True) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(subject(message) for message in recorder.arrived) == sorted(names)


def test_the_backlog_of_a_relay_that_died_is_another_s(journal: Journal[Tally]) -> None:
    count(journal, "left")
    dying = relay_of(journal, Recorder())
    assert dying._find_late(0) == [(journal, "left")]  # noqa: SLF001 – it dies between the claim and the publishing
    other = Recorder()
    assert relay_of(journal, other).run_once(late_seconds=0) == 0
    journal.collection.update_one({"_id": "left"}, {"$set": {"relay_claim.until": datetime.now(UTC)}})
    assert relay_of(journal, other).run_once(late_seconds=0) == 1


def test_what_was_confirmed_just_before_the_broker_was_lost_is_published_once_more(journal: Journal[Tally]) -> None:
    publisher = Recorder()
    relay = relay_of(journal, publisher)
    count(journal, "grows", 2)
    count(journal, "rests")
    assert relay.run_once(0) == 3
    count(journal, "grows")
    publisher.is_lost = True
    with pytest.raises(Unavailable):
        relay.run_once(0)
    publisher.is_lost, publisher.arrived = False, []
    assert relay.run_once(0) == 4
    arrived = [(subject(one), one.headers["cloudEvents:sequence"]) for one in publisher.arrived]
    assert sorted(arrived, key=lambda one: one[0]) == [("grows", 1), ("grows", 2), ("grows", 3), ("rests", 1)]
    assert relay.run_once(0) == 0
    assert relay.lag()["waiting"] == 0
