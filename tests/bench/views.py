"""The pages that are opened, each with what it must show: as the stores tell it, asked in the plainest way.

A page that does not show what was filled in has no figure.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from services.contracts.catalogue.dates import local_day, local_midnight
from tests.bench.books import Books, Document
from tests.bench.unit import OFFICERS, UNIT

QUEUE_ROWS, LIST_ROWS, REGISTER_ROWS = 50, 20, 200
OFFICER, APPLICANT, OPERATOR, ANYBODY = "officer", "applicant", "operator", "anybody"
_OPEN: Final = ("opened", "supplement_requested", "accepted", "in_hand", "proposed")
AT_WORK: Final[Document] = {"status": {"$in": list(_OPEN)}}
_CLOSED: Final = ("decided", "rejected", "stopped", "withdrawn")
_ROW: Final = re.compile(r"data-open>([^<]+)</a>")
_CODE: Final = re.compile(r'<span class="code">([^<]+)</span>')
_LINE: Final = re.compile(r'class="slip-address">([^<]+)</span></td>')
_NEXT: Final = re.compile(r'rel="next" href="([^"]+)"')
_SEARCHED: Final = "/ban-lam-viec"
_SET: Final = datetime(1970, 1, 1, tzinfo=UTC)
Shows = Callable[[str], str]  # what is wrong with a page, nothing where all is right


@dataclass(frozen=True)
class Ask:
    """One address, and what its page must show."""

    path: str
    shows: Shows
    form: Mapping[str, str] | None = None


@dataclass(frozen=True)
class View:
    """A kind of page: its addresses take turns."""

    name: str
    visitor: str
    asks: Sequence[Ask]


@dataclass(frozen=True)
class Applicant:
    """Whoever has most dossiers of those looked at."""

    kind: str
    id: str
    name: str


@dataclass(frozen=True)
class Stock:
    """What is in the stores, as far as the pages show it."""

    books: Books
    cases: Sequence[Document]  # some, of routing
    dossiers: Sequence[Document]  # the same, of intake
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def read(cls, books: Books, codes: Sequence[str]) -> "Stock":
        """That of these codes."""
        wanted = {"_id": {"$in": list(codes)}}
        return cls(books, books.found("routing.cases", wanted), books.found("intake.dossiers", wanted))

    @property
    def applicant(self) -> Applicant:
        """Somebody who has handed in dossiers."""
        owners = {one["subject"]["owner"]: one["subject"]["applicant"] for one in self.dossiers}
        owner = max(owners, key=lambda one: len(self.of_owner(one)))
        kind, _, number = owner.partition(":")
        return Applicant(kind, number, str(owners[owner]["name"]))

    def of_owner(self, owner: str) -> list[str]:
        """His dossiers, the newest first."""
        found = self.books.found("intake.dossiers", {"subject.owner": owner})
        return [one["_id"] for one in sorted(found, key=lambda one: one["state"]["submitted_at"], reverse=True)]

    def ordered(self, by: str, sign: int, wanted: Document, skip: int = 0) -> list[str]:
        """The codes of the unit's cases on one page of its queue."""
        found = self.books.client["motcua_routing"]["cases"].find(_of_unit(wanted), {"_id": 1})
        page = found.sort([(f"state.{by}", sign), ("_id", sign)]).skip(skip).limit(QUEUE_ROWS)
        return [str(one["_id"]) for one in page]

    @property
    def next_due(self) -> datetime:
        """When some clock runs out that has not yet."""
        (found,) = self.books.found("routing.cases", _of_unit({"overdue_at": {"$gte": self.now}}), most=1)
        due_at: datetime = found["state"]["overdue_at"]
        return due_at

    def received(self, since: datetime, until: datetime) -> list[str]:
        """The unit's dossiers of a period on one page of its register."""
        found = self.books.client["motcua_intake"]["dossiers"].find(
            {"state.unit": UNIT, "state.submitted_at": {"$gte": since, "$lt": until}}, {"_id": 1}
        )
        return [str(one["_id"]) for one in found.sort([("state.submitted_at", 1), ("_id", 1)]).limit(REGISTER_ROWS)]

    def count(self, wanted: Document) -> int:
        """How many cases of the unit there are like that."""
        return int(self.books.client["motcua_routing"]["cases"].count_documents(_of_unit(wanted)))


def _of_unit(wanted: Mapping[str, Any]) -> Document:
    return {"state.unit": UNIT, **{f"state.{name}": value for name, value in wanted.items()}}


def views(stock: Stock, first: str) -> list[View]:
    """Every page that lists or shows dossiers; `first` is the first page of the queue, as it came."""
    return [*_queues(stock), *_searches(stock), *_desk(stock, first), *_of_applicant(stock), *_of_others(stock)]


