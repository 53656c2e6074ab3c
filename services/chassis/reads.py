"""Reads of single documents, gathered: those who ask while one read is under way share the next."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.chassis.store import Collection, Document, outages_named
from services.chassis.together import Together

_MOST = 100  # what the server hands over in one answer


class GroupRead:
    """Single documents of one collection by `key`, a field with a unique value; without what `projection` leaves out.

    A document may be handed to several askers at once: it is not theirs to change.
    """

    def __init__(self, collection: Collection, projection: Mapping[str, int] | None = None, key: str = "_id") -> None:
        self._collection, self._projection, self._key = collection, projection, key
        self._path = key.split(".")
        self._reads = Together(self._read, _MOST)

    def find(self, value: str) -> Document | None:
        """The document, as stored after this was asked, or None. Raises Unavailable."""
        return self._reads.do(value)

    def _read(self, values: Sequence[str]) -> list[Document | Exception | None]:
        with outages_named():
            if len(values) == 1:
                return [self._collection.find_one({self._key: values[0]}, self._projection)]
            wanted = {self._key: {"$in": list(dict.fromkeys(values))}}
            found = {self._value(one): one for one in self._collection.find(wanted, self._projection)}
        return [found.get(value) for value in values]

    def _value(self, document: Document) -> Any:
        value: Any = document
        for name in self._path:
            value = value[name]
        return value
