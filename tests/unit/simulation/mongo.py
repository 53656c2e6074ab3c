"""MongoDB in memory. All that is written goes through BSON, so that what comes out is what a server would give.

A document that is kept is never changed: a write puts another in its place, which shares with it all that it left
alone. So readers get it as it is kept; only its outermost names are their own.

`Interrupts` are told of every read that was answered and every write that is about to be made or was made: there a
worker may be overtaken by another or be killed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import bson
from pymongo import InsertOne, ReturnDocument, UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from tests.unit.fakes import as_stored
from tests.unit.simulation.matching import Document, matches, projected, updated, values_at

_DUPLICATE_KEY = 11000
Order = Sequence[tuple[str, int]]


class Interrupts(Protocol):
    """What may happen to a worker while it talks to the database."""

    def after_read(self) -> None:
        """The answer is there, nothing is done with it yet."""

    def around_write(self, *, made: bool) -> None:
        """A write is about to be made, or was just made."""

    def outrun(self) -> None:
        """A change found another version than it was made on: somebody was faster."""


class Calm:
    """Nobody comes in between."""

    def after_read(self) -> None:
        """Nothing."""

    def around_write(self, *, made: bool) -> None:
        """Nothing."""

    def outrun(self) -> None:
        """Nothing."""


class _Unique(NamedTuple):
    keys: tuple[str, ...]
    only: Mapping[str, Any]
    tops: tuple[str, ...]  # the outermost names of all these

    def is_as_before(self, document: Document, before: Document | None) -> bool:
        """Whether a write left alone all that this index is about."""
        return before is not None and all(document.get(top) is before.get(top) for top in self.tops)


class Collection:
    """One collection."""

    def __init__(self, interrupts: Interrupts, name: str = "kept") -> None:
        self.name, self._interrupts = name, interrupts
        self._kept: dict[Any, Document] = {}
        self._unique: list[_Unique] = []
        self._by_key: dict[Any, list[Document]] = {}  # an index, of a catalogue while nothing is added to it
        self._pending: dict[Any, Document] = {}  # those with `pending_since`

    def share(self, other: "Collection") -> None:
        """Hold what the other holds, a catalogue."""
        self._kept, self._by_key = dict(other._kept), other._keyed()  # noqa: SLF001

    @property
    def has_pending(self) -> bool:
        """Whether anything waits for its publication."""
        return bool(self._pending)

    def everything(self) -> list[Document]:
        """Every document, by id."""
        return sorted(self._kept.values(), key=lambda one: str(one["_id"]))

    def kept(self, id_: Any) -> Document | None:
        """The document of this id."""
        return self._kept.get(id_)

    def look(self) -> Iterator[Document]:
        """Every document."""
        return iter(self._kept.values())

    def create_index(self, keys: Any, *, unique: bool = False, **options: Any) -> None:
        """Only uniqueness matters here."""
        if unique:
            names = (keys,) if isinstance(keys, str) else tuple(name for name, _ in keys)
            only = options.get("partialFilterExpression", {})
            index = _Unique(names, only, tuple(name.partition(".")[0] for name in (*names, *only)))
            self._unique += [index] if index not in self._unique else []

    def find_one(self, wanted: Mapping[str, Any], projection: Any = None, sort: Order | None = None) -> Document | None:
        """The first match."""
        found = self._found(wanted, sort)
        answer = projected(found[0], projection) if found else None
        self._interrupts.after_read()
        return answer

    def find(self, wanted: Mapping[str, Any], projection: Any = None) -> "Cursor":
        """All matches, to be sorted and limited."""
        return Cursor(self, wanted, projection)

    def read(self, wanted: Mapping[str, Any], order: Order) -> list[Document]:
        """All matches in their order, as a cursor gets them."""
        found = self._found(wanted, order)
        self._interrupts.after_read()
        return found

    def count_documents(self, wanted: Mapping[str, Any], limit: int = 0) -> int:
        """How many match, at most `limit`."""
        found = len(self._found(wanted, None))
        self._interrupts.after_read()
        return min(found, limit) if limit else found

    def distinct(self, path: str) -> list[Any]:
        """The values at a path, each once."""
        return list(dict.fromkeys(value for one in self.everything() for value in values_at(one, path)))

    def insert_many(self, documents: Sequence[Document], *, ordered: bool) -> None:
        """With ids of their own where none is given, up to one that is refused. Raises BulkWriteError."""
        assert ordered
        with _Writing(self._interrupts):
            for index, document in enumerate(documents):
                try:
                    self._insert({"_id": bson.ObjectId(), **as_stored(document)})
                except DuplicateKeyError as error:
                    raise BulkWriteError({"writeErrors": [{"index": index, "code": error.code}]}) from None

    def update_one(self, wanted: Mapping[str, Any], change: Any, *, upsert: bool = False) -> Any:
        """Change the first match."""
        with _Writing(self._interrupts):
            return self._update(wanted, change, upsert=upsert)

    def update_many(self, wanted: Mapping[str, Any], change: Any) -> Any:
        """Change all matches."""
        with _Writing(self._interrupts):
            count = self._update_many(wanted, change)
            return SimpleNamespace(matched_count=count, modified_count=count)

    def delete_many(self, wanted: Mapping[str, Any]) -> Any:
        """Take all matches away."""
        with _Writing(self._interrupts):
            found = self._found(wanted, None)
            for document in found:
                del self._kept[document["_id"]]
                self._pending.pop(document["_id"], None)
            self._by_key = {}
            return SimpleNamespace(deleted_count=len(found))

    def replace_one(self, wanted: Mapping[str, Any], document: Document, *, upsert: bool = False) -> None:
        """Put `document` in the place of the first match, or beside all when there is none."""
        with _Writing(self._interrupts):
            found = self._found(wanted, None)
            if found:
                self._put({"_id": found[0]["_id"], **as_stored(document)})
            elif upsert:
                self._insert({"_id": wanted["_id"], **as_stored(document)})

    def find_one_and_update(
        self, wanted: Mapping[str, Any], change: Any, *, upsert: bool = False, return_document: bool
    ) -> Document | None:
        """Change the first match; the document after it."""
        assert return_document == ReturnDocument.AFTER
        with _Writing(self._interrupts):
            self._update(wanted, change, upsert=upsert)
            return projected(self._kept[wanted["_id"]], None)

    def bulk_write(self, operations: Sequence[Any], *, ordered: bool) -> Any:
        """Inserts and updates, each on its own. Raises BulkWriteError."""
        assert not ordered
        with _Writing(self._interrupts):
            matched, errors = 0, []
            for index, operation in enumerate(operations):
                try:
                    if isinstance(operation, InsertOne):
                        self._insert(as_stored(operation._doc))  # noqa: SLF001
                    else:
                        matched += self._apply(operation)
                except DuplicateKeyError as error:
                    errors.append({"index": index, "code": _DUPLICATE_KEY, **(error.details or {})})
            if errors:
                raise BulkWriteError({"writeErrors": errors, "nMatched": matched, "writeConcernErrors": []})
            return SimpleNamespace(matched_count=matched, modified_count=matched)

    def _apply(self, operation: UpdateOne | UpdateMany) -> int:
        """How many it matched."""
        wanted, change = operation._filter, operation._doc  # noqa: SLF001
        if isinstance(operation, UpdateMany):
            return self._update_many(wanted, change)
        return int(self._update(wanted, change, upsert=bool(operation._upsert)).matched_count)  # noqa: SLF001

    def _update_many(self, wanted: Mapping[str, Any], change: Any) -> int:
        found, stored = self._found(wanted, None), as_stored(change)
        for document in found:
            self._put(updated(document, stored))
        return len(found)

    def _keyed(self) -> dict[Any, list[Document]]:
        if not self._by_key:
            for document in self._kept.values():
                self._by_key.setdefault(document.get("key"), []).append(document)
        return self._by_key

    def _found(self, wanted: Mapping[str, Any], order: Order | None) -> list[Document]:
        found = [document for document in self._candidates(wanted) if matches(document, wanted)]
        if not order or len(found) < 2:
            return found
        for name, direction in reversed(order):
            found.sort(key=lambda document, name=name: _rank(document, name), reverse=direction < 0)  # type: ignore[misc]
        return found

    def _candidates(self, wanted: Mapping[str, Any]) -> Iterable[Document]:
        """Those that can match."""
        id_ = wanted.get("_id")
        if isinstance(id_, str):
            return [self._kept[id_]] if id_ in self._kept else []
        if isinstance(id_, dict) and "$in" in id_:
            return [self._kept[one] for one in dict.fromkeys(id_["$in"]) if one in self._kept]
        if "pending_since" in wanted:
            return self._pending.values()
        if self._by_key and "key" in wanted:
            return self._by_key.get(wanted["key"], [])
        return self._kept.values()

    def _update(self, wanted: Mapping[str, Any], change: Any, *, upsert: bool) -> Any:
        found = self._found(wanted, None)
        if found:
            self._put(updated(found[0], as_stored(change)))
        elif upsert:
            self._insert(updated({"_id": wanted["_id"]}, as_stored(change), fresh=True))
        elif "version" in wanted:
            self._interrupts.outrun()
        return SimpleNamespace(matched_count=min(1, len(found)), modified_count=min(1, len(found)))

    def _insert(self, document: Document) -> None:
        if document["_id"] in self._kept:
            raise _duplicate("_id")
        self._put(document)

    def _put(self, document: Document) -> None:
        before = self._kept.get(document["_id"])
        for unique in self._unique:
            if not unique.is_as_before(document, before):
                self._refuse_twin(document, unique)
        self._kept[document["_id"]] = document
        self._by_key = {}
        if "pending_since" in document:
            self._pending[document["_id"]] = document
        else:
            self._pending.pop(document["_id"], None)

    def _refuse_twin(self, document: Document, unique: _Unique) -> None:
        if not matches(document, unique.only):
            return
        own = _keys(document, unique.keys)
        for other in self._kept.values() if own else ():
            twin = other["_id"] != document["_id"] and not own.isdisjoint(_keys(other, unique.keys))
            if twin and matches(other, unique.only):
                raise _duplicate(*unique.keys)


class Cursor:
    """What `find` gives."""

    def __init__(self, collection: Collection, wanted: Mapping[str, Any], projection: Any) -> None:
        self._collection, self._wanted, self._projection = collection, wanted, projection
        self._order: Order = ()
        self._most: int | None = None

    def sort(self, keys: str | Order, direction: int = 1) -> "Cursor":
        """By these keys."""
        self._order = [(keys, direction)] if isinstance(keys, str) else keys
        return self

    def limit(self, most: int) -> "Cursor":
        """At most so many."""
        self._most = most
        return self

    def hint(self, _index: Any) -> "Cursor":
        """Whatever the index."""
        return self

    def __iter__(self) -> Iterator[Document]:
        answer = self._collection.read(self._wanted, self._order)[: self._most]
        return iter([projected(document, self._projection) for document in answer])


class Database:
    """Collections by name, made when they are first named."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts
        self.collections: dict[str, Collection] = {}

    def __getitem__(self, name: str) -> Collection:
        if name not in self.collections:
            self.collections[name] = Collection(self._interrupts, name)
        return self.collections[name]


class _Writing:
    """Around a write: a worker may be killed before it, and after it."""

    def __init__(self, interrupts: Interrupts) -> None:
        self._interrupts = interrupts

    def __enter__(self) -> None:
        self._interrupts.around_write(made=False)

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._interrupts.around_write(made=True)


def _keys(document: Any, names: Sequence[str]) -> set[tuple[Any, ...]]:
    """The entries a document has in an index: one, or for a field inside an array as many as that holds."""
    if len(names) == 1:
        return {(value,) for value in values_at(document, names[0])}
    return {tuple((values_at(document, name) or [None])[0] for name in names)}


def _rank(document: Document, name: str) -> tuple[bool, Any]:
    value = next(iter(values_at(document, name)), None)
    return value is not None, value if value is not None else 0


def _duplicate(*names: str) -> DuplicateKeyError:
    return DuplicateKeyError("duplicate key", _DUPLICATE_KEY, {"keyPattern": dict.fromkeys(names, 1)})
