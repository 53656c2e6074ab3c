"""The stores of all five services over some databases, and what they ask of the server, overheard and explained."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import takewhile
from typing import Any, Final

from bson import DatetimeConversion
from bson.codec_options import CodecOptions
from pymongo import MongoClient, monitoring
from pymongo.monitoring import CommandListener

from services.chassis.journal import Journal
from services.chassis.projection import Projection
from services.chassis.series import Series
from services.chassis.settings import Settings, read_settings
from services.chassis.wired import Base
from services.contracts.events import PUBLISHERS
from services.intake.drafts import Drafts
from services.intake.finding import Finding
from services.intake.papers import Papers
from services.intake.store import DOSSIER, Dossiers
from services.intake.tallies import Tallies
from services.intake.uploads import Uploads
from services.notify.store import NoticeStore
from services.notify.webhook_store import WebhookStore
from services.notify.wiring import NOTICE
from services.payment.store import Orders
from services.payment.wiring import ORDER
from services.registry.store import Answers, Numbers, Publications, Records
from services.registry.wiring import ISSUANCE, PUBLICATION, RECORD
from services.routing.figures import Figures
from services.routing.store import CaseStore
from services.routing.wiring import CASE

Document = dict[str, Any]
_ASKED: Final = ("find", "aggregate", "count", "distinct", "update", "delete", "findAndModify")
_REST: Final = "getMore"  # of the answer to what was asked before
_ANY_DATE: Final[CodecOptions[Document]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
_OF_THE_SESSION: Final = ("lsid", "txnNumber", "writeConcern", "readConcern")


class Heard(CommandListener):
    """Every question to the server while it listens, and how many seconds each answer took, as the client saw it."""

    def __init__(self) -> None:
        self.listening = False
        self.commands: list[tuple[str, Document]] = []
        self.seconds: list[float] = []

    def started(self, event: Any) -> None:
        """Take down what is asked."""
        if self.listening and event.command_name in _ASKED:
            self.commands.append((event.database_name, copy.deepcopy(dict(event.command))))

    def succeeded(self, event: Any) -> None:
        """Take down how long it took."""
        if not self.listening:
            return
        took = event.duration_micros / 1_000_000
        if event.command_name in _ASKED:
            self.seconds.append(took)
        elif event.command_name == _REST:
            self.seconds[-1] += took

    def failed(self, event: Any) -> None:
        """Not of interest."""


HEARD: Final = Heard()
monitoring.register(HEARD)  # clients made from now on


@contextmanager
def overheard() -> Iterator[list[tuple[str, Document]]]:
    """What is asked of the server inside; `HEARD.seconds` says how long each answer took."""
    HEARD.commands, HEARD.seconds, HEARD.listening = [], [], True
    try:
        yield HEARD.commands
    finally:
        HEARD.listening = False


@dataclass
class Shelf:
    """The stores of all services."""

    bases: Mapping[str, Base]
    dossiers: Dossiers
    uploads: Uploads
    papers: Papers
    drafts: Drafts
    tallies: Tallies
    finding: Finding
    publications: Publications
    records: Records
    numbers: Numbers
    answers: Answers
    cases: CaseStore
    figures: Figures
    orders: Orders
    receipts: Series
    notices: NoticeStore
    webhooks: WebhookStore
    projection: Projection
    journals: tuple[Journal[Any], ...]

    @property
    def client(self) -> MongoClient[Document]:
        """One of its connections."""
        return self.bases["intake"].database.client

    def ensure_indexes(self) -> None:
        """The indexes that the services give themselves."""
        for part in (*self.journals, *(one for one in vars(self).values() if hasattr(one, "ensure_indexes"))):
            part.ensure_indexes()

    def close(self) -> None:
        """Close all connections."""
        for base in self.bases.values():
            base.database.client.close()


def shelf_over(env: Mapping[str, str], prefix: str = "") -> Shelf:
    """The stores over the databases of the services; with a prefix, over others that nobody else uses."""
    bases = {name: Base(read_settings(Settings, f"{prefix}{name}", env)) for name in PUBLISHERS}
    data = {name: base.database for name, base in bases.items()}
    dossiers = bases["intake"].journal(DOSSIER, "dossiers")
    records, publications, issuances = (
        bases["registry"].journal(kind, name)
        for kind, name in ((RECORD, "records"), (PUBLICATION, "publications"), (ISSUANCE, "issuances"))
    )
    cases, orders = bases["routing"].journal(CASE, "cases"), bases["payment"].journal(ORDER, "orders")
    notices = bases["notify"].journal(NOTICE, "notices")
    return Shelf(
        bases,
        Dossiers(dossiers),
        Uploads(data["intake"]["uploads"], timedelta(days=1)),
        Papers(data["intake"]),
        Drafts(data["intake"]["drafts"]),
        Tallies(*(data["intake"][name] for name in ("tally_months", "tallies", "dossiers"))),
        Finding(data["intake"]["dossiers"]),
        Publications(publications),
        Records(records),
        Numbers(data["registry"]["numbers"]),
        Answers(data["registry"]["answers"]),
        CaseStore(cases),
        Figures(cases),
        Orders(orders, data["payment"]["dossiers"]),
        Series(data["payment"]["receipts"]),
        NoticeStore(notices),
        WebhookStore(data["notify"]),
        Projection(data["routing"]["catalogue"]),
        (dossiers, records, publications, issuances, cases, orders, notices),
    )


def explained(client: MongoClient[Document], database: str, command: Document) -> Document:
    """The server's plan for a command, and what it read."""
    asked = {name: value for name, value in command.items() if name not in _OF_THE_SESSION and not name.startswith("$")}
    plan: Document = client[database].command("explain", asked, verbosity="executionStats", codec_options=_ANY_DATE)
    return plan


