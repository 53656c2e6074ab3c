"""The relay publishes what histories have not yet published: in order per aggregate, confirmed, then marked.

Any number of relays may run without a lock. Two that meet publish the same events twice; neither leaves a gap, nor lets
an event arrive before the one that precedes it, because each starts at `relayed` and waits for every confirm before
the next event of the same aggregate. Each process publishes what it wrote as soon as it wrote it, and whatever
anybody left behind (a killed process, an unreachable broker) once it is older than `LATE_SECONDS`.

What the broker refuses (a subscriber's queue is full and says so) keeps only its own successors back: that aggregate is
put off for a while, because each try reaches every other subscriber once more.
"""

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import UpdateOne

from services.chassis import clock, codec
from services.chassis.errors import ServiceError
from services.chassis.failpoint import failpoint
from services.chassis.journal import Journal
from services.chassis.logs import log
from services.chassis.publish import Outgoing, Publisher
from services.chassis.store import Document, outages_named
from services.contracts.envelope import Envelope

LATE_SECONDS = 2.0
_LOOK_EVERY = 1.0
_WAIT_AFTER_FAILURE = 2.0
_EVENTS_AT_ONCE = 100
_SECONDS_PUT_OFF = 30.0


@dataclass(slots=True)
class _Pending:
    journal: Journal[Any]
    id: str
    relayed: int
    messages: list[Outgoing]


