"""All that the five services have of one dossier, put together for some hundred dossiers at a time."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from services.chassis.store import Document, outages_named
from services.cli.verify import books as shelves
from services.cli.verify.books import SHELVES, Books, Kept, Shelf
from services.cli.verify.published import Published
from services.intake.dossier import Dossier
from services.notify.domain import Notice
from services.payment.order import FeeOrder
from services.registry.domain import Issuance, Record
from services.routing.case import Case

AT_ONCE: Final = 500
Span = Mapping[str, Any]  # which dossier codes: a condition in MongoDB's words
_NONE: Final[Span] = {"$in": [None]}
_CHUNKS_AT_ONCE: Final = 4  # of a megabyte each
_OF_A_FILE: Final = ("length", "chunkSize")


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands beside the histories of some dossiers, by the name under which these speak of it."""

    bills: Mapping[str, Sequence[str]]
    collectors: Mapping[str, str]  # the unit that collects what is not paid yet
    correspondents: Mapping[str, str]  # the unit that is written to, where a dossier was handed on
    receipts: Mapping[str, Document]  # by order
    numbers: Mapping[str, Document]  # by `<dataset>:<dossier code>`
    counters: Mapping[str, int]  # the last number given, by what stands before it in a dossier code
    uploads: Mapping[str, Document]
    files: Mapping[Any, Document]
    chunks: Mapping[Any, int]  # how many a file has
    hashes: Mapping[Any, str] | None = None  # SHA-256 of what a file holds; None where no file was read


@dataclass(frozen=True, slots=True)
class Papers:
    """One dossier in the words of each service. A list holds more than one, or none, only if something is wrong."""

    code: str
    kept: Mapping[str, Sequence[Kept]]  # by the name of the shelf
    beside: Beside
    published: Published

    def on(self, shelf: Shelf) -> Sequence[Kept]:
        """What is on a shelf."""
        return self.kept.get(shelf.name, ())

    def all(self) -> Iterator[tuple[Shelf, Kept]]:
        """Every aggregate."""
        return ((shelf, kept) for shelf in SHELVES for kept in self.on(shelf))

    @property
    def legible(self) -> bool:
        """Whether every state of it can be read."""
        return all(kept.state is not None for _, kept in self.all())

    @property
    def dossiers(self) -> list[Dossier]:
        """At intake."""
        return self._states(shelves.DOSSIERS)

    @property
    def cases(self) -> list[Case]:
        """At routing."""
        return self._states(shelves.CASES)

    @property
    def orders(self) -> list[FeeOrder]:
        """At payment."""
        return self._states(shelves.ORDERS)

    @property
    def bill(self) -> Sequence[str] | None:
        """The ids of the orders, as payment noted them once all were open; None before."""
        return self.beside.bills.get(self.code)

    @property
    def units(self) -> dict[str, str]:
        """The unit that has it as far as payment and notify know."""
        known = {"payment.dossiers": self.beside.collectors, "notify.units": self.beside.correspondents}
        return {name: units[self.code] for name, units in known.items() if self.code in units}

    @property
    def issuances(self) -> list[Issuance]:
        """At registry, before a record."""
        return self._states(shelves.ISSUANCES)

    @property
    def records(self) -> list[Record]:
        """At registry."""
        return self._states(shelves.RECORDS)

    @property
    def notices(self) -> dict[str, Notice]:
        """At notify, by id."""
        return {kept.id: kept.state for kept in self.on(shelves.NOTICES)}

    @property
    def told(self) -> list[Document]:
        """Every event of it but those of its notices, as stored."""
        return [entry for shelf, kept in self.all() if shelf is not shelves.NOTICES for entry in kept.history]

    def _states(self, shelf: Shelf) -> list[Any]:
        return [kept.state for kept in self.on(shelf)]


def spans(books: Books, most: int = AT_ONCE) -> Iterator[Span]:
    """All dossier codes that any service knows, in spans of so many dossiers at most; last what is of no dossier."""
    after, upto = "", _end(books, "", most)
    while upto is not None:
        yield {"$gt": after, "$lte": upto}
        after, upto = upto, _end(books, upto, most)
    yield {"$gt": after}
    yield _NONE


def named(codes: Iterable[str], most: int = AT_ONCE) -> Iterator[list[str]]:
    """Some dossier codes, so many at a time."""
    in_order = sorted(codes)
    return (in_order[start : start + most] for start in range(0, len(in_order), most))


