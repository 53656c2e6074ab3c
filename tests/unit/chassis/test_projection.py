"""A projection keeps the latest revision, also of two that come in at the same moment, and reads it once in a while."""

from datetime import date
from typing import Any

import pytest
from pymongo.errors import DuplicateKeyError

from services.chassis.believed import BELIEVED_SECONDS
from services.chassis.projection import Projection


class Racing:
    """A collection into which a rival inserts revision `faster` just before our first upsert does."""

    def __init__(self, faster: int) -> None:
        self.kept: dict[str, Any] = {}
        self._faster: int | None = faster

    def replace_one(self, wanted: dict[str, Any], document: dict[str, Any], *, upsert: bool = False) -> None:
        if self._faster is not None:
            self.kept, self._faster = {**document, "revision": self._faster}, None
            raise DuplicateKeyError("E11000")
        if self.kept["revision"] < wanted["revision"]["$lt"]:
            self.kept = document
        elif upsert:
            raise DuplicateKeyError("E11000")


def published(revision: int) -> dict[str, Any]:
    return {
        "tenant": "mic",
        "kind": "unit",
        "key": "x",
        "valid_from": "2026-01-01",
        "valid_to": None,
        "revision": revision,
        "document": {"revision": revision},
    }


def test_a_later_revision_wins_over_an_earlier_one_that_came_at_the_same_moment() -> None:
    collection = Racing(faster=1)
    Projection(collection).apply(published(2))
    assert collection.kept["revision"] == 2


def test_an_earlier_revision_changes_nothing() -> None:
    collection = Racing(faster=3)
    Projection(collection).apply(published(2))
    assert collection.kept["revision"] == 3


class Counting:
    """A collection that counts how often it is read."""

    def __init__(self) -> None:
        self.reads, self.holds = 0, True

    def find_one(self, wanted: dict[str, Any], **_: Any) -> dict[str, Any] | None:
        self.reads += 1
        return {"revision": self.reads} if self.holds else None

    def replace_one(self, *_: Any, **__: Any) -> None:
        pass


def test_what_was_read_is_believed_for_a_while_and_until_a_document_comes_in(monkeypatch: pytest.MonkeyPatch) -> None:
    instant = 100.0
    monkeypatch.setattr("time.monotonic", lambda: instant)
    collection = Counting()
    projection, asked = Projection(collection), ("mic", "unit", "x", date(2026, 1, 2))
    assert [projection.as_of(*asked), projection.as_of(*asked)] == [{"revision": 1}] * 2
    instant += BELIEVED_SECONDS
    assert projection.as_of(*asked) == {"revision": 2}
    projection.apply(published(3))
    assert projection.as_of(*asked) == {"revision": 3}


def test_what_is_not_there_is_looked_for_again() -> None:
    collection = Counting()
    collection.holds = False
    projection = Projection(collection)
    assert [projection.as_of("mic", "unit", "x", date(2026, 1, 2)) for _ in range(2)] == [None, None]
    assert collection.reads == 2


def test_whether_any_document_of_a_kind_has_come_is_looked_at_each_time() -> None:
    class Kinds(Counting):
        def find_one(self, wanted: dict[str, Any], *_: Any, **__: Any) -> dict[str, Any] | None:
            self.reads += 1
            return {"_id": "mic/unit/x@2026-01-01"} if wanted["kind"] == "unit" else None

    projection = Projection(collection := Kinds())
    assert [projection.holds_any(kind) for kind in ("unit", "procedure", "unit")] == [True, False, True]
    assert collection.reads == 3


class Dated(Counting):
    """Versions of one document, in force or not, as MongoDB would find them."""

    def __init__(self, *versions: tuple[str, str | None]) -> None:
        super().__init__()
        self._versions = versions

    def find_one(self, wanted: dict[str, Any], **_: Any) -> dict[str, Any] | None:
        self.reads += 1
        day, is_to_last = wanted["valid_from"]["$lte"], "$or" in wanted
        found = [begin for begin, end in self._versions if begin <= day and (not is_to_last or day <= (end or "9"))]
        return {"valid_from": max(found)} if found else None


@pytest.mark.parametrize(
    ("day", "in_force", "standing"),
    [
        (date(2025, 12, 31), None, None),
        (date(2026, 1, 2), "2026-01-01", "2026-01-01"),
        (date(2026, 3, 1), None, "2026-02-01"),  # the last that was, not the one that comes
    ],
)
def test_what_has_ended_stands_as_it_last_was(day: date, in_force: str | None, standing: str | None) -> None:
    projection = Projection(Dated(("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-28"), ("2026-06-01", None)))
    found = [look("mic", "unit", "x", day) for look in (projection.as_of, projection.standing)]
    assert [one and one["valid_from"] for one in found] == [in_force, standing]
