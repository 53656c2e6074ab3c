"""The series of numbers: no gap, no twin, and no number that was taken for what does not exist."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any, Final

from services.chassis.store import Document, outages_named
from services.cli.verify import books as shelves
from services.cli.verify.books import Books
from services.cli.verify.finding import Finding, phrase
from services.cli.verify.papers import AT_ONCE

Key = tuple[str, str]
Looked = tuple[Key, list[Finding]]
SERIES: Final = ("payment.receipts", "registry.numbers")
_IN_ORDER: Final = [("series", -1), ("number", 1)]  # as the index has it, read backwards


class Gaps:
    """Every series, number by number. A key is a collection and a series."""

    name, passes = "series", True

    def __init__(self, books: Books) -> None:
        self._books = books

    def size(self) -> int:
        """Nobody knows before."""
        return 0

    def look(self, keys: Collection[Key] | None = None) -> Iterator[Looked]:
        """Each series with what is wrong with it; or those of `keys` again."""
        for name in SERIES:
            wanted = {} if keys is None else {"series": {"$in": [series for of, series in keys if of == name]}}
            with outages_named():
                yield from self._counted(name, self._books.collection(name).find(wanted).sort(_IN_ORDER))

    def _counted(self, name: str, taken: Any) -> Iterator[Looked]:
        series, last, found = None, 0, list[Finding]()
        for one in taken:
            if one["series"] != series:
                if series is not None:
                    yield (name, series), found
                series, last, found = one["series"], 0, []
            found += (Finding("", f"{name} {series}", wrong) for wrong in _step(last, one["number"]))
            last = one["number"] if isinstance(one["number"], int) else last
        if series is not None:
            yield (name, series), found


class Owners:
    """Every number that was taken, and whether its order or its dossier is there. A key is a collection and an owner.

    Whether what is there carries the number is looked at with its dossier.
    """

    name, passes = "numbers", True

    def __init__(self, books: Books) -> None:
        self._books = books

    def size(self) -> int:
        """How many numbers were taken, about."""
        with outages_named():
            return sum(int(self._books.collection(name).estimated_document_count()) for name in SERIES)

    def look(self, keys: Collection[Key] | None = None) -> Iterator[Looked]:
        """Each number with what is wrong with it; or those of `keys` again."""
        for name, judge in zip(SERIES, (self._orders, self._issuances), strict=True):
            wanted = {} if keys is None else {"owner": {"$in": [owner for of, owner in keys if of == name]}}
            with outages_named():
                taken = iter(self._books.collection(name).find(wanted))
                while some := list(islice(taken, AT_ONCE)):
                    yield from (((name, one["owner"]), found) for one, found in judge(some))

    def _orders(self, some: list[Document]) -> Iterator[tuple[Document, list[Finding]]]:
        there = self._books.by(shelves.ORDERS.name, "_id", {one["owner"] for one in some})
        for one in some:
            code, where = one["owner"].rpartition("-")[0], f"payment.receipts {one['owner']}"
            wrong = f"number {one['number']} of {one['series']} was taken for an order that is not there"
            yield one, [] if one["owner"] in there else [Finding(code, where, wrong)]

    def _issuances(self, some: list[Document]) -> Iterator[tuple[Document, list[Finding]]]:
        codes = {one["owner"].partition(":")[2] for one in some}
        there = self._books.by(shelves.ISSUANCES.name, "_id", codes, "state.decision.dataset")
        for one in some:
            dataset, _, code = one["owner"].partition(":")
            decision = there.get(code, {}).get("state", {}).get("decision") or {}
            wrong = f"number {one['number']} of {one['series']} was taken for a dossier that was not granted"
            found = [Finding(code, f"registry.numbers {one['owner']}", wrong)]
            yield one, [] if decision.get("dataset") == dataset else found


def _step(last: int, number: object) -> Iterator[str]:
    if not isinstance(number, int):
        yield "a number of it is none"
    elif number <= last:
        yield f"number {number} was taken twice"
    elif number > last + 1:
        missing = f"{last + 1}" if number == last + 2 else f"{last + 1} to {number - 1}"
        yield f"{phrase(number - last - 1, 'number')} missing: {missing}"
