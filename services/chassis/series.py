"""Gap-free numbers: each owner gets the next number of a series, once, and the same one whenever he asks again.

A number is a document, so nothing lies between taking and keeping it: `_id` = series and number, `owner` unique.
Numbers are only ever taken as "the highest plus one", and never deleted, so no gap can arise.
"""

import threading

from pymongo.errors import DuplicateKeyError

from services.chassis.errors import Conflict
from services.chassis.store import Collection, outages_named

_ATTEMPTS = 100


class Series:
    """All numbered series of one service."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._turn = threading.Lock()
        self._last: dict[str, int] = {}

    def ensure_indexes(self) -> None:
        """One number an owner; the highest of a series at hand."""
        self._collection.create_index("owner", unique=True)
        self._collection.create_index([("series", 1), ("number", -1)], unique=True)

    def take(self, series: str, owner: str) -> int:
        """The number of `owner`: the next of `series` the first time, the same ever after, whatever series is named.

        Raises Unavailable, or Conflict when others keep being faster.
        """
        with outages_named(), self._turn:  # those of one process do not race each other for the same number
            for _ in range(_ATTEMPTS):
                number = self._highest(series) + 1
                try:
                    self._collection.insert_one({"series": series, "number": number, "owner": owner})
                except DuplicateKeyError:
                    self._last.pop(series, None)
                    held = self._collection.find_one({"owner": owner})
                    if held is not None:
                        return int(held["number"])
                else:
                    self._last[series] = number
                    return number
        raise Conflict("series.too_busy", "Others keep taking numbers; try again.", "Hệ thống đang cấp số, thử lại.")

    def _highest(self, series: str) -> int:
        """The highest number taken, as far as is known here: where others took more, the unique index says so."""
        if series not in self._last:
            found = self._collection.find_one({"series": series}, sort=[("number", -1)])
            self._last[series] = int(found["number"]) if found else 0
        return self._last[series]
