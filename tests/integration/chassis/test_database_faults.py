"""The database fails in exactly one command, before the write or after it: asked again, every change is made once.

The faults are the server's own (`failCommand`), so that the driver meets what it would meet in service.
"""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from pymongo import MongoClient

from services.chassis import store
from services.chassis.cause import Cause
from services.chassis.errors import Unavailable
from services.chassis.journal import Journal
from services.chassis.series import Series
from services.chassis.store import Collection, open_database
from services.contracts import events
from services.contracts.event import Event
from services.intake.store import Codes
from tests.conftest import eventually
from tests.integration.chassis.sample import EVENTS, TALLY, Tally
from tests.unit.counts import counted

pytestmark = pytest.mark.servers
NOT_PRIMARY, STEPPED_DOWN, SHUTTING_DOWN, TIMED_OUT = 10107, 11602, 91, 64
RETRYABLE = ["RetryableWriteError"]
ONCE, OFTEN = 1, 3  # the driver itself tries a write twice


def refused(code: int) -> dict[str, Any]:
    """The server says no before it does anything."""
    return {"errorCode": code, "errorLabels": RETRYABLE}


def undone(code: int) -> dict[str, Any]:
    """The server has written, and says that it does not know how it ended."""
    return {"writeConcernError": {"code": code, "errmsg": "?"}}


FAULTS = {
    "hangs up": {"closeConnection": True},
    "is no primary": refused(NOT_PRIMARY),
    "steps down": refused(STEPPED_DOWN),
    "shuts down": refused(SHUTTING_DOWN),
    "writes, then shuts down": {**undone(SHUTTING_DOWN), "errorLabels": RETRYABLE},
    "writes, then has no majority": undone(TIMED_OUT),
    "stands still": {"blockConnection": True, "blockTimeMS": 1_500},
}


@dataclass
class Work:
    """A change that is to be made once, by which command, and how often it was made."""

    command: str
    do: Callable[[], Any]
    made: Callable[[], int]


@pytest.fixture
def collections(
    environment: dict[str, str], database: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Collection]:
    """Collections as a service opens them, but for how long an answer is awaited."""
    assert database.name == "motcua_sample"
    monkeypatch.setitem(events.PUBLISHERS, "sample", EVENTS)
    monkeypatch.setattr(store, "_SECONDS_TO_ANSWER", 1)
    uri = environment["MOTCUA_MONGO_URI"] + "&heartbeatFrequencyMS=500"  # what was thought lost is looked for soon
    opened = open_database(uri, "motcua_sample")
    return lambda name: opened[name]


@pytest.fixture
def admin(environment: dict[str, str]) -> Iterator[MongoClient[Any]]:
    """Somebody who may tell the server to fail; in the end it does no more."""
    with MongoClient[Any](environment["MOTCUA_MONGO_URI"]) as client:
        yield client
        client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def opening(collections: Callable[[str], Collection]) -> Work:
    """A history is begun."""
    journal, cause = _journal(collections("tallies")), _cause()
    return Work("insert", lambda: _count(journal, cause), lambda: len(journal.history("a")))


def growing(collections: Callable[[str], Collection]) -> Work:
    """A history grows by one event."""
    journal, first, cause = _journal(collections("tallies")), _cause(), _cause()
    _count(journal, first)
    return Work("update", lambda: _count(journal, cause), lambda: len(journal.history("a")) - 1)


def numbering(collections: Callable[[str], Collection]) -> Work:
    """A number of a series without gaps is taken."""
    series = Series(collections("numbers"))
    series.ensure_indexes()
    series.take("2026", "earlier")
    return Work("insert", lambda: series.take("2026", "mine")[1], lambda: series.take("2026", "later")[1] - 2)


def coding(collections: Callable[[str], Collection]) -> Work:
    """A dossier code is given: one may be lost, none may be given twice."""
    codes, given = Codes(collections("codes")), list[str]()

    def take() -> None:
        given.append(codes.take("000.00.06.G14", date(2026, 11, 26)))

    take()
    return Work("findAndModify", take, lambda: len(set(given)) - 1)


@pytest.mark.parametrize("times", [ONCE, OFTEN])
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("kind", [opening, growing, numbering, coding])
def test_a_change_that_is_asked_for_until_it_is_answered_is_made_once(
    collections: Callable[[str], Collection],
    admin: MongoClient[Any],
    kind: Callable[[Callable[[str], Collection]], Work],
    fault: str,
    times: int,
) -> None:
    work = kind(collections)
    failing = {"failCommands": [work.command], "appName": "motcua_sample", **FAULTS[fault]}
    before = admin.admin.command({"configureFailPoint": "failCommand", "mode": {"times": times}, "data": failing})
    assert any(_is_answered(work) for _ in range(times + 1))
    after = admin.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    assert after["count"] > before["count"], "the fault was not felt"
    assert work.made() == 1


def test_a_connection_is_shown_as_in_use_until_the_server_has_answered(
    collections: Callable[[str], Collection], admin: MongoClient[Any]
) -> None:
    collection, before = collections("tallies"), counted("motcua_store_connections_in_use")
    collection.find_one()
    assert counted("motcua_store_connections_in_use") == before
    slow = {"failCommands": ["find"], "appName": "motcua_sample", "blockConnection": True, "blockTimeMS": 700}
    admin.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": slow})
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(collection.find_one)
        eventually(lambda: counted("motcua_store_connections_in_use") == before + 1, every=0.02)
        assert asked.result() is None
    assert counted("motcua_store_connections_in_use") == before


def _is_answered(work: Work) -> bool:
    """Whether the change was confirmed; a caller who hears of an outage asks again."""
    try:
        work.do()
    except Unavailable:
        return False
    return True


def _cause() -> Cause:
    return Cause(str(uuid.uuid4()), "c", "t")


def _count(journal: Journal[Tally], cause: Cause) -> None:
    journal.change("a", cause, lambda _state: [Event("counted", {"name": "a", "amount": 1})])


def _journal(collection: Collection) -> Journal[Tally]:
    journal: Journal[Tally] = Journal(TALLY, collection, lambda _journal, _id: None)
    journal.ensure_indexes()
    return journal