def read_papers(
    books: Books, span: Span, published: Published, codes: Sequence[str] = (), *, reads_files: bool = False
) -> Iterator[Papers]:
    """The dossiers of a span by code, and of `codes` also those that nobody knows. Raises Unavailable."""
    by_code: dict[str, dict[str, list[Kept]]] = defaultdict(lambda: defaultdict(list))
    for shelf in SHELVES:
        for kept in books.read(shelf, {shelf.code: span}):
            by_code[kept.code][shelf.name].append(kept)
    with outages_named():
        bills = {one["_id"]: one for one in books.collection("payment.dossiers").find({"_id": span})}
        moved = {one["_id"]: one["unit"] for one in books.collection("notify.units").find({"_id": span})}
    beside = _beside(books, by_code, bills, moved)
    if reads_files:
        beside = replace(beside, hashes={id_: hash_of(books, id_) for id_ in beside.files})
    for code in sorted({*by_code, *bills, *codes}):
        yield Papers(code, by_code.get(code, {}), beside, published)


def prefix_and_number(code: str) -> tuple[str, int | None]:
    """A dossier code in its two parts: the agency and day, and the number among theirs; None where it is none."""
    prefix, _, number = code.rpartition("-")
    return prefix, int(number) if number.isascii() and number.isdigit() else None


def _end(books: Books, after: str, most: int) -> str | None:
    """The code up to which no shelf holds more than its share of so many dossiers; None when none is that full."""
    ends = []
    for shelf in SHELVES:
        with outages_named():
            found = books.collection(shelf.name).find({shelf.code: {"$gt": after}}, {"_id": 0, shelf.code: 1})
            full = found.sort(shelf.code, 1).skip(most * shelf.of_one - 1).limit(1)
            ends += [one["_id"] if shelf.code == "_id" else one["state"]["dossier_code"] for one in full]
    return min(ends, default=None)


def _beside(
    books: Books,
    by_code: Mapping[str, Mapping[str, list[Kept]]],
    bills: Mapping[str, Document],
    moved: Mapping[str, str],
) -> Beside:
    def each(shelf: Shelf) -> Iterator[Kept]:
        return (kept for kinds in by_code.values() for kept in kinds.get(shelf.name, ()))

    orders = {kept.id for kept in each(shelves.ORDERS)}.union(*(one.get("orders", ()) for one in bills.values()))
    owners = {f"{kept.state.dataset}:{kept.code}" for kept in each(shelves.RECORDS) if kept.state is not None}
    decided = (kept for kept in each(shelves.ISSUANCES) if kept.state is not None and kept.state.decision is not None)
    owners |= {f"{kept.state.decision.dataset}:{kept.code}" for kept in decided}
    prefixes = {prefix_and_number(kept.code)[0] for kept in each(shelves.DOSSIERS)}
    named_ = {str(one.get("upload_id")) for kept in each(shelves.DOSSIERS) for one in kept.documents}
    uploads = books.by("intake.uploads", "_id", named_, "status", "current", "dossier_code")
    files = books.by("intake.papers.files", "_id", {one.get("current") for one in uploads.values()}, *_OF_A_FILE)
    return Beside(
        bills={code: one.get("orders", []) for code, one in bills.items()},
        collectors={code: one.get("unit", "") for code, one in bills.items()},
        correspondents=moved,
        receipts=books.by("payment.receipts", "owner", orders, "series", "number"),
        numbers=books.by("registry.numbers", "owner", owners, "series", "number"),
        counters={id_: one.get("last", 0) for id_, one in books.by("intake.codes", "_id", prefixes, "last").items()},
        uploads=uploads,
        files=files,
        chunks=_chunks(books, list(files)),
    )


def hash_of(books: Books, file_id: Any) -> str:
    """The SHA-256 of a file, read a few chunks at a time. Raises Unavailable."""
    digest = sha256()
    with outages_named():
        found = books.collection("intake.papers.chunks").find({"files_id": file_id}, {"_id": 0, "n": 1, "data": 1})
        for chunk in found.sort("n", 1).batch_size(_CHUNKS_AT_ONCE):
            digest.update(chunk["data"])
    return digest.hexdigest()


def _chunks(books: Books, files: list[Any]) -> Counter[Any]:
    """Counted from the index alone."""
    if not files:
        return Counter()
    with outages_named():
        found = books.collection("intake.papers.chunks").find({"files_id": {"$in": files}}, {"files_id": 1, "_id": 0})
        return Counter(one["files_id"] for one in found)
