"""The relay publishes what histories have not yet published: in order per aggregate, confirmed, then marked.

Any number of relays may run without a lock. Two that meet publish the same events twice; neither leaves a gap, nor lets
an event arrive before the one that precedes it, because each starts at `relayed` and waits for every confirm before
the next event of the same aggregate. Each process publishes what it wrote as soon as it wrote it, and whatever
anybody left behind (a killed process, an unreachable broker, a clock that was ahead) once it is older than
`LATE_SECONDS`.

What the broker refuses (a subscriber's queue is full and says so) keeps only its own successors back: that aggregate is
put off for a while, because each try reaches every other subscriber once more. What it confirmed just before it was
lost is published again (`doubts`).
"""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, TypeVar

from services.chassis import chain, clock, codec, metrics, spans
from services.chassis.doubts import Doubts
from services.chassis.errors import ServiceError, Unavailable
from services.chassis.failpoint import failpoint
from services.chassis.journal import Journal
from services.chassis.logs import log
from services.chassis.marks import Marks
from services.chassis.publish import BROKER_UNAVAILABLE, Outgoing, Publisher
from services.chassis.retelling import was_told
from services.chassis.rhythm import Rhythm
from services.chassis.store import Document, outages_named
from services.contracts import events
from services.contracts.envelope import Envelope

T = TypeVar("T")
LATE_SECONDS = 2.0
_WAIT_AFTER_FAILURE = 2.0
_EVENTS_AT_ONCE = 100
_SECONDS_PUT_OFF = 30.0
_CLAIM = timedelta(seconds=3)  # a batch is published by then; where it is not, two may publish it


@dataclass(slots=True)
class _Pending:
    journal: Journal[Any]
    id: str
    relayed: int
    retold: int | None
    messages: list[Outgoing]


_Reader = Callable[[Journal[Any], Sequence[str]], list[_Pending]]


