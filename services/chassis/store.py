"""The service's own MongoDB database, opened so that an acknowledged write is a durable write."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC
from typing import Any, Final

import pymongo
from bson.codec_options import CodecOptions
from pymongo import MongoClient, ReadPreference, WriteConcern
from pymongo.database import Database
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    ExecutionTimeout,
    NetworkTimeout,
    PyMongoError,
    WriteConcernError,
)
from pymongo.monitoring import ConnectionPoolListener
from pymongo.read_concern import ReadConcern

from services.chassis import metrics
from services.chassis.errors import Unavailable
from services.chassis.logs import log

Document = dict[str, Any]
Collection = Any  # pymongo's generics say less than they cost here

_OUTAGES = (ConnectionFailure, ExecutionTimeout, NetworkTimeout, WriteConcernError)  # the last: written, unconfirmed
_SECONDS_TO_ANSWER = 10
_SECONDS_TO_LOOK: Final = 5.0
READINESS: Final = "readiness"  # the collection of the one document that looks write: nothing that anybody needs


def open_database(uri: str, name: str, pool: int = 50) -> Database[Document]:
    """The database `name`: majority and journaled writes, majority reads, every wait with an end. Does no I/O yet."""
    metrics.POOL_MOST.inc(pool)  # the sum, as that of those in use
    client: MongoClient[Document] = MongoClient(
        uri,
        tz_aware=True,
        tzinfo=UTC,
        maxPoolSize=pool,
        serverSelectionTimeoutMS=5_000,
        connectTimeoutMS=5_000,
        socketTimeoutMS=_SECONDS_TO_ANSWER * 1000,
        waitQueueTimeoutMS=5_000,
        retryWrites=True,
        appname=name,
        event_listeners=[_PoolUse()],
    )
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True, tzinfo=UTC),
        read_preference=ReadPreference.PRIMARY,
        write_concern=WriteConcern(w="majority", j=True, wtimeout=_SECONDS_TO_ANSWER * 1000),
        read_concern=ReadConcern("majority"),
    )


class _PoolUse(ConnectionPoolListener):
    """Shows how many connections are in use; the other things a pool tells are left aside."""

    def connection_checked_out(self, event: Any) -> None:
        """One more."""
        metrics.POOL.inc()

    def connection_checked_in(self, event: Any) -> None:
        """One less."""
        metrics.POOL.dec()

    def _ignore(self, event: Any) -> None:
        pass

    pool_created = pool_ready = pool_cleared = pool_closed = _ignore
    connection_created = connection_ready = connection_closed = _ignore
    connection_check_out_started = connection_check_out_failed = _ignore


@contextmanager
def outages_named() -> Iterator[None]:
    """Turn what pymongo raises when the server does not answer into Unavailable. The outcome is then unknown."""
    try:
        yield
    except _OUTAGES as error:
        raise Unavailable(
            "store.unavailable", "The database does not answer; try again.", "Cơ sở dữ liệu chưa sẵn sàng."
        ) from error
    except BulkWriteError as error:
        if (error.details or {}).get("writeConcernErrors"):
            raise unknown_outcome() from error
        raise
    except PyMongoError as error:
        if error.has_error_label("RetryableWriteError"):
            raise Unavailable(
                "store.unavailable", "The database is changing its primary.", "Cơ sở dữ liệu chưa sẵn sàng."
            ) from error
        raise


def unknown_outcome() -> Unavailable:
    """Nobody knows whether it was written: ask again with the same cause."""
    return Unavailable("store.unknown_outcome", "The write was not confirmed.", "Chưa xác nhận được việc ghi.")


class Writable:
    """Whether a database can be written: as of a small write from time to time, and of what its primary says now.

    A primary says that it is one also while its disk hangs, or while those are away who would have to confirm.
    """

    def __init__(self, database: Database[Document]) -> None:
        self._database, self._was_written = database, False

    def look(self) -> None:
        """Write now, as durably as everything is written; within seconds, whatever becomes of it."""
        try:
            with pymongo.timeout(_SECONDS_TO_LOOK):
                self._database[READINESS].update_one({"_id": "last"}, {"$inc": {"looks": 1}}, upsert=True)
        except PyMongoError as error:
            self._was_written = False
            log.warning("store_not_written", reason=type(error).__name__)
        else:
            self._was_written = True

    def is_so(self) -> bool:
        """Whether the last look could write, and the primary answers now; within seconds."""
        return self._was_written and _has_primary(self._database)


def _has_primary(database: Database[Document]) -> bool:
    try:
        with pymongo.timeout(_SECONDS_TO_LOOK):
            answer: Mapping[str, Any] = database.client.admin.command("hello")
    except PyMongoError:
        return False
    return bool(answer.get("isWritablePrimary"))
