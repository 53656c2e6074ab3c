"""Group commit: the concurrent changes of one process share one bulk write, and each still learns its own fate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError, PyMongoError

from services.chassis import metrics
from services.chassis.store import Collection, Document, unknown_outcome
from services.chassis.together import Together

DUPLICATE_KEY = 11000
Fate = Exception | None


class Taken(Exception):
    """A unique index holds another document of this key; `key` names the index fields."""

    def __init__(self, key: tuple[str, ...]) -> None:
        super().__init__(key)
        self.key = key


class Overtaken(Exception):
    """The guarded update found no document in the expected version."""


@dataclass(frozen=True, slots=True)
class Write:
    """One change of one history: the document `id`, and the first event that it gains."""

    operation: InsertOne[Document] | UpdateOne
    id: str
    event_id: str


class GroupCommit:
    """Bulk writer of one collection of histories."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._writes: Together[Write, None] = Together(self._write)
        name = getattr(collection, "name", "")
        self._sizes, self._seconds = metrics.COMMIT_SIZES.labels(name), metrics.COMMITS.labels(name)

    def insert(self, document: Document) -> None:
        """Insert a whole document. Raises Taken, Unavailable."""
        self.commit(Write(InsertOne(document), document["_id"], document["history"][0]["id"]))

    def update(self, id_: str, as_read: Document, update: Document, event_id: str) -> None:
        """Update the document if it still is `as_read`; `event_id` is the first event it appends.

        Raises Overtaken, Unavailable.
        """
        self.commit(Write(UpdateOne({"_id": id_, **as_read}, update), id_, event_id))

    def commit(self, write: Write) -> None:
        """Make one change. Raises Taken, Overtaken, Unavailable."""
        self._writes.do(write)

    def _write(self, batch: Sequence[Write]) -> list[Fate]:
        """All at once; one by one where one of them cannot even be sent: the others must not pay for it."""
        try:
            return self._settle(batch)
        except PyMongoError:
            raise
        except Exception:  # raised before anything was sent, over what BSON cannot hold
            if len(batch) == 1:
                raise
            return [self._write_alone(write) for write in batch]

    def _write_alone(self, write: Write) -> Fate:
        try:
            return self._settle([write])[0]
        except Exception as error:  # noqa: BLE001 – its asker raises it again
            return error

    def _settle(self, batch: Sequence[Write]) -> list[Fate]:
        fates: list[Fate] = [None] * len(batch)
        self._sizes.observe(len(batch))
        try:
            with metrics.timed(self._seconds):
                matched = self._collection.bulk_write([one.operation for one in batch], ordered=False).matched_count
        except BulkWriteError as error:
            fates, matched = _fates(len(batch), error)
        updates = [at for at, one in enumerate(batch) if fates[at] is None and isinstance(one.operation, UpdateOne)]
        if matched < len(updates):
            for at in self._overtaken(batch, updates):
                fates[at] = Overtaken()
        return fates

    def _overtaken(self, batch: Sequence[Write], updates: Sequence[int]) -> list[int]:
        wanted = {"_id": {"$in": [batch[at].id for at in updates]}}
        found = {
            document["_id"]: {event["id"] for event in document["history"]}
            for document in self._collection.find(wanted, {"history.id": 1})
        }
        return [at for at in updates if batch[at].event_id not in found.get(batch[at].id, ())]


def _fates(count: int, error: BulkWriteError) -> tuple[list[Fate], int]:
    """What became of each write, and how many updates matched."""
    details: Any = error.details
    unsure = bool(details.get("writeConcernErrors"))
    fates: list[Fate] = [unknown_outcome() if unsure else None for _ in range(count)]
    for failure in details["writeErrors"]:
        duplicate = failure.get("code") == DUPLICATE_KEY
        key = tuple(failure.get("keyPattern", {}))
        fates[failure["index"]] = Taken(key) if duplicate else error
    return fates, int(details["nMatched"])
