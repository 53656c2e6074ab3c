"""No list, look-up or timer reads a whole collection or sorts in memory: the server's own plans say so."""

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import Any, Final

import pytest
from bson import DatetimeConversion, ObjectId
from bson.codec_options import CodecOptions
from pymongo import MongoClient, monitoring
from pymongo.monitoring import CommandListener

from deploy.local.stack import Stack
from services.chassis.cause import Cause
from services.chassis.errors import NotFound
from services.chassis.journal import Journal
from services.chassis.paging import cursor
from services.chassis.projection import Projection
from services.chassis.series import Series
from services.chassis.settings import Settings, read_settings
from services.chassis.wired import Base
from services.intake.papers import Papers
from services.intake.store import DOSSIER, Dossiers
from services.intake.uploads import Uploads
from services.notify.store import NoticeStore
from services.notify.wiring import NOTICE
from services.payment.store import Orders
from services.payment.wiring import ORDER
from services.registry.domain import REVOKED, VALID
from services.registry.holders import Holder
from services.registry.store import Answers, Numbers, Publications, Records, Wanted
from services.registry.wiring import ISSUANCE, PUBLICATION, RECORD
from services.routing import store as routing
from services.routing.store import CaseStore
from services.routing.wiring import CASE
from tests.unit.intake.builders import CODE, Book

pytestmark = pytest.mark.servers
Document = dict[str, Any]
NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
TODAY: Final = NOW.date()
CAUSE: Final = Cause("c", "c", "t")
LIMIT: Final = 20
SEEDED: Final = 3000
_ASKED: Final = ("find", "aggregate", "count", "update", "delete", "findAndModify")
_ANY_DATE: Final[CodecOptions[Document]] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_AUTO)
_OF_THE_SESSION: Final = ("lsid", "txnNumber", "writeConcern", "readConcern")


class Heard(CommandListener):
    """Every question to the server while it listens."""

    def __init__(self) -> None:
        self.listening = False
        self.commands: list[tuple[str, Document]] = []

    def started(self, event: Any) -> None:
        """Take down what is asked."""
        if self.listening and event.command_name in _ASKED:
            self.commands.append((event.database_name, copy.deepcopy(dict(event.command))))

    def succeeded(self, event: Any) -> None:
        """Not of interest."""

    def failed(self, event: Any) -> None:
        """Not of interest."""


HEARD: Final = Heard()
monitoring.register(HEARD)  # clients made from now on


@dataclass
class Shelf:
    """The stores of all services over empty databases of their own, but for some thousand dossiers."""

    bases: Mapping[str, Base]
    dossiers: Dossiers
    uploads: Uploads
    papers: Papers
    publications: Publications
    records: Records
    numbers: Numbers
    answers: Answers
    cases: CaseStore
    orders: Orders
    receipts: Series
    notices: NoticeStore
    projection: Projection
    journals: tuple[Journal[Any], ...]


def base_of(service: str, env: Mapping[str, str]) -> Base:
    """The parts of a service, over a database that nobody else uses."""
    return Base(read_settings(Settings, f"indexes_{service}", env))


