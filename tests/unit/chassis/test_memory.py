"""What a process remembers of a history saves a read, and can never make it wrong."""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.chassis import memory
from services.chassis.errors import Refused, Unavailable
from services.contracts.event import Event
from tests.unit.chassis.tally import TALLY, Tally, cause
from tests.unit.chassis.test_journal import returned, withdrawn
from tests.unit.fakes import FakeCollection, fake_journal


class Read(FakeCollection):
    """Counts how often it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads = 0

    def find_one(self, *wanted: Any) -> Any:
        self.reads += 1
        return super().find_one(*wanted)


@pytest.fixture
def journal() -> Any:
    """A journal with one history of one event."""
    made = fake_journal(TALLY, Read())
    made.change("D", cause("1"), withdrawn())
    made.collection.reads = 0
    return made


def rival_of(journal: Any) -> Any:
    """Another process over the same store."""
    other = fake_journal(TALLY)
    other.collection.documents = journal.collection.documents
    return other


def test_a_change_of_what_is_remembered_reads_nothing(journal: Any) -> None:
    assert journal.change("D", cause("2"), withdrawn()).state == Tally("D", asked=2)
    assert journal.change("D", cause("2"), withdrawn()).repeated
    assert journal.collection.reads == 0


def test_what_is_remembered_equals_what_is_stored(journal: Any) -> None:
    journal.change("D", cause("2"), returned("online"))
    stored = {name: value for name, value in journal.collection.documents["D"].items() if name != "opened_by"}
    assert journal.memory.recall("D") == stored


def test_who_was_overtaken_unawares_decides_again(journal: Any) -> None:
    rival_of(journal).change("D", cause("rival"), withdrawn())
    assert journal.change("D", cause("2"), withdrawn()).state.asked == 3


def test_a_refusal_is_told_of_what_is_stored_only(journal: Any) -> None:
    def only_the_third(state: Tally | None) -> list[Event]:
        if state is None or state.asked < 2:
            raise Refused("t.too_early", "Too early.", "Quá sớm.")
        return list(withdrawn()(state))

    rival_of(journal).change("D", cause("rival"), withdrawn())
    assert journal.change("D", cause("2"), only_the_third).state.asked == 3


def test_nothing_to_do_is_believed_of_what_is_stored_only(journal: Any) -> None:
    rival_of(journal).change("D", cause("rival"), withdrawn())
    stored = journal.change("D", cause("2"), lambda state: withdrawn()(state) if state.asked > 1 else [])
    assert stored.state.asked == 3


def test_what_another_process_repeats_is_found_in_the_store(journal: Any) -> None:
    rival_of(journal).change("D", cause("2"), withdrawn())
    assert journal.change("D", cause("2"), withdrawn()).repeated
    assert journal.get("D").state.asked == 2


def test_personal_data_that_a_change_brings_is_read_back_from_the_store(journal: Any) -> None:
    journal.change("D", cause("2"), withdrawn(), subject={"reasons.withdrawal": "hidden"})
    assert journal.memory.recall("D") is None
    assert journal.change("D", cause("3"), withdrawn()).subject == {"reasons": {"withdrawal": "hidden"}}


def test_nothing_is_remembered_of_a_write_whose_outcome_is_unknown(journal: Any) -> None:
    def fail() -> None:
        raise Unavailable("store.unavailable", "Away.", "Mất kết nối.")

    journal.collection.before_write = fail
    with pytest.raises(Unavailable):
        journal.change("D", cause("2"), withdrawn())
    assert journal.memory.recall("D") is None


def test_memory_is_short_and_small(journal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    document = journal.memory.recall("D")
    for number in range(memory.MOST):
        journal.memory.keep({**document, "_id": f"E{number}"})
    assert journal.memory.recall("D") is None
    instant = time.monotonic() + memory.SECONDS + 1
    monkeypatch.setattr("time.monotonic", lambda: instant)
    assert journal.memory.recall("E1") is None


def test_large_documents_leave_room_for_few(journal: Any) -> None:
    document = journal.memory.recall("D")
    large = {**document, "subject": {"form": "x" * (memory.MOST_BYTES // 4)}}
    for number in range(6):
        journal.memory.keep({**large, "_id": f"E{number}"})
    remembered = [number for number in range(6) if journal.memory.recall(f"E{number}")]
    assert remembered == [3, 4, 5]
    assert journal.memory.recall("D") is None


def test_one_that_is_larger_than_all_room_is_not_remembered(journal: Any) -> None:
    document = journal.memory.recall("D")
    journal.memory.keep({**document, "_id": "E", "subject": {"form": "x" * (memory.MOST_BYTES + 1)}})
    assert journal.memory.recall("E") is None
    journal.memory.keep({**document, "_id": "F"})
    assert journal.memory.recall("F")


def test_an_older_version_does_not_replace_a_later_one(journal: Any) -> None:
    first = journal.memory.recall("D")
    journal.change("D", cause("2"), withdrawn())
    journal.memory.keep(first)
    assert journal.memory.recall("D")["version"] == 2


def test_what_is_opened_is_not_looked_for_first(journal: Any) -> None:
    assert journal.change("N", cause("new"), withdrawn(), opens=True).version == 1
    assert journal.collection.reads == 0


def test_who_opens_what_is_there_already_decides_on_it(journal: Any) -> None:
    journal.memory.forget("D")
    assert journal.change("D", cause("2"), withdrawn(), opens=True).state.asked == 2
    journal.memory.forget("D")
    assert journal.change("D", cause("2"), withdrawn(), opens=True).repeated
    assert journal.get("D").state.asked == 2


def test_threads_of_a_door_keep_and_leave_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MOST", 5)
    known, often = memory.Memory(), sys.getswitchinterval()

    def work(name: int) -> None:
        for number in range(2000):
            known.keep({"_id": f"{name}-{number}", "version": 1, "relayed": 0})
            known.recall(f"{name}-{number - 3}")

    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(work, range(4))) == [None] * 4
    finally:
        sys.setswitchinterval(often)
