"""A local copy of another service's published documents: effective-dated, revised, read as of a day.

    {_id: "<tenant>/<kind>/<key>@<valid_from>", tenant, kind, key, valid_from, valid_to, revision, document}

Applying is idempotent and order-free: the highest revision of each document wins. What was read is
believed for a moment, since a projection is as late as its events anyway.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.chassis.believed import Believed
from services.chassis.store import Collection, Document, outages_named

_Address = tuple[str, str, str, date]  # tenant, kind, key, day


class Projection:
    """The published documents that one service keeps for itself."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._believed: Believed[_Address, Document] = Believed(self._find)
        self._believed_standing: Believed[_Address, Document] = Believed(self._find_standing)

    def ensure_indexes(self) -> None:
        """Look-ups by key and day, lists by kind."""
        self._collection.create_index([("tenant", 1), ("kind", 1), ("key", 1), ("valid_from", -1)])

    def apply(self, published: Mapping[str, Any]) -> None:
        """Keep one published document unless a later revision is here already."""
        id_ = f"{published['tenant']}/{published['kind']}/{published['key']}@{published['valid_from']}"
        kept = {name: published[name] for name in ("tenant", "kind", "key", "valid_from", "valid_to", "revision")}
        unless_later = {"_id": id_, "revision": {"$lt": published["revision"]}}
        document = {**kept, "document": published["document"]}
        with outages_named():
            try:
                self._collection.replace_one(unless_later, document, upsert=True)
            except DuplicateKeyError:  # a later revision is here, or an earlier one came in at the same moment
                self._collection.replace_one(unless_later, document)
        self._believed.forget()
        self._believed_standing.forget()

    def as_of(self, tenant: str, kind: str, key: str, day: date) -> Document | None:
        """The document in force on `day`, with its `revision` and `valid_from`, or None. It is not yours to change."""
        return self._believed.get((tenant, kind, key, day))

    def standing(self, tenant: str, kind: str, key: str, day: date) -> Document | None:
        """As `as_of`, else as the document last was before `day`: for what is under way, which does not end with it."""
        return self._believed_standing.get((tenant, kind, key, day))

    def holds(self, tenant: str, kind: str) -> bool:
        """Whether any document of a kind is here, of whatever days."""
        with outages_named():
            return self._collection.find_one({"tenant": tenant, "kind": kind}, {"_id": 1}) is not None

    def holds_any(self, kind: str) -> bool:
        """Whether any document of a kind is here, of whatever days, whoever published it."""
        with outages_named():
            found = self._collection.find_one({"tenant": {"$gt": ""}, "kind": kind}, {"_id": 1})  # any: by the index
        return found is not None

    def listed(self, tenant: str, kind: str, day: date, limit: int = 100, after: str | None = None) -> list[Document]:
        """The documents of a kind in force on `day`, by key, at most `limit`, those behind key `after`."""
        wanted: Document = {"tenant": tenant, "kind": kind, **_in_force(day)}
        if after is not None:
            wanted["key"] = {"$gt": after}
        with outages_named():
            return list(self._collection.find(wanted).sort("key", 1).limit(limit))

    def ever(self, tenant: str, kind: str) -> list[Document]:
        """Every document of a kind, by key, whenever it was or will be in force."""
        with outages_named():
            return list(self._collection.find({"tenant": tenant, "kind": kind}).sort([("key", 1), ("valid_from", 1)]))

    def _find(self, address: _Address) -> Document | None:
        return self._last(address, _in_force(address[3]))

    def _find_standing(self, address: _Address) -> Document | None:
        return self._find(address) or self._last(address, _begun(address[3]))

    def _last(self, address: _Address, dated: Document) -> Document | None:
        tenant, kind, key, _ = address
        wanted = {"tenant": tenant, "kind": kind, "key": key, **dated}
        with outages_named():
            found: Document | None = self._collection.find_one(wanted, sort=[("valid_from", -1)])
        return found


def _in_force(day: date) -> Document:
    on = day.isoformat()
    return {**_begun(day), "$or": [{"valid_to": None}, {"valid_to": {"$gte": on}}]}


def _begun(day: date) -> Document:
    return {"valid_from": {"$lte": day.isoformat()}}
