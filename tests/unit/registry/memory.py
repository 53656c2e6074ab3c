"""A collection in memory that understands the queries registry makes; the journal over it is the real one."""

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import cmp_to_key
from typing import Any

from pymongo.collation import Collation
from pymongo.errors import BulkWriteError

from services.contracts.folding import folded_words
from tests.unit.fakes import Document, FakeCollection

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "$lt": lambda value, bound: _comparable(value, bound) and value < bound,
    "$lte": lambda value, bound: _comparable(value, bound) and value <= bound,
    "$gt": lambda value, bound: _comparable(value, bound) and value > bound,
    "$gte": lambda value, bound: _comparable(value, bound) and value >= bound,
    "$in": lambda value, several: value in several,
    "$not": lambda value, tests: not _passes(value, tests),
}


Fold = Callable[[Any], Any]


def _as_it_is(value: Any) -> Any:
    return value


class MemoryCollection(FakeCollection):
    """`before` is told the name of every operation that is about to be made, and may do or raise anything."""

    def __init__(self, before: Callable[[str], None] = lambda _name: None) -> None:
        super().__init__()
        self.before = before
        self._unique: list[tuple[str, ...]] = []

    def create_index(self, keys: str | Sequence[tuple[str, int]], *, unique: bool = False, **_options: Any) -> None:
        """Only uniqueness is kept; `opened_by` and `_id` are watched by the parent."""
        names = (keys,) if isinstance(keys, str) else tuple(name for name, _ in keys)
        if unique and names != ("opened_by",):
            self._unique.append(names)

    def find_one(self, wanted: Mapping[str, Any], _projection: Any = None, sort: Any = None) -> Document | None:
        """The first match."""
        self.before("find_one")
        found = self._found(wanted, sort or [])
        return copy.deepcopy(found[0]) if found else None

    def find(self, wanted: Mapping[str, Any], _projection: Any = None) -> Any:
        """All matches, to be sorted and limited."""
        self.before("find")
        return _Cursor(self, wanted)

    def bulk_write(self, operations: Sequence[Any], *, ordered: bool) -> Any:
        """As the parent."""
        self.before("bulk_write")
        return super().bulk_write(operations, ordered=ordered)

    def insert_many(self, documents: Sequence[Document], *, ordered: bool) -> None:
        """With ids of their own, up to one that is refused."""
        assert ordered
        self.before("insert_many")
        for index, document in enumerate(documents):
            whole = {"_id": f"id-{len(self.documents)}", **document}
            if self._clash(whole):
                raise BulkWriteError({"writeErrors": [{"index": index, "code": 11000}]})
            self.documents[whole["_id"]] = copy.deepcopy(whole)

    def update_one(self, wanted: Mapping[str, Any], change: Mapping[str, Any], *, upsert: bool) -> None:
        """Only `$setOnInsert` by `_id`."""
        self.before("update_one")
        assert upsert
        fresh = {"_id": wanted["_id"], **copy.deepcopy(change["$setOnInsert"])}
        self.documents.setdefault(wanted["_id"], fresh)

    def _clash(self, document: Mapping[str, Any]) -> str | None:
        for names in self._unique:
            for other in self.documents.values():
                if other["_id"] != document["_id"] and all(_at(other, name) == _at(document, name) for name in names):
                    return names[0]
        return super()._clash(document)

    def _found(
        self, wanted: Mapping[str, Any], order: Sequence[tuple[str, int]], fold: Fold = _as_it_is
    ) -> list[Document]:
        found = [one for one in self.documents.values() if _matches(one, wanted, fold)]
        for name, direction in reversed(order):
            found.sort(key=cmp_to_key(_comparing(name)), reverse=direction < 0)
        return found


class _Cursor:
    def __init__(self, collection: MemoryCollection, wanted: Mapping[str, Any]) -> None:
        self._collection, self._wanted = collection, wanted
        self._order: Sequence[tuple[str, int]] = []
        self._limit: int | None = None
        self._fold: Fold = _as_it_is

    def sort(self, order: Sequence[tuple[str, int]]) -> "_Cursor":
        self._order = order
        return self

    def limit(self, limit: int) -> "_Cursor":
        self._limit = limit
        return self

    def hint(self, _index: Any) -> "_Cursor":
        return self

    def collation(self, collation: Collation) -> "_Cursor":
        """Compare as a server does without marks, case and what stands between letters."""
        assert collation.document.items() >= {"strength": 1, "alternate": "shifted"}.items()
        self._fold = lambda value: "".join(folded_words(value)) if isinstance(value, str) else value
        return self

    def __iter__(self) -> Any:
        found = self._collection._found(self._wanted, self._order, self._fold)  # noqa: SLF001
        return iter(copy.deepcopy(found[: self._limit]))


def _matches(document: Mapping[str, Any], wanted: Mapping[str, Any], fold: Fold = _as_it_is) -> bool:
    return all(_holds(document, name, test, fold) for name, test in wanted.items())


def _holds(document: Mapping[str, Any], name: str, test: Any, fold: Fold) -> bool:
    if name == "$and":
        return all(_matches(document, one) for one in test)
    if name == "$nor":
        return not any(_matches(document, one) for one in test)
    return _passes(fold(_at(document, name)), fold(test))


def _passes(value: Any, test: Any) -> bool:
    if isinstance(test, Mapping):
        return all(_TESTS[name](value, bound) for name, bound in test.items())
    return bool(value == test)


def _comparable(value: Any, bound: Any) -> bool:
    return type(value) is type(bound)


def _comparing(name: str) -> Callable[[Document, Document], int]:
    def compare(one: Document, other: Document) -> int:
        a, b = _at(one, name), _at(other, name)
        return int(a > b) - int(a < b)

    return compare


def _at(document: Mapping[str, Any], path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
