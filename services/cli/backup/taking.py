"""Taking a backup while everything runs: each collection is read as it was at one and the same instant.

The five databases tell one story only as of one instant, so all of them are read in one snapshot session. The server
keeps the past of its documents for five minutes by itself; for the time of the backup it is asked to keep more.
"""

import gzip
import os
import shutil
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure

from services.chassis.store import READINESS, Collection, Document
from services.cli.backup import archive
from services.cli.backup.archive import Collected, Manifest
from services.contracts.events import PUBLISHERS

DATABASES: Final = tuple(f"motcua_{service}" for service in PUBLISHERS)
WINDOW_SECONDS: Final = 3_600
_WINDOW: Final = "minSnapshotHistoryWindowInSeconds"
_QUICK: Final = 1  # most of the bytes are files that are packed already
_SNAPSHOT_GONE: Final = frozenset({239, 246})  # SnapshotTooOld, SnapshotUnavailable
_ANSWER_MS: Final = 60_000


class CannotBackUp(Exception):
    """There is nothing to be backed up, or it cannot be had as of one instant."""


def open_client(uri: str) -> MongoClient[Document]:
    """A client for the whole installation; every wait has an end."""
    return MongoClient(
        uri,
        tz_aware=True,
        tzinfo=UTC,
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        socketTimeoutMS=_ANSWER_MS,
        appname="motcua-backup",
    )


def take(uri: str, folder: Path, window_seconds: int, tell: Callable[[str], None]) -> Manifest:
    """Write a backup into `folder`, which must not be there yet; the manifest.

    It is written beside it first, as `<folder>.partial`; when it fails, nothing of that is left. Raises CannotBackUp,
    FileExistsError, PyMongoError.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} is there already: a backup is never written over")
    draft = folder.with_name(folder.name + ".partial")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700, parents=True)
    try:
        manifest = _as_of_one_instant(uri, draft, window_seconds, tell)
        _flush(draft)
        draft.rename(folder)
    except BaseException:  # it holds personal data, and nobody would look for it
        shutil.rmtree(draft, ignore_errors=True)
        raise
    _sync(folder.parent)
    return manifest


def _as_of_one_instant(uri: str, draft: Path, window_seconds: int, tell: Callable[[str], None]) -> Manifest:
    try:
        with open_client(uri) as client:
            return _write(client, draft, window_seconds, tell)
    except OperationFailure as error:
        if error.code not in _SNAPSHOT_GONE:
            raise
        raise CannotBackUp(
            "the database no longer has everything as of the instant at which the backup began: it took longer than"
            f" {window_seconds} s, or an index was built meanwhile. Try again, with a longer --window"
        ) from error


def _write(client: MongoClient[Document], draft: Path, window_seconds: int, tell: Callable[[str], None]) -> Manifest:
    shelves = list(_shelves(client))
    if not shelves:
        raise CannotBackUp(f"there is none of these databases: {', '.join(DATABASES)}")
    with _remembering(client, window_seconds), client.start_session(snapshot=True) as session:
        collections = []
        for collection in shelves:
            tell(collection.full_name)
            collections.append(_copy(collection, draft, session))
        taken_at = vars(session)["_snapshot_time"].as_datetime().isoformat()
    server = client.server_info()["version"]
    manifest = Manifest(taken_at, server, tuple(collections), archive.digests(draft, collections))
    archive.seal(draft, manifest)
    return manifest


def _shelves(client: MongoClient[Document]) -> Iterator[Collection]:
    """Every collection of the five databases."""
    for name in DATABASES:
        database = client[name]
        for one in sorted(database.list_collection_names(filter={"type": "collection"})):
            if not one.startswith("system.") and one != READINESS:
                yield database[one]


@contextmanager
def _remembering(client: MongoClient[Document], seconds: int) -> Iterator[None]:
    """Let the server keep the past for so long. Where it may not be told so, what it keeps by itself must do."""
    try:
        before = int(client.admin.command({"getParameter": 1, _WINDOW: 1})[_WINDOW])
        if before < seconds:
            client.admin.command({"setParameter": 1, _WINDOW: seconds})
    except OperationFailure:
        yield
        return
    try:
        yield
    finally:
        if before < seconds:
            client.admin.command({"setParameter": 1, _WINDOW: before})


def _copy(collection: Collection, draft: Path, session: ClientSession) -> Collected:
    """The documents of one collection as of the session's instant, batch by batch as the server sends them."""
    name = collection.full_name
    path = draft / Collected(name, 0, 0).file
    path.parent.mkdir(mode=0o700, exist_ok=True)
    count = size = 0
    with path.open("wb") as raw, gzip.GzipFile("", "wb", _QUICK, raw, mtime=0) as file:
        for batch in collection.find_raw_batches({}, session=session):
            count += sum(1 for _ in _lengths(batch))
            size += len(batch)
            file.write(batch)
    one = Collected(name, count, size)
    archive.write_metadata(draft, one, _metadata(collection))
    return one


def _lengths(batch: bytes) -> Iterator[int]:
    """How long each document of a batch is: each begins with its own length."""
    at = 0
    while at < len(batch):
        (length,) = struct.unpack_from("<i", batch, at)
        yield length
        at += length


def _metadata(collection: Collection) -> dict[str, Any]:
    info = next(iter(collection.database.list_collections(filter={"name": collection.name})))
    return {
        "options": info.get("options", {}),
        "indexes": [dict(index) for index in collection.list_indexes()],
        "uuid": info["info"]["uuid"].hex() if "uuid" in info.get("info", {}) else "",
        "collectionName": collection.name,
        "type": "collection",
    }


def _flush(folder: Path) -> None:
    """Everything is its owner's alone, and on the disk, before the folder gets its name."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.chmod(0o700 if path.is_dir() else 0o600)
        _sync(path)
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
