"""The registry built anew from the stream alone: byte for byte the one that is stored.

Nothing is read of the stored histories: each state is made of the events as any subscriber could hear them.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import bson

from services.chassis.journal import Journal
from services.chassis.store import Document
from services.cli.verify.books import HISTORIES
from services.contracts.envelope import read_headers
from tests.integration.books import Books

_SOURCE: Final = "registry"
_SHELVES: Final = {f"{shelf.aggregate.name}/": shelf for shelf in HISTORIES if shelf.aggregate.source == _SOURCE}


class Rebuilt:
    """What the registry has said, by aggregate and place in its history."""

    def __init__(self) -> None:
        self._told: dict[str, dict[int, Document]] = {}

    def note(self, headers: Mapping[str, Any], body: bytes) -> None:
        """One more message of the stream, of whomever."""
        envelope = read_headers(headers)
        if envelope.source == _SOURCE:
            entry = {"type": envelope.type, "v": envelope.v, "data": json.loads(body)}
            self._told.setdefault(envelope.aggregate, {})[envelope.sequence] = entry

    def compare(self, books: Books) -> Iterator[str]:
        """What is stored otherwise than the stream makes it, or on one side only."""
        stored = set()
        for prefix, shelf in _SHELVES.items():
            journal = books.journal(shelf)
            for document in books.collection(shelf.name).find({}, {"state": 1}):
                name = f"{prefix}{document['_id']}"
                stored.add(name)
                if wrong := self._differs(journal, name, document["state"]):
                    yield wrong
        yield from (f"the stream makes {name}, which is not stored" for name in sorted(self._told.keys() - stored))

    def _differs(self, journal: Journal[Any], name: str, stored: Document) -> str:
        told = self._told.get(name, {})
        if sorted(told) != list(range(1, len(told) + 1)):
            return f"the stream has {sorted(told)} of {name}"
        if not told:
            return f"the stream has nothing of {name}"
        made = journal.unstructure(journal.fold(told[place] for place in sorted(told)))
        return "" if bson.encode(made) == bson.encode(stored) else f"the stream makes another {name}"
