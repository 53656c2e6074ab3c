"""Hand-written fakes. `FakeCollection` holds documents in memory and does what the journal asks of MongoDB, no more."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from types import SimpleNamespace
from typing import Any, Final

import bson
from bson.codec_options import CodecOptions
from pymongo import InsertOne, UpdateOne
from pymongo.errors import BulkWriteError

from services.chassis.journal import Aggregate, Journal
from services.contracts.event import Event

Document = dict[str, Any]
_OPTIONS: Final[CodecOptions[Document]] = CodecOptions(tz_aware=True, tzinfo=UTC)


def as_stored(value: Any) -> Any:
    """A document or a change, as a server reads it from the wire: a copy of its own, times to the millisecond."""
    return bson.decode(bson.encode({"": value}), _OPTIONS)[""]


class FakeCollection:
    """Inserts with unique `_id` and `opened_by`, the updates of a journal, finds by equality or `$in`."""

    name = "things"

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}
        self.bulks: list[int] = []
        self.before_write: Callable[[], None] = lambda: None

    def find_one(self, wanted: Mapping[str, Any], _projection: Any = None) -> Document | None:
        found = (one for one in self.documents.values() if all(_at(one, key) == want for key, want in wanted.items()))
        document: Document | None = as_stored(next(found, None))
        return document

    def find(self, wanted: Mapping[str, Any], _projection: Any = None) -> list[Document]:
        ((key, among),) = wanted.items()
        return [as_stored(one) for one in self.documents.values() if _at(one, key) in among["$in"]]

    def bulk_write(self, operations: Sequence[Any], *, ordered: bool) -> Any:
        assert not ordered
        self.before_write()
        self.bulks.append(len(operations))
        matched, errors = 0, []
        for index, operation in enumerate(operations):
            if isinstance(operation, InsertOne):
                clash = self._clash(operation._doc)  # noqa: SLF001
                if clash:
                    errors.append({"index": index, "code": 11000, "keyPattern": {clash: 1}})
                else:
                    self.documents[operation._doc["_id"]] = as_stored(operation._doc)  # noqa: SLF001
            elif isinstance(operation, UpdateOne):
                matched += self._update(operation)
        if errors:
            raise BulkWriteError({"writeErrors": errors, "nMatched": matched, "writeConcernErrors": []})
        return SimpleNamespace(matched_count=matched, modified_count=matched)

    def _clash(self, document: Mapping[str, Any]) -> str | None:
        if document["_id"] in self.documents:
            return "_id"
        opened = document.get("opened_by")
        taken = opened is not None and any(one.get("opened_by") == opened for one in self.documents.values())
        return "opened_by" if taken else None

    def _update(self, operation: Any) -> int:
        wanted, change = operation._filter, operation._doc  # noqa: SLF001
        found = self.documents.get(wanted["_id"])
        if found is None or any(found.get(name) != wanted[name] for name in ("version", "retold")):
            return 0
        found["history"].extend(as_stored(change["$push"]["history"]["$each"]))
        for key, value in change.get("$min", {}).items():
            found[key] = min(found.get(key, value), value)
        for key, value in change.get("$max", {}).items():
            found[key] = max(found[key], value)
        for key, value in change["$set"].items():
            *path, last = key.split(".")
            place = found
            for part in path:
                place = place.setdefault(part, {})
            place[last] = as_stored(value)
        return 1


def fake_journal(aggregate: Aggregate[Any], collection: FakeCollection | None = None) -> Journal[Any]:
    """The real journal over a collection in memory; nothing is relayed."""
    return Journal(aggregate, collection or FakeCollection(), lambda _journal, _id: None)


def fold(evolve: Callable[[Any, Event], Any], events: Sequence[Event]) -> Any:
    """The state that events make."""
    state = None
    for event in events:
        state = evolve(state, event)
    return state


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
