"""Gap-free numbers: each owner gets the next number of a series, once, and the same one whenever he asks again.

A number is a document, so nothing lies between taking and keeping it: `_id` = series and number, `owner` unique.
Numbers are only ever taken as "the highest plus one", and never deleted, so no gap can arise.
"""

from collections.abc import Sequence
from typing import Any

from pymongo.errors import BulkWriteError

from services.chassis import metrics
from services.chassis.commits import DUPLICATE_KEY
from services.chassis.errors import Conflict
from services.chassis.store import Collection, Document, outages_named
from services.chassis.together import Together

_ATTEMPTS = 100
_Asked = tuple[str, str]  # series, owner
Taken = tuple[str, int]  # series, number


class Series:
    """All numbered series of one service."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._takes: Together[_Asked, Taken] = Together(self._take)
        self._last: dict[str, int] = {}

    def ensure_indexes(self) -> None:
        """One number an owner; the highest of a series at hand."""
        self._collection.create_index("owner", unique=True)
        self._collection.create_index([("series", 1), ("number", -1)], unique=True)

    def take(self, series: str, owner: str) -> Taken:
        """The number of `owner` and its series: the next of `series` the first time, ever after the same.

        So the series may be another than the one named, if that has been changed since.

        Raises Unavailable, or Conflict when others keep being faster.
        """
        return self._takes.do((series, owner))

    def _take(self, asked: Sequence[_Asked]) -> list[Taken | Exception]:
        """A batch, each owner in his turn: the next that follow each other, kept in this very order."""
        taken: dict[_Asked, Taken] = {}
        with outages_named():
            for _ in range(_ATTEMPTS + len(asked)):
                wanting = [one for one in dict.fromkeys(asked) if one not in taken]
                if not wanting:
                    break
                taken |= self._take_in_order(wanting)
        return [taken.get(one) or _too_busy() for one in asked]

    def _take_in_order(self, wanting: Sequence[_Asked]) -> dict[_Asked, Taken]:
        """Numbers for the first of those who want one, up to where the collection refused."""
        fresh = self._following(wanting)
        kept = self._keep(fresh)
        taken = {one: _taken(document) for one, document in zip(wanting[:kept], fresh, strict=False)}
        self._last.update(taken.values())
        if kept < len(wanting):
            series, owner = wanting[kept]
            self._last.pop(series, None)
            held = self._collection.find_one({"owner": owner})
            if held is None:
                metrics.CONFLICTS.labels(getattr(self._collection, "name", "")).inc()
            else:
                taken[wanting[kept]] = _taken(held)
        return taken

    def _following(self, wanting: Sequence[_Asked]) -> list[Document]:
        last: dict[str, int] = {}
        fresh = []
        for series, owner in wanting:
            last[series] = (last[series] if series in last else self._highest(series)) + 1
            fresh.append({"series": series, "number": last[series], "owner": owner})
        return fresh

    def _keep(self, fresh: Sequence[Document]) -> int:
        """In this order, so that none is kept behind one that is not: how many were."""
        try:
            with outages_named():
                self._collection.insert_many(fresh, ordered=True)
        except BulkWriteError as error:
            details: Any = error.details
            if details["writeErrors"][0]["code"] != DUPLICATE_KEY:
                raise
            return int(details["writeErrors"][0]["index"])
        return len(fresh)

    def _highest(self, series: str) -> int:
        """The highest number taken, as far as is known here: where others took more, the unique index says so."""
        if series not in self._last:
            found = self._collection.find_one({"series": series}, sort=[("number", -1)])
            self._last[series] = int(found["number"]) if found else 0
        return self._last[series]


def _taken(document: Document) -> Taken:
    return str(document["series"]), int(document["number"])


def _too_busy() -> Conflict:
    return Conflict("series.too_busy", "Others keep taking numbers; try again.", "Hệ thống đang cấp số, thử lại.")
