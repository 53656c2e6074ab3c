"""A database can be written when a look has written to it and its primary is there, not when it only says so."""

from types import SimpleNamespace
from typing import Any

import pytest
from pymongo.errors import (
    AutoReconnect,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WriteConcernError,
)

from services.chassis.store import READINESS, Writable, open_database
from tests.unit.counts import counted


class Primary:
    """Says that it is one, unless it is away; a write ends as `trouble` says."""

    def __init__(self) -> None:
        self.trouble: PyMongoError | None = None
        self.is_away = False
        self.documents: dict[str, int] = {}
        self.client = SimpleNamespace(admin=SimpleNamespace(command=self._hello))

    def __getitem__(self, name: str) -> Any:
        assert name == READINESS
        return self

    def update_one(self, wanted: dict[str, str], change: dict[str, dict[str, int]], *, upsert: bool) -> None:
        assert upsert
        if self.trouble:
            raise self.trouble
        self.documents[wanted["_id"]] = self.documents.get(wanted["_id"], 0) + change["$inc"]["looks"]

    def _hello(self, name: str) -> dict[str, bool]:
        assert name == "hello"
        if self.is_away:
            raise AutoReconnect
        return {"isWritablePrimary": True}


@pytest.fixture
def primary() -> Any:
    """All is well there."""
    return Primary()


def test_how_many_connections_there_may_be_is_shown() -> None:
    before = counted("motcua_store_connections_most")
    database = open_database("mongodb://127.0.0.1:1", "sample", pool=7)
    assert counted("motcua_store_connections_most") - before == database.client.options.pool_options.max_pool_size == 7
    database.client.close()


TROUBLES = [
    NetworkTimeout("its disk hangs"),
    ExecutionTimeout("nobody confirms", 50),
    WriteConcernError("nobody confirms", 64),
    OperationFailure("no space is left", 14031),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda error: type(error).__name__)
def test_a_primary_that_takes_no_write_is_found_out_and_found_again(primary: Any, trouble: PyMongoError) -> None:
    store = Writable(primary)
    assert not store.is_so()  # nothing was looked at yet
    store.look()
    assert store.is_so()
    primary.trouble = trouble
    store.look()
    assert not store.is_so()
    primary.trouble = None
    store.look()
    assert store.is_so()


def test_that_the_primary_is_gone_is_known_at_once(primary: Any) -> None:
    store = Writable(primary)
    store.look()
    primary.is_away = True
    assert not store.is_so()


def test_however_many_processes_look_there_is_one_document(primary: Any) -> None:
    for _ in range(3):
        Writable(primary).look()
    assert primary.documents == {"last": 3}
