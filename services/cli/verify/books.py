"""What the five services have written down, read straight from their databases with their own aggregates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pymongo.database import Database

from services.chassis.journal import Aggregate, Journal
from services.chassis.store import Collection, Document, open_database, outages_named
from services.cli.verify import histories
from services.intake.store import DOSSIER
from services.notify.wiring import NOTICE
from services.payment.wiring import ORDER
from services.registry.wiring import ISSUANCE, PUBLICATION, RECORD
from services.routing.wiring import CASE

_CONNECTIONS: Final = 4
# Of the personal data beside a history, only which files a dossier names.
_READ: Final = (
    *("state", "history", "version", "relayed", "pending_since"),
    *(f"subject.documents.{name}" for name in ("component", "upload_id", "size", "sha256")),
)


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where one kind of aggregate is kept.

    `code` is the field with the dossier code, which an index holds; a dossier has about `of_one` of them.
    """

    name: str
    aggregate: Aggregate[Any]
    code: str = "_id"
    of_one: int = 1


_IN_STATE: Final = "state.dossier_code"
DOSSIERS: Final = Shelf("intake.dossiers", DOSSIER)
CASES: Final = Shelf("routing.cases", CASE)
ORDERS: Final = Shelf("payment.orders", ORDER, _IN_STATE, 3)
ISSUANCES: Final = Shelf("registry.issuances", ISSUANCE)
RECORDS: Final = Shelf("registry.records", RECORD, _IN_STATE)
NOTICES: Final = Shelf("notify.notices", NOTICE, _IN_STATE, 20)
SHELVES: Final = (DOSSIERS, CASES, ORDERS, ISSUANCES, RECORDS, NOTICES)
PUBLICATIONS: Final = Shelf("registry.publications", PUBLICATION)
HISTORIES: Final = (*SHELVES, PUBLICATIONS)


@dataclass(frozen=True, slots=True)
class Kept:
    """One aggregate as it is stored, and what is wrong with it by itself. `state` is None where it cannot be read."""

    id: str
    code: str
    state: Any
    history: list[Document]
    documents: list[Mapping[str, Any]]
    wrong: list[str]


class Books:
    """The five databases of an installation, for reading. Does no I/O until it is asked."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._uri = env["MOTCUA_MONGO_URI"]
        self._databases: dict[str, Database[Document]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for database in self._databases.values():
            database.client.close()

    def database(self, service: str) -> Database[Document]:
        """The database of a service: what a majority has, as its service reads it."""
        if service not in self._databases:
            self._databases[service] = open_database(self._uri, f"motcua_{service}", _CONNECTIONS)
        return self._databases[service]

    def collection(self, name: str) -> Collection:
        """A collection, named `<service>.<collection>`."""
        service, _, collection = name.partition(".")
        return self.database(service)[collection]

    def journal(self, shelf: Shelf) -> Journal[Any]:
        """The journal of a shelf; nobody relays for it."""
        return Journal(shelf.aggregate, self.collection(shelf.name), lambda _journal, _id: None)

    def read(self, shelf: Shelf, wanted: Mapping[str, Any]) -> Iterator[Kept]:
        """What is wanted of a shelf, one after the other. Raises Unavailable."""
        journal = self.journal(shelf)
        with outages_named():
            for document in journal.collection.find(wanted, dict.fromkeys(_READ, 1)):
                yield _kept(shelf, journal, document)

    def by(self, name: str, key: str, values: Iterable[Any], *shown: str) -> dict[Any, Document]:
        """The documents of a collection by one of its fields, for these values of it. Raises Unavailable."""
        wanted = list(values)
        if not wanted:
            return {}
        with outages_named():
            found = self.collection(name).find({key: {"$in": wanted}}, dict.fromkeys((key, *shown), 1))
            return {one[key]: one for one in found}


def _kept(shelf: Shelf, journal: Journal[Any], document: Document) -> Kept:
    state, wrong = histories.examine(journal, document, named_after=shelf.code == "_id")
    return Kept(
        id=str(document["_id"]),
        code=str(_at(document, shelf.code) or ""),
        state=state,
        history=document["history"] if state is not None else [],
        documents=[one for one in _at(document, "subject.documents") or [] if isinstance(one, Mapping)],
        wrong=wrong,
    )


def _at(document: Any, path: str) -> Any:
    """What stands at a dotted path, or None."""
    for part in path.split("."):
        document = document.get(part) if isinstance(document, Mapping) else None
    return document
