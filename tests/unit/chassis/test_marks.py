"""Marks are written for many at a time, soon, and never back."""

from typing import Any

import pytest

from services.chassis.marks import MARK_SECONDS, Marks
from tests.unit.chassis.tally import TALLY, cause
from tests.unit.chassis.test_journal import withdrawn
from tests.unit.fakes import FakeCollection, fake_journal


class Marked(FakeCollection):
    """Keeps what it is told to mark."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[list[tuple[str, int]]] = []
        self.away = False

    def bulk_write(self, operations: Any, *, ordered: bool) -> Any:
        if self.away:
            raise ConnectionError
        self.marked.append([(one._filter["_id"], one._filter["relayed"]["$lte"]) for one in operations])  # noqa: SLF001


@pytest.fixture
def journal() -> Any:
    """A journal whose store is marked."""
    made = fake_journal(TALLY)
    for number in range(3):
        made.change(f"D{number}", cause(str(number)), withdrawn())
    made.collection = Marked()
    return made


def test_several_events_of_one_history_are_one_mark_among_many(journal: Any) -> None:
    noted = Marks()
    for id_, relayed in (("D0", 1), ("D1", 1), ("D0", 2), ("D0", 3)):
        noted.note(journal, id_, relayed)
    noted.write()
    noted.write()
    assert journal.collection.marked == [[("D0", 3), ("D1", 1)]]


def test_what_is_published_is_known_before_it_is_written(journal: Any) -> None:
    noted = Marks()
    noted.note(journal, "D0", 1)
    assert (noted.reached(journal, "D0"), noted.reached(journal, "D1")) == (1, 0)
    assert journal.memory.recall("D0")["relayed"] == 1


def test_marks_that_could_not_be_written_are_written_later(journal: Any) -> None:
    noted = Marks()
    noted.note(journal, "D0", 1)
    journal.collection.away = True
    with pytest.raises(ConnectionError):
        noted.write()
    journal.collection.away = False
    noted.write()
    assert journal.collection.marked == [[("D0", 1)]]


def test_marks_are_due_soon_or_when_they_are_many(journal: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    instant = 100.0
    monkeypatch.setattr("time.monotonic", lambda: instant)
    noted = Marks()
    assert noted.seconds_left == float("inf")
    noted.note(journal, "D0", 1)
    assert noted.seconds_left == MARK_SECONDS
    instant += MARK_SECONDS
    assert noted.seconds_left == 0
    instant -= MARK_SECONDS
    for number in range(600):
        noted.note(journal, f"E{number}", 1)
    assert noted.seconds_left == 0
