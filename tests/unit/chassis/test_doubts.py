"""What was confirmed just before the broker was lost is taken back, once, and nothing else is."""

from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis import doubts
from services.chassis.doubts import DOUBT_SECONDS, Doubts
from services.chassis.errors import Unavailable
from services.chassis.marks import Marks
from services.chassis.publish import Publisher
from tests.unit.chassis.tally import TALLY, cause
from tests.unit.chassis.test_journal import withdrawn
from tests.unit.fakes import FakeCollection, fake_journal


class Rewound(FakeCollection):
    """Keeps how far back it is told to go."""

    def __init__(self) -> None:
        super().__init__()
        self.rewound: list[tuple[str, int]] = []
        self.away = False

    def bulk_write(self, operations: Any, *, ordered: bool) -> Any:
        if self.away:
            raise ConnectionError
        self.rewound += [(one._filter["_id"], one._doc["$min"]["relayed"]) for one in operations]  # noqa: SLF001


class Clock:
    """Stands still unless it is moved."""

    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def journal() -> Any:
    made = fake_journal(TALLY)
    made.change("D0", cause("0"), withdrawn())
    made.collection = Rewound()
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(doubts, "time", made)
    return made


def test_each_history_goes_back_to_before_the_first_doubtful_event_and_only_once(journal: Any, clock: Clock) -> None:
    marks = Marks()
    made = Doubts(marks)
    for id_, before in (("D0", 0), ("D1", 4), ("D0", 1), ("D0", 2)):
        made.note(journal, id_, before)
        marks.note(journal, id_, before + 1)
    made.broker_lost()
    made.take_back()
    made.take_back()
    assert sorted(journal.collection.rewound) == [("D0", 0), ("D1", 4)]
    assert marks.reached(journal, "D0") == 0
    assert journal.memory.recall("D0") is None


def test_what_was_confirmed_long_before_the_broker_was_lost_is_believed(journal: Any, clock: Clock) -> None:
    made = Doubts(Marks())
    made.note(journal, "D0", 0)
    clock.now += DOUBT_SECONDS + 1
    made.note(journal, "D1", 0)
    made.broker_lost()
    made.take_back()
    assert journal.collection.rewound == [("D1", 0)]


def test_nothing_is_taken_back_while_the_broker_stays(journal: Any, clock: Clock) -> None:
    made = Doubts(Marks())
    made.note(journal, "D0", 0)
    made.take_back()
    assert journal.collection.rewound == []


def test_what_could_not_be_taken_back_is_owed(journal: Any, clock: Clock) -> None:
    made = Doubts(Marks())
    made.note(journal, "D0", 0)
    made.broker_lost()
    journal.collection.away = True
    with pytest.raises(ConnectionError):
        made.take_back()
    journal.collection.away = False
    made.take_back()
    assert journal.collection.rewound == [("D0", 0)]


@pytest.mark.parametrize("error", [ConnectionResetError, TimeoutError])
def test_a_publisher_notices_a_lost_connection_but_no_silence(error: type[OSError]) -> None:
    def drain_events(timeout: float) -> None:
        assert timeout > 0
        raise error

    publisher = Publisher("amqp://nowhere")
    publisher.check()
    publisher._channel = SimpleNamespace(connection=SimpleNamespace(drain_events=drain_events))  # noqa: SLF001
    if error is TimeoutError:
        publisher.check()
    else:
        with pytest.raises(Unavailable):
            publisher.check()
