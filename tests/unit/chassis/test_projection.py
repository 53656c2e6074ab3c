"""A projection keeps the latest revision, also of two that come in at the same moment."""

from typing import Any

from pymongo.errors import DuplicateKeyError

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
