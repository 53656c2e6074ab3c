"""The parts of uploads that come piece by piece: kept as they arrive, until they are put together as one file.

A part is written first and named in its upload afterwards, so a part that nobody names is nothing. Parts are removed
when their upload ends; whatever a crash leaves behind is forgotten after a week.

    {_id, upload_id, data, forget_at}
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId

from services.chassis.store import Collection, outages_named

_KEPT: Final = timedelta(days=7)


class Parts:
    """Parts by id, and those of an upload."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def ensure_indexes(self) -> None:
        """The parts of an upload are at hand; what is left over vanishes by itself."""
        self._collection.create_index("upload_id")
        self._collection.create_index("forget_at", expireAfterSeconds=0)

    def add(self, upload_id: str, data: bytes, at: datetime) -> ObjectId:
        """Keep a part."""
        part_id = ObjectId()
        with outages_named():
            self._collection.insert_one({"_id": part_id, "upload_id": upload_id, "data": data, "forget_at": at + _KEPT})
        return part_id

    def get(self, part_id: ObjectId) -> bytes:
        """The content of a part; nothing where it is gone."""
        with outages_named():
            found: dict[str, Any] | None = self._collection.find_one({"_id": part_id}, {"data": 1})
        return bytes(found["data"]) if found else b""

    def drop(self, part_id: ObjectId) -> None:
        """A part that its upload does not want."""
        with outages_named():
            self._collection.delete_many({"_id": part_id})

    def remove(self, upload_id: str) -> None:
        """Leave no part of the upload."""
        with outages_named():
            self._collection.delete_many({"upload_id": upload_id})


class Joined:
    """The parts of an upload one after the other, as a body that `receiving` reads."""

    length: int | None = None

    def __init__(self, parts: Parts, part_ids: Sequence[ObjectId]) -> None:
        self._parts, self._left = parts, list(reversed(part_ids))
        self._present = b""

    def read(self, most: int) -> bytes:
        """The next bytes, b"" after the last part."""
        while not self._present and self._left:
            self._present = self._parts.get(self._left.pop())
        piece, self._present = self._present[:most], self._present[most:]
        return piece
