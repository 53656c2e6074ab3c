"""Gap-free numbers: each owner gets the next number of a series, once, and the same one whenever he asks again.

A number is a document, so nothing lies between taking and keeping it: `_id` = series and number, `owner` unique.
Numbers are only ever taken as "the highest plus one", and never deleted, so no gap can arise.
"""

from pymongo.errors import DuplicateKeyError

from services.chassis.errors import Conflict
from services.chassis.store import Collection, outages_named

_ATTEMPTS = 100


class Series:
    """All numbered series of one service."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def ensure_indexes(self) -> None:
        """One number an owner; the highest of a series at hand."""
        self._collection.create_index("owner", unique=True)
        self._collection.create_index([("series", 1), ("number", -1)], unique=True)

    def take(self, series: str, owner: str) -> int:
        """The number of `owner`: the next of `series` the first time, the same ever after, whatever series is named.

        Raises Unavailable, or Conflict when others keep being faster.
        """
        with outages_named():
            for _ in range(_ATTEMPTS):
                held = self._collection.find_one({"owner": owner})
                if held is not None:
                    return int(held["number"])
                last = self._collection.find_one({"series": series}, sort=[("number", -1)])
                number = last["number"] + 1 if last else 1
                try:
                    self._collection.insert_one({"series": series, "number": number, "owner": owner})
                except DuplicateKeyError:
                    continue
                return number
        raise Conflict("series.too_busy", "Others keep taking numbers; try again.", "Hệ thống đang cấp số, thử lại.")
