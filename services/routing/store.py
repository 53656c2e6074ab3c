"""The cases in MongoDB: the queue of a unit in order of its dates, and what is about to run out."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from services.chassis.journal import Journal
from services.chassis.store import outages_named
from services.routing.case import Case
from services.routing.queue import (
    ASKED,
    CODE,
    DUE,
    OF_CLOCKS,
    SET,
    Risk,
    Wanted,
    keys,
    of_officers,
    ordered,
    place,
    sorting,
)

_AT_ONCE: Final = 1000
_BY_DATE: Final = (DUE, "opened")


class CaseStore:
    """Lists over the journal of cases."""

    def __init__(self, journal: Journal[Case]) -> None:
        self._journal = journal
        self._collection = journal.collection

    def ensure_indexes(self) -> None:
        """A unit's queue by date and by code, an officer's and a procedure's own, all units', the clocks that run."""
        for order in _BY_DATE:
            for first in (("unit",), ("procedure",), ()):
                self._collection.create_index(keys(order, *first))
            self._collection.create_index(of_officers(order))
        self._collection.create_index(keys(CODE, "unit"))
        self._collection.create_index(OF_CLOCKS, partialFilterExpression={"state.overdue_at": SET})
        self._collection.create_index(keys(DUE, "unit", "awaiting"), partialFilterExpression={"state.awaiting": ASKED})
        self._collection.create_index("state.rings_at", partialFilterExpression={"state.rings_at": SET})

    def page(
        self, wanted: Wanted, order: str, limit: int, after: str | None, risk: Risk
    ) -> tuple[list[Case], str | None]:
        """At most `limit` cases behind the cursor `after`, and the cursor of what follows them, if anything does."""
        asked = wanted.conditions(order, after, risk)
        with outages_named():
            found = self._collection.find(asked, {"history": 0, "subject": 0}).hint(wanted.index(order))
            if wanted.codes is None:
                found = found.sort(sorting(order, wanted.by(order))).limit(limit + 1)
            cases = [self._journal.parse(document).state for document in found]
        if wanted.codes is not None:
            cases = ordered(order, cases)
        return cases[:limit], place(order, cases[limit - 1]) if len(cases) > limit else None

    def ringing(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Dossier code and clock of the cases whose running clock ran out before `now`, the longest late first."""
        with outages_named():
            found = list(
                self._collection.find({"state.rings_at": {**SET, "$lt": now}}, {"history": 0, "subject": 0})
                .sort("state.rings_at", 1)
                .limit(_AT_ONCE)
            )
        for document in found:
            case = self._journal.parse(document).state
            yield case.dossier_code, case.clock
