"""What the five services have written down, read straight from their databases with their own aggregates."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final, Self

from bson.codec_options import CodecOptions
from pymongo import MongoClient

from services.chassis.journal import Aggregate, Journal
from services.intake.dossier import Dossier
from services.intake.store import DOSSIER
from services.notify.domain import Notice
from services.notify.wiring import NOTICE
from services.payment.order import FeeOrder
from services.payment.wiring import ORDER
from services.registry.domain import Issuance, Record
from services.registry.wiring import ISSUANCE, PUBLICATION, RECORD
from services.routing.case import Case
from services.routing.wiring import CASE

JOURNALS: Final[Mapping[str, Aggregate[Any]]] = {
    "intake.dossiers": DOSSIER,
    "routing.cases": CASE,
    "payment.orders": ORDER,
    "registry.publications": PUBLICATION,
    "registry.issuances": ISSUANCE,
    "registry.records": RECORD,
    "notify.notices": NOTICE,
}


@dataclass(frozen=True)
class Kept:
    """One aggregate as it is stored: its state and its history."""

    id: str
    state: Any
    history: list[dict[str, Any]]


@dataclass(frozen=True)
class Papers:
    """All that the five services have of one dossier."""

    code: str
    dossiers: list[Dossier]
    cases: list[Case]
    bill: list[str]
    orders: list[FeeOrder]
    issuances: list[Issuance]
    records: list[Record]
    notices: dict[str, Notice]
    history: list[dict[str, Any]]


class Books:
    """The five databases of a stack, for reading."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(env["MOTCUA_MONGO_URI"])

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def collection(self, name: str) -> Any:
        """A collection, named `<service>.<collection>`."""
        service, _, collection = name.partition(".")
        database = self._client[f"motcua_{service}"]
        return database.get_collection(collection, CodecOptions(tz_aware=True, tzinfo=UTC))

    def names(self) -> list[str]:
        """Every collection of the five services."""
        services = sorted({name.partition(".")[0] for name in JOURNALS})
        return [f"{one}.{name}" for one in services for name in self._client[f"motcua_{one}"].list_collection_names()]

    def journal(self, name: str) -> Journal[Any]:
        """A journal over a collection of histories."""
        return Journal(JOURNALS[name], self.collection(name), lambda _journal, _id: None)

    def kept(self, name: str, wanted: Mapping[str, Any] | None = None) -> list[Kept]:
        """Everything in a journal, or what is wanted of it."""
        journal = self.journal(name)
        found = journal.collection.find(wanted or {})
        return [Kept(one["_id"], journal.parse(one).state, one["history"]) for one in found]


def read_papers(books: Books, codes: Collection[str]) -> list[Papers]:
    """What the services have of these dossiers."""
    wanted = {"state.dossier_code": {"$in": list(codes)}}
    by_code: dict[str, dict[str, list[Kept]]] = defaultdict(lambda: defaultdict(list))
    for name in JOURNALS:
        for kept in books.kept(name, wanted):
            by_code[kept.state.dossier_code][name].append(kept)
    bills = {bill["_id"]: bill["orders"] for bill in books.collection("payment.dossiers").find({})}
    return [_papers(code, by_code[code], bills.get(code, ["no bill"])) for code in codes]


def _papers(code: str, kept: Mapping[str, list[Kept]], bill: list[str]) -> Papers:
    states = {name: [one.state for one in kept.get(name, [])] for name in JOURNALS}
    told = [entry for name, all_ in kept.items() if name != "notify.notices" for one in all_ for entry in one.history]
    return Papers(
        code=code,
        dossiers=states["intake.dossiers"],
        cases=states["routing.cases"],
        bill=bill,
        orders=states["payment.orders"],
        issuances=states["registry.issuances"],
        records=states["registry.records"],
        notices={one.id: one.state for one in kept.get("notify.notices", [])},
        history=told,
    )
