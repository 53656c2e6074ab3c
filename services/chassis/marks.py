"""How far histories have been published, written down once in a while for many at a time.

A mark that is lost costs duplicates, never an event: so it may wait a little, and several events of one history share
one. Where the history grows meanwhile, that change says it, and no mark is written. Where it went back meanwhile, its
mark means nothing. It may not wait as long as a relay holds an event to be late, or every other process would publish
it again.
"""

import time
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from services.chassis.journal import Journal
from services.chassis.store import outages_named

MARK_SECONDS = 0.5
_MOST = 500


@dataclass(slots=True)
class _Mark:
    journal: Journal[Any]
    id: str
    relayed: int
    retold: int | None


class Marks:
    """The marks of one relay that are not written yet."""

    def __init__(self) -> None:
        self._unwritten: dict[tuple[int, str], _Mark] = {}
        self._since = 0.0

    def note(self, journal: Journal[Any], id_: str, relayed: int, retold: int | None = None) -> None:
        """The history of this aggregate is published so far, as one knows who read it at its `retold`."""
        if not self._unwritten:
            self._since = time.monotonic()
        self._unwritten[id(journal), id_] = _Mark(journal, id_, relayed, retold)
        journal.memory.note_relayed(id_, relayed, retold)

    def reached(self, journal: Journal[Any], id_: str, retold: int | None = None) -> int:
        """How far its history is published as far as this relay knows and the store may not."""
        mark = self._unwritten.get((id(journal), id_))
        return mark.relayed if mark and mark.retold == retold else 0

    def forget(self, journal: Journal[Any], id_: str) -> None:
        """It is not, after all."""
        self._unwritten.pop((id(journal), id_), None)

    @property
    def seconds_left(self) -> float:
        """When they should be written; for ever while there are none."""
        if not self._unwritten:
            return float("inf")
        due = len(self._unwritten) >= _MOST
        return 0.0 if due else max(0.0, self._since + MARK_SECONDS - time.monotonic())

    def write(self) -> None:
        """Write them down. Raises Unavailable; then they are still here."""
        by_journal: dict[int, tuple[Journal[Any], list[UpdateOne]]] = {}
        for mark in self._unwritten.values():
            if not mark.journal.memory.has_written(mark.id, mark.relayed, mark.retold):
                by_journal.setdefault(id(mark.journal), (mark.journal, []))[1].append(_advance(mark))
        with outages_named():
            for journal, updates in by_journal.values():
                journal.collection.bulk_write(updates, ordered=False)
        self._unwritten.clear()


def _advance(mark: _Mark) -> UpdateOne:
    """Advance `relayed`, never back, and clear `pending_since` when all is published."""
    all_out = {"$lte": ["$version", mark.relayed]}
    return UpdateOne(
        {"_id": mark.id, "relayed": {"$lte": mark.relayed}, "retold": mark.retold},
        [
            {
                "$set": {
                    "relayed": mark.relayed,
                    "pending_since": {"$cond": [all_out, "$$REMOVE", "$pending_since"]},
                }
            }
        ],
    )