class Relay:
    """Publishes the histories of one service's journals."""

    def __init__(self, source: str, publisher: Publisher, batch: int = 200) -> None:
        self._source = source
        self._publisher = publisher
        self._batch = batch
        self._journals: list[Journal[Any]] = []
        self._fresh: deque[tuple[Journal[Any], str]] = deque(maxlen=10_000)
        self._signal = threading.Event()
        self._stopping = threading.Event()
        self._put_off: dict[tuple[int, str], float] = {}
        self.healthy = True

    def add(self, journal: Journal[Any]) -> None:
        """Watch over one more journal."""
        self._journals.append(journal)

    def wake(self, journal: Journal[Any], id_: str) -> None:
        """Say that this aggregate has something to publish. Losing the word costs time, never an event."""
        self._fresh.append((journal, id_))
        self._signal.set()

    def run(self) -> None:
        """Publish until stopped."""
        while not self._stopping.is_set():
            self._signal.wait(_LOOK_EVERY)
            self._signal.clear()
            try:
                self.run_once()
                self.healthy = not self._put_off
            except ServiceError as error:
                self._pause(error)
            except Exception as error:  # noqa: BLE001 – the relay outlives whatever one round meets
                log.exception("relay_failed")
                self._pause(error)

    def run_once(self, late_seconds: float = LATE_SECONDS) -> int:
        """Publish what is fresh, then what is late; returns how many events the broker confirmed."""
        sent = 0
        while fresh := self._take_fresh():
            sent += self._relay(fresh)
        while late := self._find_late(late_seconds):
            put_off = len(self._put_off)
            confirmed = self._relay(late)
            sent += confirmed
            if not confirmed and len(self._put_off) == put_off:
                break
        return sent

    def stop(self) -> None:
        """Publish what this process still holds, if the broker lets it, and stop."""
        self._stopping.set()
        self._signal.set()
        try:
            while fresh := self._take_fresh():
                self._relay(fresh)
        except ServiceError as error:
            log.warning("relay_left_events_behind", reason=error.code)
        except Exception:  # noqa: BLE001 – they are in the store, and the rest of the stop must go on
            log.exception("relay_left_events_behind")
        self._publisher.close()

    def lag(self) -> dict[str, Any]:
        """How many aggregates have something unpublished, and for how many seconds the oldest has waited."""
        waiting, oldest = 0, None
        with outages_named():
            for journal in self._journals:
                waiting += journal.collection.count_documents({"pending_since": {"$exists": True}}, limit=10_000)
                first = journal.collection.find_one(
                    {"pending_since": {"$exists": True}}, {"pending_since": 1}, sort=[("pending_since", 1)]
                )
                oldest = min(filter(None, (oldest, first and first["pending_since"])), default=None)
        seconds = (clock.now() - oldest).total_seconds() if oldest else 0.0
        return {"waiting": waiting, "oldest_seconds": round(seconds, 3)}

    def _pause(self, error: Exception) -> None:
        if self.healthy:
            log.warning("relay_paused", reason=getattr(error, "code", type(error).__name__))
        self.healthy = False
        self._fresh.clear()  # it is all in the store, marked as pending
        self._stopping.wait(_WAIT_AFTER_FAILURE)  # not ended by what is written meanwhile: no hammering

    def _take_fresh(self) -> list[tuple[Journal[Any], str]]:
        taken: dict[tuple[int, str], tuple[Journal[Any], str]] = {}
        while self._fresh and len(taken) < self._batch:
            journal, id_ = self._fresh.popleft()
            if (id(journal), id_) not in self._put_off:
                taken[id(journal), id_] = (journal, id_)
        return list(taken.values())

    def _find_late(self, seconds: float) -> list[tuple[Journal[Any], str]]:
        before, instant = clock.now() - timedelta(seconds=seconds), time.monotonic()
        self._put_off = {key: until for key, until in self._put_off.items() if until > instant}
        with outages_named():
            return [
                (journal, document["_id"])
                for journal in self._journals
                for document in journal.collection.find(self._late(journal, before), {"_id": 1})
                .sort("pending_since", 1)
                .limit(self._batch)
            ]

    def _late(self, journal: Journal[Any], before: datetime) -> Document:
        put_off = [id_ for owner, id_ in self._put_off if owner == id(journal)]
        return {"pending_since": {"$lte": before}, **({"_id": {"$nin": put_off}} if put_off else {})}

    def _relay(self, targets: Iterable[tuple[Journal[Any], str]]) -> int:
        by_journal: dict[int, tuple[Journal[Any], list[str]]] = {}
        for journal, id_ in targets:
            by_journal.setdefault(id(journal), (journal, []))[1].append(id_)
        pending = [one for journal, ids in by_journal.values() for one in self._read(journal, ids)]
        sent = 0
        try:
            while front := [one for one in pending if one.messages]:
                sent += self._publish_first(front)
        finally:
            self._mark(pending)
        return sent

    def _read(self, journal: Journal[Any], ids: Sequence[str]) -> list[_Pending]:
        unpublished = {"$slice": ["$history", "$relayed", _EVENTS_AT_ONCE]}
        with outages_named():
            found = journal.collection.find(
                {"_id": {"$in": list(ids)}, "$expr": {"$lt": ["$relayed", "$version"]}},
                {"history": unpublished, "relayed": 1, "state": 1},
            )
            return [one for document in found if (one := self._pending(journal, document))]

    def _pending(self, journal: Journal[Any], document: Document) -> _Pending | None:
        """What a document has to publish; None where it cannot be said: the others are not to wait for it."""
        try:
            subject = journal.about(document)
            messages = [self._message(subject, event) for event in document["history"]]
        except Exception:  # noqa: BLE001 – a defect of ours in this one document
            log.exception("events_unpublishable", aggregate=journal.aggregate.name)
            self._put_off[id(journal), document["_id"]] = time.monotonic() + _SECONDS_PUT_OFF
            return None
        return _Pending(journal, document["_id"], document["relayed"], messages)

    def _publish_first(self, pending: Sequence[_Pending]) -> int:
        """Publish the first unpublished event of each; what is refused keeps its successors back."""
        failpoint("relay.before_publish")
        results = self._publisher.publish([one.messages[0] for one in pending])
        failpoint("relay.after_publish")
        for one, confirmed in zip(pending, results, strict=True):
            if confirmed:
                one.relayed += 1
                del one.messages[0]
            else:
                one.messages.clear()
                self._put_off[id(one.journal), one.id] = time.monotonic() + _SECONDS_PUT_OFF
                log.error("event_refused_by_broker", aggregate=one.journal.aggregate.name)
        return sum(results)

    def _message(self, subject: str, event: Document) -> Outgoing:
        envelope = Envelope(
            id=event["id"],
            source=self._source,
            type=event["type"],
            v=event["v"],
            subject=subject,
            time=event["at"].isoformat(),
            sequence=event["seq"],
            correlation=event["correlation"],
            causation=event["cause"],
            trace=event["trace"],
        )
        return Outgoing(
            event["id"], f"{self._source}.events", event["type"], codec.encode(event["data"]), envelope.headers()
        )

    @staticmethod
    def _mark(pending: Sequence[_Pending]) -> None:
        by_journal: dict[int, tuple[Journal[Any], list[UpdateOne]]] = {}
        for one in pending:
            by_journal.setdefault(id(one.journal), (one.journal, []))[1].append(_reached(one))
        with outages_named():
            for journal, updates in by_journal.values():
                journal.collection.bulk_write(updates, ordered=False)


def _reached(one: _Pending) -> UpdateOne:
    """Advance `relayed`, never back, and clear the mark when all is published."""
    all_out = {"$lte": ["$version", one.relayed]}
    return UpdateOne(
        {"_id": one.id, "relayed": {"$lte": one.relayed}},
        [
            {
                "$set": {
                    "relayed": one.relayed,
                    "pending_since": {"$cond": [all_out, "$$REMOVE", "$pending_since"]},
                }
            }
        ],
    )
