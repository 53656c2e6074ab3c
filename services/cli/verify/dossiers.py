"""Every dossier: the histories that belong to it, and everything that must hold between them."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from services.chassis import chain
from services.chassis.store import outages_named
from services.cli.verify import books as shelves
from services.cli.verify import files, money, notices, numbers, prices, stories, sums
from services.cli.verify.books import Books
from services.cli.verify.finding import Finding, Said
from services.cli.verify.papers import Papers, named, read_papers, spans
from services.cli.verify.published import Published
from services.cli.verify.sums import Sum

Looked = tuple[str, list[Finding]]
NOT_DELIVERED: Final = "notices that could not be delivered"
AT_THE_COUNTER: Final = "refunds to be paid out at a counter"
UNCHAINED: Final = "histories whose last event an earlier release wrote: not chained"
UNDECIDED: Final = "payments that the gateway never decided on, of fees that are still to be paid"


@dataclass
class Account:
    """What is counted of dossiers beside what is wrong with them."""

    sum: Sum = field(default_factory=Sum)
    notes: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "Account") -> "Account":
        return Account(self.sum + other.sum, self.notes + other.notes)


class Dossiers:
    """All dossiers, or those of some codes; `told` when their notices must have been sent.

    Where it `reads_files`, each file of each is read whole and compared with the hash of what was handed in.
    """

    name, passes = "dossiers", True

    def __init__(
        self,
        books: Books,
        codes: Collection[str] | None = None,
        *,
        told: bool = True,
        reads_files: bool = False,
    ) -> None:
        self._books, self._codes, self._told, self._reads_files = books, codes, told, reads_files
        self._sound = Account()
        self._doubtful: dict[str, Account] = {}

    def size(self) -> int:
        """How many there are, about."""
        if self._codes is not None:
            return len(self._codes)
        with outages_named():
            return int(self._books.collection(shelves.DOSSIERS.name).estimated_document_count())

    @property
    def account(self) -> Account:
        """What was counted, each dossier as it was looked at last."""
        return sum(self._doubtful.values(), start=self._sound)

    def look(self, keys: Collection[str] | None = None) -> Iterator[Looked]:
        """Each dossier with what is wrong with it; or those of `keys` again."""
        for papers in self._read(self._codes if keys is None else keys):
            found = findings(papers, told=self._told)
            self._doubtful.pop(papers.code, None)
            if found:
                self._doubtful[papers.code] = account_of(papers)
            else:
                self._sound += account_of(papers)
            yield papers.code, found

    def _read(self, codes: Collection[str] | None) -> Iterator[Papers]:
        published = Published(self._books)
        if codes is None:
            for span in spans(self._books):
                yield from read_papers(self._books, span, published, reads_files=self._reads_files)
        else:
            for some in named(codes):
                span = {"$in": [code or None for code in some]}
                yield from read_papers(self._books, span, published, some, reads_files=self._reads_files)


def findings(papers: Papers, *, told: bool = True) -> list[Finding]:
    """Everything that is wrong with a dossier."""
    found = [
        Finding(papers.code, f"{shelf.name} {kept.id}", wrong) for shelf, kept in papers.all() for wrong in kept.wrong
    ]
    if not papers.code:
        return found + [Finding("", f"{shelf.name} {kept.id}", "it is of no dossier") for shelf, kept in papers.all()]
    return [*found, *(_between(papers, told) if papers.legible else ())]


def account_of(papers: Papers) -> Account:
    """What is counted of one dossier."""
    if not papers.legible:
        return Account()
    failed = sum(notice.status == "failed" for notice in papers.notices.values())
    owed = sum(len(money.waiting_at_a_counter(order)) for order in papers.orders)
    undecided = sum(money.left_undecided(kept) for kept in papers.on(shelves.ORDERS))
    unchained = sum(chain.HASH not in kept.history[-1] for _, kept in papers.all() if kept.history)
    notes = {NOT_DELIVERED: failed, AT_THE_COUNTER: owed, UNDECIDED: undecided, UNCHAINED: unchained}
    return Account(sums.standing(papers), Counter({name: count for name, count in notes.items() if count}))


def _between(papers: Papers, told: bool) -> Iterator[Finding]:
    rules: tuple[Callable[[Papers], Said], ...] = (
        partial(stories.tell, told=told),
        _ids,
        money.count,
        prices.compare,
        notices.count,
        numbers.compare,
        files.compare,
    )
    for rule in rules:
        try:
            said = list(rule(papers))
        except Exception as error:  # noqa: BLE001 – whatever somebody has made of it, the others are looked at
            said = [(f"intake.dossiers {papers.code}", f"it cannot be compared: {type(error).__name__}")]
        yield from (Finding(papers.code, where, wrong) for where, wrong in said)


def _ids(papers: Papers) -> Said:
    """An event's id is its own, in whatever history it stands."""
    ids = Counter(entry["id"] for _, kept in papers.all() for entry in kept.history)
    twice = [id_ for id_, times in ids.items() if times > 1]
    own = {entry["id"]: f"{shelf.name} {kept.id}" for shelf, kept in papers.all() for entry in kept.history}
    yield from ((own[id_], "another history has an event of the same id") for id_ in twice)
