"""The contents of uploaded files, in GridFS, written and read a chunk at a time.

pymongo's own GridFS writer keeps up to 48 MB in memory before it sends anything, more than the largest file we take; so
the chunks are written here, one by one, in the layout of the GridFS specification, and read with pymongo.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, Final

from bson import ObjectId
from gridfs import GridFSBucket, GridOut
from gridfs.errors import NoFile
from pymongo.database import Database

from services.chassis.errors import NotFound
from services.chassis.store import Document, outages_named
from services.intake.parts import Parts

CHUNK_BYTES: Final = 1020 * 1024


class Papers:
    """File contents by file id; a file that was not finished has chunks but no entry. Of `parts` files are made."""

    def __init__(self, database: Database[Document]) -> None:
        self._files: Any = database["papers.files"]
        self._chunks: Any = database["papers.chunks"]
        self._bucket = GridFSBucket(database, "papers")
        self.parts = Parts(database["papers.parts"])

    def ensure_indexes(self) -> None:
        """The index that the GridFS specification asks for, and those of the parts."""
        self._chunks.create_index([("files_id", 1), ("n", 1)], unique=True)
        self.parts.ensure_indexes()

    def write(self, file_id: ObjectId, pieces: Iterable[bytes], at: datetime) -> None:
        """Keep the pieces as one file. What an unfinished write leaves behind, `remove` takes away."""
        length = 0
        for number, chunk in enumerate(_whole_chunks(pieces)):
            with outages_named():
                self._chunks.insert_one({"files_id": file_id, "n": number, "data": chunk})
            length += len(chunk)
        entry = {"_id": file_id, "length": length, "chunkSize": CHUNK_BYTES, "uploadDate": at}
        with outages_named():
            self._files.insert_one(entry)

    def open(self, file_id: ObjectId) -> GridOut:
        """The file, to be read and sought in. Raises NotFound."""
        with outages_named():
            try:
                return self._bucket.open_download_stream(file_id)
            except NoFile:
                raise NotFound(
                    "intake.unknown_document", "There is no such document.", "Không có tài liệu này."
                ) from None

    def pieces(self, file_id: ObjectId) -> Iterator[bytes]:
        """The content of a file, a chunk at a time. Raises NotFound before the first."""
        file = self.open(file_id)
        return iter(file.readchunk, b"")

    def remove(self, file_ids: Iterable[ObjectId]) -> None:
        """Leave nothing of these files."""
        wanted = list(file_ids)
        if wanted:
            with outages_named():
                self._files.delete_many({"_id": {"$in": wanted}})
                self._chunks.delete_many({"files_id": {"$in": wanted}})


def _whole_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of `CHUNK_BYTES`, only the last one shorter, as GridFS wants them."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= CHUNK_BYTES:
            yield bytes(waiting[:CHUNK_BYTES])
            del waiting[:CHUNK_BYTES]
    if waiting:
        yield bytes(waiting)
