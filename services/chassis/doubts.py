"""What the broker confirmed a moment before it was lost is published once more: it may not have reached everybody.

A RabbitMQ that stops in order confirms for a second or two what its quorum queues hold and its stream `events.log` has
not written (seen on 3.10.8 at every stop under load). Every subscriber then has the event, and whoever reads the past
would miss it for ever.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from pymongo import UpdateOne

from services.chassis import retelling
from services.chassis.journal import Journal
from services.chassis.logs import log
from services.chassis.marks import Marks
from services.chassis.store import outages_named

DOUBT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Confirmed:
    journal: Journal[Any]
    id: str
    before: int  # how far its history had been published before
    at: float


class Doubts:
    """The last events of one relay that the broker confirmed, and those of them that are to be taken back."""

    def __init__(self, marks: Marks) -> None:
        self._marks = marks
        self._confirmed: deque[_Confirmed] = deque()
        self._wrong: dict[tuple[int, str], _Confirmed] = {}

    def note(self, journal: Journal[Any], id_: str, before: int) -> None:
        """One more event was confirmed: the one behind the first `before` of this history."""
        now = time.monotonic()
        self._confirmed.append(_Confirmed(journal, id_, before, now))
        self._let_go(now)

    def broker_lost(self) -> None:
        """The connection broke: whatever came over it at last is doubtful."""
        self._let_go(time.monotonic())
        while self._confirmed:
            one = self._confirmed.pop()  # the latest first, so that the earliest of each history stands in the end
            self._wrong[id(one.journal), one.id] = one

    def take_back(self) -> None:
        """Let it be unpublished again; to be called before anything else is. Raises Unavailable; then it is owed."""
        by_journal: dict[int, tuple[Journal[Any], list[UpdateOne]]] = {}
        for one in self._wrong.values():
            self._marks.forget(one.journal, one.id)
            one.journal.memory.forget(one.id)  # its next change would be refused, and made again
            by_journal.setdefault(id(one.journal), (one.journal, []))[1].append(_rewind(one))
        with outages_named():
            for journal, updates in by_journal.values():
                journal.collection.bulk_write(updates, ordered=False)
        if self._wrong:
            log.info("confirmed_events_doubted", histories=len(self._wrong))
        self._wrong.clear()

    def _let_go(self, now: float) -> None:
        while self._confirmed and self._confirmed[0].at < now - DOUBT_SECONDS:
            self._confirmed.popleft()


def _rewind(one: _Confirmed) -> UpdateOne:
    return UpdateOne({"_id": one.id}, retelling.back_to(one.before))