@pytest.fixture(scope="module")
def shelf(servers: Stack) -> Iterator[Shelf]:
    """All stores, with the indexes that the services give them."""
    bases = {name: base_of(name, servers.env) for name in ("intake", "registry", "routing", "payment", "notify")}
    data = {name: base.database for name, base in bases.items()}
    dossiers = bases["intake"].journal(DOSSIER, "dossiers")
    records, publications, issuances = (
        bases["registry"].journal(kind, name)
        for kind, name in ((RECORD, "records"), (PUBLICATION, "publications"), (ISSUANCE, "issuances"))
    )
    cases, orders = bases["routing"].journal(CASE, "cases"), bases["payment"].journal(ORDER, "orders")
    notices = bases["notify"].journal(NOTICE, "notices")
    shelf = Shelf(
        bases,
        Dossiers(dossiers),
        Uploads(data["intake"]["uploads"], timedelta(days=1)),
        Papers(data["intake"]),
        Publications(publications),
        Records(records),
        Numbers(data["registry"]["numbers"]),
        Answers(data["registry"]["answers"]),
        CaseStore(cases),
        Orders(orders, data["payment"]["dossiers"]),
        Series(data["payment"]["receipts"]),
        NoticeStore(notices),
        Projection(data["routing"]["catalogue"]),
        (dossiers, records, publications, issuances, cases, orders, notices),
    )
    for part in (*shelf.journals, *(one for one in vars(shelf).values() if hasattr(one, "ensure_indexes"))):
        part.ensure_indexes()
    dossiers.collection.insert_many([seed(dossiers, number) for number in range(SEEDED)])
    yield shelf
    for base in bases.values():
        base.database.client.drop_database(base.database.name)
        base.database.client.close()