class Relay:
    """Publishes the histories of one service's journals."""

    def __init__(self, source: str, publisher: Publisher, batch: int = 200) -> None:
        self._source = source
        for counter in (metrics.PUBLISHED, metrics.REFUSED):
            metrics.begin(counter, events.PUBLISHERS.get(source, ()))
        self._name = str(uuid.uuid4())
        self._publisher = publisher
        self._batch = batch
        self._journals: list[Journal[Any]] = []
        self._fresh: deque[tuple[Journal[Any], str]] = deque(maxlen=10_000)
        self._signal = threading.Event()
        self._stopping = threading.Event()
        self._put_off: dict[tuple[int, str], float] = {}
        self._marks = Marks()
        self._doubts = Doubts(self._marks)
        self.healthy = True
        self.misses_broker = False  # what was last to be published could not be

    def add(self, journal: Journal[Any]) -> None:
        """Watch over one more journal."""
        self._journals.append(journal)

    def wake(self, journal: Journal[Any], id_: str) -> None:
        """Say that this aggregate has something to publish. Losing the word costs time, never an event."""
        self._fresh.append((journal, id_))
        self._signal.set()

    def run(self) -> None:
        """Publish until stopped."""
        rhythm = Rhythm(time.monotonic())
        while not self._stopping.is_set():
            self._signal.wait(min(rhythm.seconds_left(time.monotonic()), self._marks.seconds_left))
            self._signal.clear()
            try:
                sent, now = self._publish_fresh(), time.monotonic()
                if not rhythm.seconds_left(now):
                    self._of_broker(self._publisher.check)
                    sent += self._publish_late(LATE_SECONDS)
                    rhythm.looked(now)
                if sent:
                    rhythm.published(now)
                self._mark_when_due()
                self._got_through()
            except ServiceError as error:
                self._pause(error)
            except Exception as error:  # noqa: BLE001 – the relay outlives whatever one round meets
                log.exception("relay_failed")
                self._pause(error)

    def run_once(self, late_seconds: float = LATE_SECONDS) -> int:
        """Publish what is fresh, then what is late, and mark it; returns how many events the broker confirmed."""
        try:
            return self._publish_fresh() + self._publish_late(late_seconds)
        finally:
            self._marks.write()

    def _publish_fresh(self) -> int:
        self._doubts.take_back()
        sent = 0
        while fresh := self._take_fresh():
            sent += self._relay(fresh, self._remembered)
            self._mark_when_due()
            self._got_through()
        return sent

    def _publish_late(self, late_seconds: float) -> int:
        sent = 0
        while not self._stopping.is_set() and (late := self._find_late(late_seconds)):
            put_off = len(self._put_off)
            confirmed = self._relay(late, self._read)
            self._marks.write()  # or the same ones would be found again
            self._got_through()
            sent += confirmed
            if not confirmed and len(self._put_off) == put_off:
                break
            sent += self._publish_fresh()  # a backlog may last for hours
        return sent

    def stop(self) -> None:
        """Publish what this process still holds, if the broker lets it, and stop. What is in doubt is not marked."""
        self._stopping.set()
        self._signal.set()
        try:
            self._publish_last()
        except ServiceError as error:
            log.warning("relay_left_events_behind", reason=error.code)
        except Exception:  # noqa: BLE001 – they are in the store, and the rest of the stop must go on
            log.exception("relay_left_events_behind")
        self._publisher.close()

    def _publish_last(self) -> None:
        try:
            self._of_broker(self._publisher.check)
            self._publish_fresh()
        finally:
            self._doubts.take_back()
            self._marks.write()

    def has_published(self) -> bool:
        """Whether a broker has ever confirmed an event of these journals. Raises Unavailable."""
        with outages_named():
            return any(was_told(journal.collection) for journal in self._journals)

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
        seconds = abs((clock.now() - oldest).total_seconds()) if oldest else 0.0  # ahead: so wrong is a clock
        return {"waiting": waiting, "oldest_seconds": round(seconds, 3)}

    def _got_through(self) -> None:
        """Said after each batch: a round may last for as long as a backlog does."""
        self.healthy, self.misses_broker = not self._put_off, False

    def _pause(self, error: Exception) -> None:
        if self.healthy:
            log.warning("relay_paused", reason=getattr(error, "code", type(error).__name__))
        self.healthy, self.misses_broker = False, _is_of_broker(error)
        self._fresh.clear()  # it is all in the store, marked as pending
        self._stopping.wait(_WAIT_AFTER_FAILURE)  # not ended by what is written meanwhile: no hammering

    def _mark_when_due(self) -> None:
        if self._marks.seconds_left <= 0:
            self._marks.write()

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
            return [(journal, id_) for journal in self._journals for id_ in self._claim_late(journal, before)]

    def _claim_late(self, journal: Journal[Any], before: datetime) -> list[str]:
        """What is late and nobody else is just at: without claims every process would publish the whole backlog.

        A claim runs out by itself, so that the backlog of one that died is another's. What a clock that was ahead wrote
        is late too, and such a claim is none: neither waits until that time comes.
        """
        now, collection = clock.now(), journal.collection
        ahead = {"$gt": now + clock.APART}
        claimed = {"relay_claim.by": {"$ne": self._name}, "relay_claim.until": {"$gt": now, "$lte": now + clock.APART}}
        free = {"$nor": [claimed]}
        ids = self._late(journal, {"$lte": before}, free) or self._late(journal, ahead, free)
        if not ids:
            return []
        claim = {"relay_claim": {"by": self._name, "until": now + _CLAIM}}
        collection.update_many({"_id": {"$in": ids}, **free}, {"$set": claim})
        mine = collection.find({"_id": {"$in": ids}, "relay_claim.by": self._name}, {"_id": 1})
        return [document["_id"] for document in mine]

    def _late(self, journal: Journal[Any], pending_since: Document, free: Document) -> list[str]:
        put_off = [id_ for owner, id_ in self._put_off if owner == id(journal)]
        wanted = {"pending_since": pending_since, **({"_id": {"$nin": put_off}} if put_off else {}), **free}
        late = journal.collection.find(wanted, {"_id": 1}).sort("pending_since", 1).limit(self._batch)
        return [document["_id"] for document in late]

    def _relay(self, targets: Iterable[tuple[Journal[Any], str]], read: _Reader) -> int:
        by_journal: dict[int, tuple[Journal[Any], list[str]]] = {}
        for journal, id_ in targets:
            by_journal.setdefault(id(journal), (journal, []))[1].append(id_)
        pending = [one for journal, ids in by_journal.values() for one in read(journal, ids)]
        sent = 0
        while front := [one for one in pending if one.messages]:
            sent += self._publish_first(front)
        return sent

    def _remembered(self, journal: Journal[Any], ids: Sequence[str]) -> list[_Pending]:
        """What this process has just written it need not read; a `relayed` that is out of date costs a duplicate."""
        known = [document for id_ in ids if (document := journal.memory.recall(id_))]
        fresh = [_unpublished(document) for document in known if document["relayed"] < document["version"]]
        found = [self._pending(journal, document) for document in fresh]
        unknown = set(ids) - {document["_id"] for document in known}
        return [one for one in found if one] + (self._read(journal, list(unknown)) if unknown else [])

    def _read(self, journal: Journal[Any], ids: Sequence[str]) -> list[_Pending]:
        unpublished = {"$slice": ["$history", "$relayed", _EVENTS_AT_ONCE]}
        with outages_named():
            found = journal.collection.find(
                {"_id": {"$in": list(ids)}, "$expr": {"$lt": ["$relayed", "$version"]}},
                {"history": unpublished, "relayed": 1, "retold": 1, "state": 1},
            )
            return [one for document in found if (one := self._pending(journal, document))]

    def _pending(self, journal: Journal[Any], document: Document) -> _Pending | None:
        """What a document has to publish; None where it cannot be said: the others are not to wait for it."""
        retold = document.get("retold")
        ahead = max(0, self._marks.reached(journal, document["_id"], retold) - document["relayed"])
        try:
            subject = journal.about(document)
            aggregate = f"{journal.aggregate.name}/{document['_id']}"
            messages = [self._message(subject, aggregate, event) for event in document["history"][ahead:]]
        except Exception:  # noqa: BLE001 – a defect of ours in this one document
            log.exception("events_unpublishable", aggregate=journal.aggregate.name)
            self._put_off[id(journal), document["_id"]] = time.monotonic() + _SECONDS_PUT_OFF
            return None
        return _Pending(journal, document["_id"], document["relayed"] + ahead, retold, messages)

    def _publish_first(self, pending: Sequence[_Pending]) -> int:
        """Publish the first unpublished event of each; what is refused keeps its successors back."""
        failpoint("relay.before_publish")
        began = perf_counter()
        with metrics.timed(metrics.CONFIRMS):
            results = self._of_broker(lambda: self._publisher.publish([one.messages[0] for one in pending]))
        self.misses_broker = False
        failpoint("relay.after_publish")
        for one, confirmed in zip(pending, results, strict=True):
            counter = metrics.PUBLISHED if confirmed else metrics.REFUSED
            counter.labels(one.messages[0].routing_key).inc()
            spans.published(one.messages[0], one.journal.aggregate.about, began, confirmed)
            if confirmed:
                self._doubts.note(one.journal, one.id, one.relayed)
                one.relayed += 1
                del one.messages[0]
                self._marks.note(one.journal, one.id, one.relayed, one.retold)
            else:
                one.messages.clear()
                self._put_off[id(one.journal), one.id] = time.monotonic() + _SECONDS_PUT_OFF
                log.error("event_refused_by_broker", aggregate=one.journal.aggregate.name)
        return sum(results)

    def _of_broker(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except Unavailable:
            self._doubts.broker_lost()
            raise

    def _message(self, subject: str, aggregate: str, event: Document) -> Outgoing:
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
            aggregate=aggregate,
            hash=event.get(chain.HASH, ""),
        )
        return Outgoing(
            event["id"], f"{self._source}.events", event["type"], codec.encode(event["data"]), envelope.headers()
        )


def _is_of_broker(error: Exception) -> bool:
    return isinstance(error, Unavailable) and error.code == BROKER_UNAVAILABLE


def _unpublished(document: Document) -> Document:
    relayed = document["relayed"]
    return {**document, "history": document["history"][relayed : relayed + _EVENTS_AT_ONCE]}
