"""`motcua relay again`: which histories go back, and what must be there before they do."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Self

import pytest
from click.testing import CliRunner, Result

from services.chassis.errors import Unavailable
from services.cli import relay, topology
from services.cli.__main__ import motcua
from services.cli.place import no_broker
from services.cli.verify.books import HISTORIES
from tests.unit.simulation.mongo import Calm, Collection

LATE_IN_UTC = datetime(2026, 11, 25, 17, 30, tzinfo=UTC)  # half an hour into the 26th in Vietnam


class Server:
    """A MongoDB with one history in each journal: it grew on the 24th, that of routing on the 26th once more."""

    def __init__(self) -> None:
        self.collections = {shelf.name: Collection(Calm()) for shelf in HISTORIES}
        for name, collection in self.collections.items():
            grown = [datetime(2026, 11, 24, tzinfo=UTC), *([LATE_IN_UTC] if name == "routing.cases" else [])]
            history = [{"at": at} for at in grown]
            collection.update_one(
                {"_id": "D"}, {"$set": {"version": len(grown), "relayed": len(grown), "history": history}}, upsert=True
            )

    def __call__(self, _uri: str) -> Self:
        return self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def __getitem__(self, database: str) -> Any:
        return Database(self, database.removeprefix("motcua_"))

    def going_back(self) -> set[str]:
        """Where a history waits to be published from its beginning."""
        found = {name: collection.kept("D") or {} for name, collection in self.collections.items()}
        return {name for name, one in found.items() if one["relayed"] == 0 and "pending_since" in one}


class Database:
    """One of its databases."""

    def __init__(self, server: Server, service: str) -> None:
        self._server, self._service = server, service

    def get_collection(self, name: str, write_concern: Any) -> Collection:
        """The collection, to be written to for certain."""
        assert write_concern.document == {"w": "majority", "j": True}
        return self._server.collections[f"{self._service}.{name}"]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setenv("MOTCUA_AMQP_URI", "amqp://nowhere")
    monkeypatch.setenv("MOTCUA_MONGO_URI", "mongodb://nowhere")
    monkeypatch.setattr(relay, "open_client", made)
    return made


@pytest.fixture
def declared(server: Server, monkeypatch: pytest.MonkeyPatch) -> list[set[str]]:
    """For each time that the topology was declared: what was going back by then."""
    times: list[set[str]] = []
    monkeypatch.setattr(topology, "declare_all", lambda *_: times.append(server.going_back()))
    return times


def again(*words: str) -> Result:
    return CliRunner().invoke(motcua, ["relay", "again", *words])


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ((), {shelf.name for shelf in HISTORIES}),
        (
            ("registry", "intake"),
            {"registry.issuances", "registry.records", "registry.publications", "intake.dossiers"},
        ),
        (("--since", "2026-11-26"), {"routing.cases"}),
        (("--since", "2026-11-27"), set()),
        (("--since", "2026-11-26", "intake"), set()),
    ],
)
def test_those_go_back_that_are_named_when_everybody_can_hear_them(
    server: Server, declared: list[set[str]], words: Sequence[str], wanted: set[str]
) -> None:
    for _ in range(2):
        told = again(*words)
        assert told.exit_code == 0, told.output
        counted: Mapping[str, str] = dict(line.split(": ") for line in told.output.splitlines()[:-1])
        assert {name for name, count in counted.items() if count == "1"} == wanted == server.going_back()
        said = "1 history" if len(wanted) == 1 else f"{len(wanted)} histories"
        assert told.output.splitlines()[-1].startswith(f"{said} will be published again")
    assert declared[0] == set()


def test_without_a_broker_nothing_goes_back(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise no_broker()

    monkeypatch.setattr(topology, "declare_all", fail)
    assert isinstance(again().exception, Unavailable)
    assert server.going_back() == set()


@pytest.mark.parametrize("words", [("portal",), ("--since", "yesterday")])
def test_what_it_does_not_know_it_refuses(server: Server, declared: list[set[str]], words: Sequence[str]) -> None:
    assert again(*words).exit_code == 2
    assert declared == []
