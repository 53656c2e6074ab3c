"""Group commit: the concurrent changes of one process share one bulk write, and each still learns its own fate.

Whoever finds the lock free writes for everybody who waits. A lone change is written at once; under load the batch
grows by itself to as many changes as came in while the last batch was on its way to the disk.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from services.chassis import metrics
from services.chassis.errors import Unavailable
from services.chassis.store import Collection, Document

MOST = 500
DUPLICATE_KEY = 11000


class Taken(Exception):
    """A unique index holds another document of this key; `key` names the index fields."""

    def __init__(self, key: tuple[str, ...]) -> None:
        super().__init__(key)
        self.key = key


class Overtaken(Exception):
    """The guarded update found no document in the expected version."""


@dataclass(eq=False, slots=True)
class _Ticket:
    operation: InsertOne[Document] | UpdateOne
    id: str
    event_id: str
    done: bool = False
    error: Exception | None = None


class GroupCommit:
    """Bulk writer of one collection of histories."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._waiting: list[_Ticket] = []
        self._writing = threading.Lock()
        name = getattr(collection, "name", "")
        self._sizes, self._seconds = metrics.COMMIT_SIZES.labels(name), metrics.COMMITS.labels(name)

    def insert(self, document: Document) -> None:
        """Insert a whole document. Raises Taken, Unavailable."""
        self._commit(_Ticket(InsertOne(document), document["_id"], document["history"][0]["id"]))

    def update(self, id_: str, version: int, update: Document, event_id: str) -> None:
        """Update the document if it still has `version`; `event_id` is the first event it appends.

        Raises Overtaken, Unavailable.
        """
        self._commit(_Ticket(UpdateOne({"_id": id_, "version": version}, update), id_, event_id))

    def _commit(self, ticket: _Ticket) -> None:
        self._waiting.append(ticket)
        while not ticket.done:
            with self._writing:
                if not ticket.done:
                    batch = self._waiting[:MOST]
                    del self._waiting[: len(batch)]  # in place: others append to this very list meanwhile
                    self._write(batch)
        if ticket.error is not None:
            raise ticket.error

    def _write(self, batch: Sequence[_Ticket]) -> None:
        try:
            self._settle_apart(batch)
        except Exception as error:  # noqa: BLE001 – it is raised again by each who waits for it
            _fail(batch, error)
        except BaseException:  # the greenlet is being killed: nobody may wait for ever
            _fail(batch, _unknown())
            raise
        finally:
            for ticket in batch:
                ticket.done = True

    def _settle_apart(self, batch: Sequence[_Ticket]) -> None:
        """All at once; one by one where one of them cannot even be sent: the others must not pay for it."""
        try:
            self._settle(batch)
        except PyMongoError:
            raise
        except Exception:  # raised before anything was sent, over what BSON cannot hold
            if len(batch) == 1:
                raise
            for ticket in batch:
                self._write([ticket])

    def _settle(self, batch: Sequence[_Ticket]) -> None:
        self._sizes.observe(len(batch))
        try:
            with metrics.timed(self._seconds):
                matched = self._collection.bulk_write([t.operation for t in batch], ordered=False).matched_count
        except BulkWriteError as error:
            matched = self._settle_errors(batch, error)
        updates = [t for t in batch if t.error is None and isinstance(t.operation, UpdateOne)]
        if matched < len(updates):
            self._find_overtaken(updates)

    @staticmethod
    def _settle_errors(batch: Sequence[_Ticket], error: BulkWriteError) -> int:
        details: Any = error.details
        for failure in details["writeErrors"]:
            duplicate = failure.get("code") == DUPLICATE_KEY
            key = tuple(failure.get("keyPattern", {}))
            batch[failure["index"]].error = Taken(key) if duplicate else error
        if details.get("writeConcernErrors"):
            for ticket in batch:
                ticket.error = ticket.error or _unknown()
        return int(details["nMatched"])

    def _find_overtaken(self, updates: Sequence[_Ticket]) -> None:
        wanted = {"_id": {"$in": [ticket.id for ticket in updates]}}
        found = {
            document["_id"]: {event["id"] for event in document["history"]}
            for document in self._collection.find(wanted, {"history.id": 1})
        }
        for ticket in updates:
            if ticket.event_id not in found.get(ticket.id, ()):
                ticket.error = Overtaken()


def _fail(batch: Sequence[_Ticket], error: Exception) -> None:
    for ticket in batch:
        ticket.error = ticket.error or error


def _unknown() -> Unavailable:
    return Unavailable("store.unknown_outcome", "The write was not confirmed.", "Chưa xác nhận được việc ghi.")
