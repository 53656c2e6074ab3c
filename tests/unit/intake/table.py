"""A collection in memory that answers what drafts ask of MongoDB: equality, `$exists`, `$in`, and one order."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from pymongo.errors import DuplicateKeyError

Document = dict[str, Any]


class FakeTable:
    """Documents by `_id`."""

    def __init__(self) -> None:
        self.documents: dict[str, Document] = {}

    def find_one(self, wanted: Mapping[str, Any], _projection: Any = None) -> Document | None:
        """The first that fits."""
        return next(iter(self.find(wanted)), None)

    def find(self, wanted: Mapping[str, Any], _projection: Any = None) -> "Found":
        """All that fit."""
        return Found([copy.deepcopy(one) for one in self.documents.values() if fits(one, wanted)])

    def count_documents(self, wanted: Mapping[str, Any]) -> int:
        """How many fit."""
        return len(self.find(wanted))

    def insert_one(self, document: Document) -> None:
        """One more."""
        if document["_id"] in self.documents:
            raise DuplicateKeyError("taken", 11000)
        self.documents[document["_id"]] = copy.deepcopy(document)

    def update_one(self, wanted: Mapping[str, Any], change: Mapping[str, Any]) -> Any:
        """Change the first that fits."""
        return SimpleNamespace(matched_count=int(self.find_one_and_update(wanted, change) is not None))

    def find_one_and_update(
        self, wanted: Mapping[str, Any], change: Mapping[str, Any], **_options: Any
    ) -> Document | None:
        """Change the first that fits; as it is then."""
        found = self.find_one(wanted)
        if found is None:
            return None
        kept = self.documents[found["_id"]]
        kept.update(copy.deepcopy(dict(change["$set"])))
        for name in change.get("$unset", ()):
            kept.pop(name, None)
        return copy.deepcopy(kept)

    def replace_one(self, wanted: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
        """Put another in the place of the first that fits."""
        found = self.find_one(wanted)
        if found is not None:
            self.documents[found["_id"]] = {"_id": found["_id"], **copy.deepcopy(dict(document))}
        return SimpleNamespace(matched_count=int(found is not None))

    def delete_many(self, wanted: Mapping[str, Any]) -> None:
        """Remove all that fit."""
        for one in self.find(wanted):
            del self.documents[one["_id"]]


class Found(list[Document]):
    """What was found, to be put in order."""

    def sort(self, keys: Sequence[tuple[str, int]]) -> "Found":  # type: ignore[override]  # as pymongo's
        """By several fields."""
        rows = list(self)
        for name, sign in reversed(keys):
            rows.sort(key=lambda row: row[name], reverse=sign < 0)
        return Found(rows)

    def limit(self, count: int) -> "Found":
        """The first of them."""
        return Found(self[:count])


def fits(document: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether a document fits a filter."""
    for path, want in wanted.items():
        if path == "$nor":
            if any(fits(document, one) for one in want):
                return False
        elif not any(_is(value, want) for value in at(document, path.split("."))):
            return False
    return True


def at(value: Any, path: Sequence[str]) -> Iterator[Any]:
    """What stands at a path, also in each member of a list; None where nothing does."""
    if isinstance(value, list):
        for one in value:
            yield from at(one, path)
    elif not path:
        yield value
    elif isinstance(value, Mapping):
        yield from at(value.get(path[0]), path[1:])
    else:
        yield None


def _is(value: Any, want: Any) -> bool:
    if not isinstance(want, Mapping):
        return bool(value == want)
    return all(_holds(value, operator, operand) for operator, operand in want.items())


def _holds(value: Any, operator: str, operand: Any) -> bool:
    if operator == "$exists":
        return bool((value is not None) == operand)
    if operator == "$in":
        return bool(value in operand)
    return bool(value <= operand if operator == "$lte" else value >= operand)
