"""Histories go back: what was published of them is to be published again, though everything runs.

How far a history is published is said by relays, and in passing by every change that was made on what a process
remembers. So a history counts how often it went back (`retold`, absent until it first did), and nobody says how far it
is published who read it before it did.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from services.chassis import clock
from services.chassis.store import Collection, Document

_AT_ONCE: Final = 1_000


def as_read(document: Mapping[str, Any]) -> Document:
    """The part of a filter that holds until the history goes back (again)."""
    return {"retold": document.get("retold")}


def back_to(relayed: int) -> Document:
    """The update after which at most the first `relayed` events of a history are published; any relay may take it up.

    It counts also where the store knew of no more: whoever remembers more has not said it yet.
    """
    return {
        "$min": {"relayed": relayed, "pending_since": clock.now()},
        "$inc": {"retold": 1},
        "$unset": {"relay_claim": ""},
    }


def was_told(collection: Collection) -> bool:
    """Whether a broker has confirmed any event of the histories in `collection`."""
    return collection.find_one({"relayed": {"$gt": 0}}, {"_id": 1}) is not None


def tell_again(collection: Collection, since: datetime | None = None) -> int:
    """Let every history in `collection` be published again from its beginning; how many.

    With `since` (aware), only those that have grown at or after it.
    """
    grown, told = {"history.at": {"$gte": since}} if since else {}, 0
    for ids in _in_batches(collection):
        told += collection.update_many({"_id": {"$in": ids}, "version": {"$gt": 0}, **grown}, back_to(0)).matched_count
    return told


def _in_batches(collection: Collection) -> Iterator[list[str]]:
    """All ids: one update of a million histories would outlast every time-out."""
    behind: Document = {}
    while ids := [one["_id"] for one in collection.find(behind, {"_id": 1}).sort("_id", 1).limit(_AT_ONCE)]:
        yield ids
        behind = {"_id": {"$gt": ids[-1]}}
