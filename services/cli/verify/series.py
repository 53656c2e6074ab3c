"""The series of numbers: no gap, no twin, and no number that was taken for what does not exist."""

from collections.abc import Collection, Iterable, Iterator
from itertools import groupby, islice
from typing import Any, Final

from services.chassis.store import Document, outages_named
from services.cli.layout import some
from services.cli.verify import books as shelves
from services.cli.verify.books import Books
from services.cli.verify.finding import Finding
from services.cli.verify.papers import AT_ONCE

Key = tuple[str, Any]
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

    @staticmethod
    def _counted(name: str, taken: Any) -> Iterator[Looked]:
        for series, of_it in groupby(taken, key=lambda one: one.get("series")):
            yield (name, series), [Finding("", f"{name} {series}", wrong) for wrong in _gaps(of_it)]


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
                while several := list(islice(taken, AT_ONCE)):
                    yield from (((name, one.get("owner")), found) for one, found in judge(several))

    def _orders(self, several: list[Document]) -> Iterator[tuple[Document, list[Finding]]]:
        there = self._books.by(shelves.ORDERS.name, "_id", {one.get("owner") for one in several})
        for one in several:
            code = str(one.get("owner")).rpartition("-")[0]
            wrong = f"{_named(one)} was taken for an order that is not there"
            found = [Finding(code, f"payment.receipts {one.get('owner')}", wrong)]
            yield one, [] if one.get("owner") in there else found

    def _issuances(self, several: list[Document]) -> Iterator[tuple[Document, list[Finding]]]:
        owners = [str(one.get("owner")).partition(":") for one in several]
        there = self._books.by(shelves.ISSUANCES.name, "_id", {code for _, _, code in owners}, "state.decision.dataset")
        for one, (dataset, _, code) in zip(several, owners, strict=True):
            decision = there.get(code, {}).get("state", {}).get("decision") or {}
            wrong = f"{_named(one)} was taken for a dossier that was not granted"
            found = [Finding(code, f"registry.numbers {one.get('owner')}", wrong)]
            yield one, [] if decision.get("dataset") == dataset else found


def _gaps(taken: Iterable[Document]) -> Iterator[str]:
    """What is wrong with the numbers of a series, which come in order."""
    last = 0
    for number in (one.get("number") for one in taken):
        if not isinstance(number, int):
            yield "a number of it is none"
            continue
        if number <= last:
            yield f"number {number} was taken twice"
        elif number > last + 1:
            missing = f"{last + 1}" if number == last + 2 else f"{last + 1} to {number - 1}"
            yield f"{some(number - last - 1, 'numbers')} missing: {missing}"
        last = number


def _named(one: Document) -> str:
    return f"number {one.get('number')} of {one.get('series')}"