@dataclass(frozen=True)
class Read:
    """What the server read for an answer: keys of indexes, documents; and how many it found, or counted."""

    keys: int
    documents: int
    found: int

    def __add__(self, other: "Read") -> "Read":
        return Read(self.keys + other.keys, self.documents + other.documents, self.found + other.found)


NOTHING_READ: Final = Read(0, 0, 0)


def what_was_read(client: MongoClient[Document], database: str, command: Document, plan: Document) -> Read:
    """What was read for a command, by its own `plan`. Of an aggregation what it puts together is counted again."""
    keys, documents = (sum(_told(plan, name)) for name in ("totalKeysExamined", "totalDocsExamined"))
    if "aggregate" not in command:
        return Read(keys, documents, sum(_told(plan, "executionStats", "nReturned")))
    before = list(takewhile(lambda stage: "$group" not in stage, command["pipeline"]))
    hint = {"hint": command["hint"]} if "hint" in command else {}
    counted = client[database][command["aggregate"]].aggregate([*before, {"$count": "n"}], **hint)
    return Read(keys, documents, sum(one["n"] for one in counted))


def _told(plan: Any, *path: str) -> Iterator[int]:
    """The numbers that stand under this path, wherever it begins in the plan."""
    if isinstance(plan, list):
        for inner in plan:
            yield from _told(inner, *path)
    elif isinstance(plan, dict):
        here: Any = plan
        for name in path:
            here = here.get(name) if isinstance(here, dict) else None
        if isinstance(here, int):
            yield here
        else:
            for inner in plan.values():
                yield from _told(inner, *path)


def stages(plan: Any) -> Iterator[str]:
    """Every stage of the plan that was chosen."""
    if isinstance(plan, dict):
        if isinstance(plan.get("stage"), str):
            yield plan["stage"]
        for name, inner in plan.items():
            if name != "rejectedPlans":
                yield from stages(inner)
    elif isinstance(plan, list):
        for inner in plan:
            yield from stages(inner)
