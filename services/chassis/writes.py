"""Small writes beside the histories, gathered: those of one process that are made at once are one bulk write."""

from collections.abc import Sequence
from typing import Any

from pymongo import UpdateMany, UpdateOne
from pymongo.errors import BulkWriteError

from services.chassis.store import Collection, outages_named
from services.chassis.together import Together

Update = UpdateOne | UpdateMany


class GroupWrite:
    """Updates of one collection, each of which may be made twice and need not match."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._writes: Together[Update, None] = Together(self._write)

    def update(self, update: Update) -> None:
        """Make it. Raises Unavailable, and what the server has against it."""
        self._writes.do(update)

    def _write(self, updates: Sequence[Update]) -> list[Exception | None]:
        outcomes: list[Exception | None] = [None] * len(updates)
        try:
            with outages_named():
                self._collection.bulk_write(list(updates), ordered=False)
        except BulkWriteError as error:
            details: Any = error.details
            for failure in details["writeErrors"]:
                outcomes[failure["index"]] = error
        return outcomes
