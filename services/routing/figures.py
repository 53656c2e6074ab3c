"""How many cases there are of what kind, counted by the server over indexes alone.

A figure is one stretch of an index, or a few: counting such a stretch takes the server half a microsecond a case, where
grouping takes ten times as long.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from services.chassis.journal import Journal
from services.chassis.store import Document, outages_named
from services.contracts.catalogue.dates import local_day, local_midnight
from services.routing.case import OPEN, PUNCTUALITY, Case
from services.routing.queue import ASKED, DUE, OF_CLOCKS, RUNS_OUT, SET, Keys, Risk, keys, of_officers

OF_DECISIONS: Final[Keys] = [("state.unit", 1), ("state.punctuality", 1), ("state.decided_at", 1)]
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Local days, both included."""

    first: date
    last: date

    @classmethod
    def month_to(cls, moment: datetime) -> "Period":
        """The month it is, up to that day."""
        day = local_day(moment)
        return cls(day.replace(day=1), day)

    def days(self) -> Iterator[date]:
        """Each of them."""
        for number in range((self.last - self.first).days + 1):
            yield self.first + number * _DAY

    @property
    def moments(self) -> Document:
        """All its moments, as a filter."""
        return {"$gte": local_midnight(self.first), "$lt": local_midnight(self.last + _DAY)}


class Figures:
    """Counts over the journal of cases."""

    def __init__(self, journal: Journal[Case]) -> None:
        self._collection = journal.collection

    def ensure_indexes(self) -> None:
        """The decisions of a unit by day; all other figures are read from the indexes of the lists."""
        self._collection.create_index(OF_DECISIONS, partialFilterExpression={"state.decided_at": SET})

    def units(self) -> list[str]:
        """Every unit that has ever had a case."""
        with outages_named():
            return sorted(self._collection.distinct("state.unit", {"state.unit": ASKED}))

    def by_status(self, unit: str) -> dict[str, int]:
        """The open cases of a unit, by status."""
        return {status: self._count(keys(DUE, "unit"), unit=unit, status=status) for status in OPEN}

    def awaiting_fee(self, unit: str) -> int:
        """The open cases of a unit whose applicant owes a fee that he was asked for."""
        index = keys(DUE, "unit", "awaiting")
        return sum(self._count(index, unit=unit, awaiting="fee", status=status) for status in OPEN)

    def had_by(self, unit: str, officer: str) -> int:
        """The open cases of a unit that an officer has."""
        return sum(self._count(of_officers(DUE), unit=unit, officer=officer, status=status) for status in OPEN)

    def running_out(self, unit: str, when: Document) -> int:
        """The cases of a unit whose running clock runs out then."""
        return self._count(OF_CLOCKS, unit=unit, overdue_at=when)

    def decided(self, unit: str, period: Period) -> dict[str, int]:
        """The decisions of a unit in a period, by how they came: before their last day, in time on it, or late."""
        return {
            how: self._count(OF_DECISIONS, unit=unit, punctuality=how, decided_at=period.moments) for how in PUNCTUALITY
        }

    def officers(self, unit: str) -> list[str]:
        """Whoever has, or had, a case of the unit."""
        with outages_named():
            return sorted(self._collection.distinct("state.officer", {"state.unit": unit, "state.officer": ASKED}))

    def late_by_officer(self, unit: str, risk: Risk) -> dict[str | None, Mapping[str, int]]:
        """How many running clocks of each officer (None: of nobody) ran out, or are at risk."""
        late: Document = {"$cond": [{"$lt": [f"${RUNS_OUT}", risk.now]}, 1, 0]}
        pipeline: list[Document] = [
            {"$match": {"state.unit": unit, RUNS_OUT: {**SET, "$lte": risk.ends}}},
            {"$group": {"_id": "$state.officer", "all": {"$sum": 1}, "overdue": {"$sum": late}}},
        ]
        with outages_named():
            found = list(self._collection.aggregate(pipeline, hint=dict(OF_CLOCKS)))
        return {one["_id"]: {"at_risk": one["all"] - one["overdue"], "overdue": one["overdue"]} for one in found}

    def _count(self, index: Keys, **wanted: Any) -> int:
        asked = {f"state.{name}": value for name, value in wanted.items()}
        with outages_named():
            return int(self._collection.count_documents(asked, hint=index))
