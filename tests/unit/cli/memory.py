"""Five databases in memory, as far as the checker asks them; the journals that fill them are the real ones."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Self

from services.cli.verify.books import Books
from tests.unit.fakes import Document, FakeCollection, _at

_TESTS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "$gt": lambda value, bound: type(value) is type(bound) and value > bound,
    "$lt": lambda value, bound: type(value) is type(bound) and value < bound,
    "$lte": lambda value, bound: type(value) is type(bound) and value <= bound,
    "$in": lambda value, several: value in several,
}


class Found:
    """What `find` gives."""

    def __init__(self, found: list[Document]) -> None:
        self._found = found

    def sort(self, keys: str | Sequence[tuple[str, int]], direction: int = 1) -> Self:
        """By these keys."""
        for name, way in reversed([(keys, direction)] if isinstance(keys, str) else keys):
            self._found.sort(key=lambda one, name=name: _rank(_at(one, name)), reverse=way < 0)  # type: ignore[misc]
        return self

    def skip(self, count: int) -> Self:
        """Without the first."""
        self._found = self._found[count:]
        return self

    def limit(self, most: int) -> Self:
        """At most so many."""
        self._found = self._found[:most]
        return self

    def batch_size(self, _count: int) -> Self:
        """However many at a time, it is the same."""
        return self

    def __iter__(self) -> Iterator[Document]:
        return iter(copy.deepcopy(self._found))


class Kept(FakeCollection):
    """A collection that is written to by a journal, or by hand."""

    def put(self, *documents: Document) -> None:
        """Keep these."""
        self.documents |= {one["_id"]: one for one in documents}

    def find(self, wanted: Mapping[str, Any], _projection: Any = None) -> Any:
        """All matches, whole."""
        return Found([one for one in self.documents.values() if self._matches(one, wanted)])

    def count_documents(self, wanted: Mapping[str, Any]) -> int:
        """How many match."""
        return sum(self._matches(one, wanted) for one in self.documents.values())

    def estimated_document_count(self) -> int:
        """How many there are."""
        return len(self.documents)

    def _matches(self, document: Document, wanted: Mapping[str, Any]) -> bool:
        return all(_holds(_at(document, name), test) for name, test in wanted.items())


class MemoryBooks(Books):
    """The books, over collections that come into being when they are first named."""

    def __init__(self) -> None:
        super().__init__({"MOTCUA_MONGO_URI": "mongodb://nowhere"})
        self.collections: dict[str, Kept] = {}

    def collection(self, name: str) -> Any:
        """A collection, named `<service>.<collection>`."""
        return self.collections.setdefault(name, Kept())


def _holds(value: Any, test: Any) -> bool:
    if isinstance(test, Mapping):
        return all(_TESTS[name](value, bound) for name, bound in test.items())
    return bool(value == test)


def _rank(value: Any) -> tuple[bool, Any]:
    """What is not there comes first."""
    return value is not None, value if value is not None else 0