def _queues(stock: Stock) -> Iterator[View]:
    """The queue with every filter and order that it offers, alone and a few together."""
    at_work, me = AT_WORK["status"], OFFICERS[0]
    (own,) = stock.books.found("routing.cases", _of_unit({"status": "in_hand", "officer": me}), most=1)
    procedure = str(own["state"]["procedure"])
    late, soon = {"$gt": _SET, "$lt": stock.now}, {"$gte": stock.now}
    due, age = ("next_due_at", 1), ("opened_at", 1)
    clock, newest = ("overdue_at", 1), ("opened_at", -1)
    mine = {"status": at_work, "officer": me, "procedure": procedure}

    def view(name: str, by: tuple[str, int], wanted: Document, **address: str) -> View:
        expected = _rows(stock.ordered(*by, wanted), or_fewer="at_risk" in address.values())
        return View(f"queue {name}", OFFICER, [Ask(f"/ban-lam-viec?{urlencode(address)}", expected)])

    yield from (view(f"of {status}", due, {"status": status}, status=status) for status in _OPEN)
    yield view("of closed, newest first", newest, {"status": {"$in": list(_CLOSED)}}, status="closed", order="newest")
    yield view("of all, oldest first", age, {}, status="any", order="opened")
    yield view("of an officer", due, {"status": at_work, "officer": me}, officer="me")
    yield view("of nobody", due, {"status": at_work, "officer": None}, officer="none")
    yield view("of a procedure", due, {"status": at_work, "procedure": procedure}, procedure=procedure)
    both = {"officer": "me", "procedure": procedure, "order": "newest"}
    yield view("of a procedure and an officer, newest first", newest, mine, **both)
    yield view("overdue", clock, {"overdue_at": late}, late="overdue")
    yield view("at risk", clock, {"overdue_at": soon}, late="at_risk")
    day = local_day(stock.next_due)
    on_that_day = {"$gte": local_midnight(day), "$lt": local_midnight(day + timedelta(days=1))}
    yield view("due on a day", clock, {"overdue_at": on_that_day}, due_from=day.isoformat(), due_to=day.isoformat())
    mine_soon = {"status": at_work, "officer": me, "overdue_at": soon}
    yield view("of an officer, at risk", due, mine_soon, officer="me", late="at_risk")


def _searches(stock: Stock) -> Iterator[View]:
    """By the beginning of a code, by what follows the unit's prefix in it, and by all of it, which opens the case."""
    some = stock.books.found("routing.cases", _of_unit({"status": "in_hand"}), most=4)
    days = [one["_id"].rpartition("-")[0] for one in some]

    def listed(day: str) -> list[str]:
        wanted = {**_of_unit(AT_WORK), "_id": {"$gte": f"{day}-", "$lt": f"{day}."}}
        found = stock.books.client["motcua_routing"]["cases"].find(wanted, {"_id": 1})
        return [str(one["_id"]) for one in found.sort("_id", 1).limit(QUEUE_ROWS)]

    asks = [Ask(f"/ban-lam-viec?q={typed}", _rows(listed(day))) for day in days for typed in (day, day[-6:])]
    yield View("queue searched by a day", OFFICER, asks)
    whole = [Ask(f"/ban-lam-viec?q={one['_id']}", _has(f"<title>{one['_id']}")) for one in some]
    yield View("queue searched by a code", OFFICER, whole)
    found = [one for one in stock.dossiers if one["_id"] in {case["_id"] for case in stock.cases}]
    by_number = [_search(one, one["subject"]["owner"].partition(":")[2]) for one in found]
    yield View("queue searched by an applicant's number", OFFICER, by_number)
    by_name = [_search(one, one["subject"]["applicant"]["name"]) for one in found]
    yield View("queue searched by an applicant's name", OFFICER, by_name)
    often = found[0]["subject"]["applicant"]["name"].split()[0]
    yield View(
        "queue searched by a word of most names", OFFICER, [Ask(_SEARCHED, _is_cut, {"q": often, "status": "any"})]
    )


def _search(dossier: Document, typed: str) -> Ask:
    """By what its applicant is known by: the dossier is among those that are found."""
    return Ask(_SEARCHED, _has(f"data-open>{dossier['_id']}<"), {"q": typed, "status": "any"})


def _is_cut(page: str) -> str:
    """More was found than is shown."""
    found = _ROW.findall(page)
    is_cut = "Có nhiều hồ sơ khớp hơn" in page and len(found) == QUEUE_ROWS
    return "" if is_cut else f"{len(found)} rows, and nothing of more"