def seed(journal: Journal[Any], number: int) -> Document:
    """One of many dossiers: each filter cuts down to another share of them; one unit has a rare status only once."""
    said = {
        "dossier_code": f"{CODE}-{number}",
        "tenant": f"t{number % 2}",
        "procedure": f"p{number % 30}",
        "unit": f"u{number % 10}",
        "submitted_at": NOW + timedelta(minutes=number // 3),
    }
    status = "returned" if number % 7 else "submitted"
    status = "stopped" if number == SEEDED // 2 else status
    state = journal.unstructure(replace(Book().submitted(**said).now, status=status))
    subject = {"owner": f"citizen:{number % 100}", "documents": []}
    return {"_id": said["dossier_code"], "state": state, "history": [], "version": 1, "relayed": 1, "subject": subject}


FILTERS: Final = {"owner": "citizen:5", "tenant": "t1", "procedure": "p5", "unit": "u5", "status": "returned"}
BEHIND: Final = cursor(NOW + timedelta(minutes=SEEDED // 6), f"{CODE}-{SEEDED // 2}")
# which filters an index answers by itself: no more is read than shown
EXACT: Final = (
    (),
    ("owner",),
    ("tenant",),
    ("unit",),
    ("status",),
    ("unit", "status"),
    ("tenant", "status"),
    ("procedure",),
)


def all_of(names: Any) -> Iterator[tuple[str, ...]]:
    """Every choice of some of these."""
    for count in range(len(names) + 1):
        yield from combinations(names, count)


def dossiers_by(names: tuple[str, ...], after: str | None) -> Callable[[Shelf], object]:
    """A page of dossiers, cut down by these filters."""
    wanted = {name: value if name in names else None for name, value in FILTERS.items()}
    return lambda shelf: shelf.dossiers.listed(wanted, LIMIT, after)


def records_by(after: str | None, **wanted: Any) -> Callable[[Shelf], object]:
    """A page of records."""
    return lambda shelf: shelf.records.find(Wanted("d", TODAY, **wanted), LIMIT, after)


def cases_by(order: str, after: bool, **wanted: Any) -> Callable[[Shelf], object]:
    """A page of cases."""
    place = cursor(order, NOW.isoformat(), "c") if after else None
    every = ("opened", "accepted", "in_hand", "supplement_requested")
    return lambda shelf: shelf.cases.page(routing.Wanted(every, **wanted), order, LIMIT, place, NOW)


def orders_by(unit: str | None, status: str | None, after: str | None) -> Callable[[Shelf], object]:
    """A page of orders."""
    return lambda shelf: shelf.orders.page(unit, status, LIMIT, after)


def notices_to(audience: str | None, after: str | None) -> Callable[[Shelf], object]:
    """A page of the notices of a dossier."""
    return lambda shelf: shelf.notices.page("c", audience, LIMIT, after)


def opened(shelf: Shelf) -> None:
    """What a cause opened, in each journal."""
    for journal in shelf.journals:
        assert journal.find_opened(CAUSE) is None


def relayed(shelf: Shelf) -> None:
    """What is late, and what waits."""
    for base in shelf.bases.values():
        base.relay.run_once()
        base.relay.lag()


def not_found(ask: Callable[[Shelf], object]) -> Callable[[Shelf], object]:
    """A question about what is not there."""

    def asked(shelf: Shelf) -> None:
        with pytest.raises(NotFound):
            ask(shelf)

    return asked


HOLDER: Final = Holder("citizen", "Nguyễn Thị Mẫu", "001801000001")
RECORD_BEHIND: Final = cursor(NOW, "d/1")
CASE_FILTERS: Final[tuple[dict[str, Any], ...]] = (
    *({}, {"unit": "u"}, {"unit": "u", "procedure": "p"}, {"unit": "u", "overdue": True}, {"overdue": True}),
    *({"unit": "u", "officer": "o"}, {"unit": "u", "officer": "o", "overdue": False}),
)
PREFIX_FILTERS: Final[tuple[dict[str, Any], ...]] = ({}, {"unit": "u"}, {"owner": HOLDER})
RECORD_FILTERS: Final[dict[str, dict[str, Any]]] = {
    "all": {},
    "of a unit": {"unit": "u"},
    "of their owner": {"owner": HOLDER},
    "by number": {"holder": HOLDER.id},
    "by name": {"holder": HOLDER.name},
    "of a unit by name": {"unit": "u", "holder": HOLDER.name},
    "of some days": {"issued_from": NOW, "issued_before": NOW},
}
QUESTIONS: Final[dict[str, Callable[[Shelf], object]]] = {
    **{
        f"dossiers by {', '.join(names) or 'nothing'}{', next page' if after else ''}": dossiers_by(names, after)
        for names, after in product(all_of(list(FILTERS)), (None, BEHIND))
    },
    "dossier of an upload": lambda shelf: shelf.dossiers.naming("u"),
    "what a cause opened": opened,
    "what is to be published": relayed,
    "upload opened again": lambda shelf: shelf.uploads.open(CAUSE, {"owner": "o", "size": 1}, NOW),
    "ticket": not_found(lambda shelf: shelf.uploads.begin("u", "t", NOW)),
    "uploads of an owner": lambda shelf: shelf.uploads.find(["u"], "o"),
    "uploads to be swept": lambda shelf: shelf.uploads.overdue(NOW),
    "uploads named": lambda shelf: shelf.uploads.name_in("c", ["u"]),
    "papers removed": lambda shelf: shelf.papers.remove([ObjectId()]),
    "paper": not_found(lambda shelf: shelf.papers.open(ObjectId())),
    "publication of a day": lambda shelf: shelf.publications.as_of("t", "unit", "u", TODAY),
    "last publication": lambda shelf: shelf.publications.last("t", "unit", "u"),
    "publications of a tenant": lambda shelf: shelf.publications.listed("unit", "t", TODAY, LIMIT, None),
    "publications of a tenant, next page": lambda shelf: shelf.publications.listed("unit", "t", TODAY, LIMIT, "u"),
    "publications of all tenants": lambda shelf: shelf.publications.listed("tenant", None, TODAY, LIMIT, "t"),
    "record of a dossier": lambda shelf: shelf.records.of_dossier("c"),
    **{
        f"records {what}, {status or 'of any status'}{', next page' if after else ''}": records_by(
            after, status=status, **wanted
        )
        for (what, wanted), status, after in product(
            RECORD_FILTERS.items(), (None, VALID, REVOKED, "expired"), (None, RECORD_BEHIND)
        )
    },
    **{
        f"records by prefix {narrow}{', next page' if after else ''}": records_by(after, number_prefix="1", **narrow)
        for narrow, after in product(PREFIX_FILTERS, (None, cursor("d/1")))
    },
    "number held": lambda shelf: shelf.numbers.is_held("o"),
    "number taken": lambda shelf: shelf.numbers.take("s/2026", "o"),
    "answer given": lambda shelf: shelf.answers.find(CAUSE),
    **{
        f"cases in order of {order} by {', '.join(wanted) or 'nothing'}{', next page' if after else ''}": cases_by(
            order, after, **wanted
        )
        for order, after, wanted in product(routing.ORDERS, (False, True), CASE_FILTERS)
    },
    "clocks that ran out": lambda shelf: list(shelf.cases.ringing(NOW)),
    **{
        f"orders by {unit, status, after}": orders_by(unit, status, after)
        for unit, status, after in product((None, "u"), (None, "paid"), (None, "o"))
    },
    "overdue orders": lambda shelf: shelf.orders.overdue(NOW),
    "silent attempts": lambda shelf: list(shelf.orders.claim_silent(NOW, NOW, lambda _order: NOW)),
    "order of an attempt": lambda shelf: shelf.orders.find_by_attempt("r"),
    "orders of a dossier": not_found(lambda shelf: shelf.orders.bill("c")),
    "receipt number": lambda shelf: shelf.receipts.take("s", "o"),
    **{
        f"notices to {audience}{', next page' if after else ''}": notices_to(audience, after)
        for audience, after in product((None, "applicant"), (None, f"1.{'0' * 36}"))
    },
    "document of the projection": lambda shelf: shelf.projection.as_of("t", "unit", "u", date(2026, 1, 1)),
    "documents of the projection": lambda shelf: shelf.projection.listed("t", "unit", TODAY, after="u"),
}


@contextmanager
def overheard() -> Iterator[list[tuple[str, Document]]]:
    """What is asked of the server inside."""
    HEARD.commands, HEARD.listening = [], True
    try:
        yield HEARD.commands
    finally:
        HEARD.listening = False


def explained(shelf: Shelf, database: str, command: Document) -> Document:
    """The server's plan for a command, and what it read."""
    asked = {name: value for name, value in command.items() if name not in _OF_THE_SESSION and not name.startswith("$")}
    client: MongoClient[Document] = shelf.bases["intake"].database.client
    plan: Document = client[database].command("explain", asked, verbosity="executionStats", codec_options=_ANY_DATE)
    return plan


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


@pytest.mark.parametrize("question", QUESTIONS)
def test_nothing_is_read_whole_and_nothing_is_sorted(shelf: Shelf, question: str) -> None:
    with overheard() as commands:
        QUESTIONS[question](shelf)
    assert commands, "nothing was asked"
    for database, command in list(commands):
        found = set(stages(explained(shelf, database, command)))
        assert not found & {"COLLSCAN", "SORT"}, (command, found)


@pytest.mark.parametrize("names", EXACT, ids=", ".join)
@pytest.mark.parametrize("after", [None, BEHIND], ids=["first page", "next page"])
def test_a_page_of_dossiers_costs_a_page(shelf: Shelf, names: tuple[str, ...], after: str | None) -> None:
    with overheard() as commands:
        dossiers_by(names, after)(shelf)
    ((database, command),) = commands
    assert explained(shelf, database, command)["executionStats"]["totalDocsExamined"] <= 2 * LIMIT


def test_a_rare_status_is_found_without_looking_through_the_common_ones(shelf: Shelf) -> None:
    for where in ({"unit": f"u{SEEDED // 2 % 10}"}, {"tenant": f"t{SEEDED // 2 % 2}"}, {}):
        wanted = {**dict.fromkeys(FILTERS), **where, "status": "stopped"}
        with overheard() as commands:
            (found,), following = shelf.dossiers.listed(wanted, LIMIT, None)
        assert (found.dossier_code, following) == (f"{CODE}-{SEEDED // 2}", None)
        ((database, command),) = commands
        assert explained(shelf, database, command)["executionStats"]["totalDocsExamined"] <= 2
