"""The registry that the stream makes, against the one that is stored."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, cast

import pytest

from services.chassis import cause, codec
from services.chassis.journal import Journal
from services.cli.verify.books import ISSUANCES, Shelf
from services.contracts.envelope import Envelope
from services.registry import domain
from tests.chaos.rebuilt import Rebuilt
from tests.integration.books import Books
from tests.unit.fakes import FakeCollection, fake_journal

AT: Final = datetime(2026, 11, 2, 3, tzinfo=UTC)
CODE: Final = "000.00.00.G14-261102-0001"


class Shelves:
    """What the registry has stored: one issuance of two events."""

    def __init__(self) -> None:
        self.kept = Everything()
        journal = fake_journal(ISSUANCES.aggregate, self.kept)
        journal.change(CODE, cause.of_timer("fee"), lambda state: domain.note_fee(state, CODE, AT))
        journal.change(CODE, cause.of_timer("end"), lambda state: domain.note_withdrawal(state, CODE, AT))

    def journal(self, shelf: Shelf) -> Journal[Any]:
        """A journal of these."""
        return fake_journal(shelf.aggregate)

    def collection(self, name: str) -> FakeCollection:
        """What is on a shelf."""
        return self.kept if name == ISSUANCES.name else Everything()


class Everything(FakeCollection):
    """A collection that shows all it has."""

    def find(self, _wanted: Mapping[str, Any], _projection: Any = None) -> list[dict[str, Any]]:
        return list(self.documents.values())


def told(shelves: Shelves, *places: int, source: str = "registry") -> Rebuilt:
    """The events at these places of the history, as the stream has them."""
    rebuilt = Rebuilt()
    for event in shelves.kept.documents[CODE]["history"]:
        if event["seq"] not in places:
            continue
        envelope = Envelope(
            id=event["id"],
            source=source,
            type=event["type"],
            v=event["v"],
            subject=CODE,
            time=event["at"].isoformat(),
            sequence=event["seq"],
            correlation=event["correlation"],
            causation=event["cause"],
            trace="t",
            aggregate=f"issuance/{CODE}",
        )
        rebuilt.note(envelope.headers(), codec.encode(event["data"]))
    return rebuilt


def compared(rebuilt: Rebuilt, shelves: Shelves) -> list[str]:
    return list(rebuilt.compare(cast("Books", shelves)))


@pytest.fixture
def shelves() -> Shelves:
    return Shelves()


def test_all_that_was_told_makes_what_is_stored(shelves: Shelves) -> None:
    assert compared(told(shelves, 1, 2), shelves) == []


def test_a_state_that_was_changed_behind_its_history_is_named(shelves: Shelves) -> None:
    shelves.kept.documents[CODE]["state"]["withdrawn_at"] = None
    assert compared(told(shelves, 1, 2), shelves) == [f"the stream makes another issuance/{CODE}"]


def test_what_the_stream_lacks_and_what_is_stored_no_more_is_named(shelves: Shelves) -> None:
    assert compared(told(shelves, 2), shelves) == [f"the stream has [2] of issuance/{CODE}"]
    assert compared(told(shelves, 1, 2, source="intake"), shelves) == [f"the stream has nothing of issuance/{CODE}"]
    whole = told(shelves, 1, 2)
    shelves.kept.documents.clear()
    assert compared(whole, shelves) == [f"the stream makes issuance/{CODE}, which is not stored"]
