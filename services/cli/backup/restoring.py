"""The way back: a backup into databases that hold nothing, its histories marked as not yet published.

What the services had told each other and not yet acted on is in no backup. So every history is told again from its
beginning: whoever has heard an event knows it by its id, and whoever has not hears it now.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bson.raw_bson import RawBSONDocument
from pymongo import MongoClient, WriteConcern

from services.chassis.retelling import tell_again
from services.chassis.store import READINESS, Collection, Document
from services.cli.backup import archive
from services.cli.backup.archive import Collected, Manifest
from services.cli.backup.taking import DATABASES, open_client
from services.cli.verify.books import HISTORIES
from services.contracts.catalogue.dates import local_day

SKIPPED_CODES: Final = 5_000
JOURNALS: Final = tuple(f"motcua_{shelf.name}" for shelf in HISTORIES)
_CODES: Final = "motcua_intake.codes"
_AT_ONCE: Final = 1_000
_BYTES_AT_ONCE: Final = 16_000_000
_OURS_AT_WORK: Final = "motcua_restore"
_SURE: Final = WriteConcern(w="majority", j=True)


class WillNotRestore(Exception):
    """Restoring now would destroy or confuse something; says what, and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: documents, histories that will be told again, and counters of dossier codes moved on."""

    documents: int
    histories: int
    counters: int


def restore(uri: str, folder: Path, skip_codes: int, tell: Callable[[str], None]) -> Restored:
    """Put a backup back. Raises BadBackup, WillNotRestore, PyMongoError; a restore that broke off begins anew."""
    tell("checking the backup")
    manifest = archive.open_backup(folder)
    with open_client(uri) as client:
        insist_nobody_works(client)
        _begin(client, manifest)
        for one in manifest.collections:
            tell(one.name)
            _fill(client, folder, one)
        tell("marking every history as to be told again")
        histories = sum(tell_again(durable(client, name)) for name in JOURNALS)
        counters = _skip_codes(durable(client, _CODES), manifest.instant, datetime.now(UTC), skip_codes)
        for one in manifest.collections:
            tell(f"indexes of {one.name}")
            _index(durable(client, one.name), archive.read_metadata(folder, one)["indexes"])
        client.drop_database(_OURS_AT_WORK)
    return Restored(manifest.documents, histories, counters)


def insist_nobody_works(client: MongoClient[Document]) -> None:
    """Raises WillNotRestore when a service or a door is connected to the database."""
    connected = {"$match": {"appName": {"$in": list(DATABASES)}}}
    looked = {"$currentOp": {"allUsers": True, "idleConnections": True}}
    with client.admin.aggregate([looked, connected, {"$group": {"_id": "$appName"}}]) as found:
        names = sorted(one["_id"].removeprefix("motcua_") for one in found)
    if names:
        raise WillNotRestore(f"still connected to the database: {', '.join(names)}. Stop every service and door first")


def _begin(client: MongoClient[Document], manifest: Manifest) -> None:
    """Insist on empty databases; what an earlier try has left is taken away. Raises WillNotRestore."""
    tries = client[_OURS_AT_WORK].get_collection("tries", write_concern=_SURE)
    if tries.find_one({"_id": manifest.digest()}):
        for name in DATABASES:
            client.drop_database(name)
    if full := sorted(_with_documents(client)):
        raise WillNotRestore(
            f"there is something in {', '.join(full)}. A backup is only put into an empty installation: if what is"
            " there is of no use, take it away first (drop the databases, or begin with a new data directory)"
        )
    for name in DATABASES:  # empty collections may have indexes that those of the backup differ from
        client.drop_database(name)
    tries.replace_one({"_id": manifest.digest()}, {"began_at": datetime.now(UTC)}, upsert=True)


def _with_documents(client: MongoClient[Document]) -> Iterator[str]:
    for name in DATABASES:
        database = client[name]
        for collection in database.list_collection_names(filter={"type": "collection"}):
            if collection != READINESS and database[collection].find_one({}, {"_id": 1}):
                yield f"{name}.{collection}"


def _fill(client: MongoClient[Document], folder: Path, one: Collected) -> None:
    database, name = one.place
    options: dict[str, Any] = archive.read_metadata(folder, one)["options"]
    client[database].create_collection(name, **options)
    collection = durable(client, one.name)
    for batch in _batches(archive.read_documents(folder, one)):
        collection.insert_many(batch, ordered=False)


def _batches(documents: Iterator[RawBSONDocument]) -> Iterator[list[RawBSONDocument]]:
    batch: list[RawBSONDocument] = []
    size = 0
    for document in documents:
        batch.append(document)
        size += len(document.raw)
        if len(batch) == _AT_ONCE or size >= _BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _index(collection: Collection, indexes: Sequence[dict[str, Any]]) -> None:
    """Build the indexes of the backup; `_id` has its own."""
    wanted = [{key: value for key, value in one.items() if key != "ns"} for one in indexes if one["name"] != "_id_"]
    if wanted:
        collection.database.command("createIndexes", collection.name, indexes=wanted)


def _skip_codes(codes: Collection, since: datetime, now: datetime, skip: int) -> int:
    """Move on the counters of every day since the backup; how many.

    Codes that were given after it stand on people's slips, and nobody here knows them any more: a later dossier of the
    same unit and day gets none of them.
    """
    agencies = {one["_id"].rpartition("-")[0] for one in codes.find({}, {"_id": 1})}
    counters = [f"{agency}-{day:%y%m%d}" for agency in sorted(agencies) for day in _days(since, now)]
    for counter in counters if skip else ():
        codes.update_one({"_id": counter}, {"$inc": {"last": skip}}, upsert=True)
    return len(counters) if skip else 0


def _days(since: datetime, until: datetime) -> list[date]:
    first, last = local_day(since), local_day(until)
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def durable(client: MongoClient[Document], name: str) -> Collection:
    """A collection, named `<database>.<collection>`, whose writes are durable."""
    database, _, collection = name.partition(".")
    return client[database].get_collection(collection, write_concern=_SURE)