def _desk(stock: Stock, first: str) -> Iterator[View]:
    """The first page and the next, what falls due when, who has how much, and cases."""
    counted = _has(f'<span class="count">{_number(stock.count(AT_WORK))}</span>')
    rows, following = (_rows(stock.ordered("next_due_at", 1, AT_WORK, skip)) for skip in (0, QUEUE_ROWS))
    yield View("queue", OFFICER, [Ask("/ban-lam-viec", _both(rows, counted))])
    yield View("queue, next page", OFFICER, [Ask(_next(first), following)])
    overdue = stock.count({"overdue_at": {"$gt": _SET, "$lt": stock.now}})
    yield View("calendar", OFFICER, [Ask("/ban-lam-viec/lich", _has(f"{overdue} hồ sơ đã quá hạn"))])
    unassigned = _number(stock.count({**AT_WORK, "officer": None}))
    loads = _has(f">{unassigned}</td>", *(f">{officer}</a>" for officer in OFFICERS))
    yield View("load of each officer", OFFICER, [Ask("/ban-lam-viec/khoi-luong", loads)])
    yield View("register of a month", OFFICER, [_register(stock, one) for one in stock.dossiers])
    yield View("case", OFFICER, [Ask(f"/ban-lam-viec/{one['_id']}", _case(one)) for one in stock.dossiers])


def _register(stock: Stock, dossier: Document) -> Ask:
    """That of the month in which this dossier came."""
    first = local_day(dossier["state"]["submitted_at"]).replace(day=1)
    after = (first + timedelta(days=31)).replace(day=1)
    expected = stock.received(local_midnight(first), local_midnight(after))
    period = urlencode({"tu": first.isoformat(), "den": (after - timedelta(days=1)).isoformat()})

    def shows(page: str) -> str:
        found = _LINE.findall(page)
        return "" if found == expected else f"{len(found)} lines from {found[:1]}, not {len(expected)}"

    return Ask(f"/ban-lam-viec/so-theo-doi?{period}", shows)


def _of_applicant(stock: Stock) -> Iterator[View]:
    who = stock.applicant
    own = stock.of_owner(f"{who.kind}:{who.id}")
    yield View("my dossiers", APPLICANT, [Ask("/ho-so", _listed(own[:LIST_ROWS]))])
    yield View("my dossier", APPLICANT, [Ask(f"/ho-so/{code}", _has('class="timeline', code)) for code in own])
    progress = [Ask(f"/ho-so/{code}/hien-trang", _has('class="timeline')) for code in own]
    yield View("my dossier, asked again by its script", APPLICANT, progress)


def _of_others(stock: Stock) -> Iterator[View]:
    """Whoever leads, and whoever only knows a number."""
    count = _number(stock.count(AT_WORK))
    boards = [Ask(f"/dieu-hanh/?days={days}", _has(f">{count}</td>")) for days in (30, 365)]
    yield View("board", OPERATOR, boards)
    looked_up = [
        Ask("/tra-cuu", _has(one["_id"]), {"code": one["_id"], "id_number": one["subject"]["owner"].partition(":")[2]})
        for one in stock.dossiers
    ]
    yield View("look-up of a dossier", ANYBODY, looked_up)
    records = stock.books.found(
        "registry.records", {"state.dossier_code": {"$in": [one["_id"] for one in stock.cases]}}
    )
    licences = [(one["state"]["dataset"], one["state"]["number"]) for one in records]
    verified = [Ask(f"/kiem-tra/{dataset}/{number}", _has(number)) for dataset, number in licences]
    yield View("check of a licence", ANYBODY, verified)


def _rows(expected: Sequence[str], or_fewer: bool = False) -> Shows:
    """These cases, in this order; or the first of them: what is at risk ends somewhere, as routing knows."""

    def shows(page: str) -> str:
        found = _ROW.findall(page)
        wanted = list(expected[: len(found)] if or_fewer else expected)
        return "" if found == wanted and found else f"{len(found)} rows from {found[:1]}, not {expected[:1]}"

    return shows


def _listed(expected: Sequence[str]) -> Shows:
    """These dossiers, in whichever order, some of them twice."""

    def shows(page: str) -> str:
        missing = set(expected).difference(_CODE.findall(page))
        return f"without {min(missing)}" if missing else ""

    return shows


def _case(dossier: Document) -> Shows:
    papers = [one["filename"] for one in dossier["subject"]["documents"][:1]]
    return _has(dossier["_id"], 'class="timeline"', *papers)


def _has(*texts: str) -> Shows:
    return lambda page: next((f"without {text}" for text in texts if text not in page), "")


def _both(*several: Shows) -> Shows:
    return lambda page: next(filter(None, (one(page) for one in several)), "")


def _next(page: str) -> str:
    found = _NEXT.search(page)
    return found[1].replace("&amp;", "&") if found else "/ban-lam-viec?after=none"


def _number(count: int) -> str:
    """As it is written in Vietnam."""
    return f"{count:,}".replace(",", ".")
