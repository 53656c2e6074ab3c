"""How a list of cases is asked for: filters of typed scalars, an order, a place in it, and the index that holds it.

Whatever one filter leaves of a unit's cases, an index has it in order already: no more is read than shown. A second
filter on top is looked at case by case, of what the narrower index of the two has left.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from services.chassis.paging import cursor, read_cursor
from services.chassis.store import Document
from services.contracts.catalogue.dates import local_midnight
from services.routing.case import OPEN, Case

DUE: Final = "due"
CODE: Final = "code"
ORDERS: Final = {DUE: "state.next_due_at", "opened": "state.opened_at", "newest": "state.opened_at", CODE: "_id"}
RUNS_OUT: Final = "state.overdue_at"
MOST_CODES: Final = 200  # that are named
MOST_OFFICERS: Final = 20  # with the statuses, as many stretches of an index as the server merges in order
SET: Final = {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}  # said in filter and index alike, so that the index is used
ASKED: Final = {"$gt": ""}
_BEHIND_ANY_CODE: Final = "\U0010ffff"

Keys = list[tuple[str, int]]
OF_CLOCKS: Final[Keys] = [("state.unit", 1), (RUNS_OUT, 1), ("_id", 1), ("state.officer", 1)]


@dataclass(frozen=True, slots=True)
class Risk:
    """What is at risk `now`: the clocks that run out before `ends`, and have not yet."""

    now: datetime
    ends: datetime

    @property
    def overdue(self) -> Document:
        """The filter for what ran out."""
        return {**SET, "$lt": self.now}

    @property
    def at_risk(self) -> Document:
        """The filter for what will soon."""
        return {"$gte": self.now, "$lte": self.ends}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases a list shows; None or nothing where that does not matter.

    `overdue` and `at_risk` speak of the clock that runs: it ran out, or does so before `risk_ends`; `due_from` and
    `due_to` of the local days on which it does, both included. `officers` and `unassigned` add up. `search` is a
    dossier code or its beginning; `codes` are whole ones, none but which are shown.
    """

    statuses: Sequence[str]
    unit: str | None = None
    procedure: str | None = None
    officers: Sequence[str] = ()
    unassigned: bool = False
    awaiting: str | None = None
    overdue: bool | None = None
    at_risk: bool = False
    due_from: date | None = None
    due_to: date | None = None
    search: str | None = None
    codes: Sequence[str] | None = None

    @property
    def by_officer(self) -> bool:
        """Whether it matters who has the case."""
        return self.unassigned or bool(self.officers)

    @property
    def runs_out(self) -> bool:
        """Whether only clocks that run are looked for, by the moment they run out."""
        return bool(self.overdue) or self.at_risk or self.due_from is not None or self.due_to is not None

    def filter(self, risk: Risk) -> Document:
        """The MongoDB filter, of typed scalars only."""
        wanted: Document = {"state.status": {"$in": list(self.statuses)}}
        equal = {"unit": self.unit, "procedure": self.procedure, "awaiting": self.awaiting}
        wanted.update({f"state.{name}": value for name, value in equal.items() if value is not None})
        if self.by_officer:
            wanted["state.officer"] = {"$in": [*self.officers, *([None] if self.unassigned else [])]}
        if self.runs_out:
            wanted[RUNS_OUT] = self._stretch(risk)
        elif self.overdue is not None:
            wanted[RUNS_OUT] = {"$not": {"$lt": risk.now}}
        begun = {"$gte": self.search, "$lt": self.search + _BEHIND_ANY_CODE} if self.search is not None else {}
        named = {"$in": list(self.codes)} if self.codes is not None else {}
        return {**wanted, "_id": {**begun, **named}} if begun or named else wanted

    def _stretch(self, risk: Risk) -> Document:
        return _within(self._lateness(risk), self._days())

    def _lateness(self, risk: Risk) -> Document:
        if self.overdue and self.at_risk:
            return {**SET, "$lte": risk.ends}
        if self.overdue is False and not self.at_risk:
            return {"$gte": risk.now}
        return risk.overdue if self.overdue else risk.at_risk if self.at_risk else {}

    def _days(self) -> Document:
        first = {"$gte": local_midnight(self.due_from)} if self.due_from else {}
        last = {"$lt": local_midnight(self.due_to + timedelta(days=1))} if self.due_to else {}
        return {**SET, **first, **last} if first or last else {}

    def by(self, order: str) -> str:
        """The field that puts the list in order. A clock that runs stands at the date it is due."""
        return RUNS_OUT if self.index(order) == OF_CLOCKS else ORDERS[order]

    def index(self, order: str) -> Keys:
        """The index that has the list in order already; the planner would now and then rather sort.

        Cases that are named are few: these are put in order once they are found.
        """
        if self.codes is not None:
            return [("_id", 1)]
        if order == CODE:
            return keys(CODE, "unit") if self.unit is not None else [("_id", 1)]
        if self.unit is not None and self.by_officer:
            return of_officers(order)
        if self.procedure is not None:
            return keys(order, "procedure")
        if self.unit is not None and self.runs_out and order == DUE and set(self.statuses) >= set(OPEN):
            return OF_CLOCKS
        if self.unit is not None and self.awaiting is not None and order == DUE:
            return keys(DUE, "unit", "awaiting")
        return keys(order, *(["unit"] if self.unit is not None else []))

    def conditions(self, order: str, after: str | None, risk: Risk) -> Document:
        """The filter for the page behind the cursor `after`. Raises Invalid."""
        by, wanted = self.by(order), self.filter(risk)
        conditions = [wanted, *([behind(order, by, after)] if after else [])]
        if self.runs_out and order == DUE and by != RUNS_OUT:  # so the index ends where the rest is not due yet
            conditions.append({by: wanted[RUNS_OUT]})
        return {"$and": conditions}


def _within(*stretches: Document) -> Document:
    """The bounds that are within all of these."""
    met: Document = {}
    for bound, moment in (one for stretch in stretches for one in stretch.items()):
        narrower = max if bound in {"$gt", "$gte"} else min
        met[bound] = narrower(met.get(bound, moment), moment)
    return met


def keys(order: str, *first: str) -> Keys:
    """The keys of the index of a list in this order, or its reverse, within the fields named first."""
    named = [*((f"state.{name}", 1) for name in first), ("state.status", 1)]
    return [*named, *([(ORDERS[order], 1)] if order != CODE else []), ("_id", 1)]


def of_officers(order: str) -> Keys:
    """The keys of the index of what somebody has, or nobody, with what tells whether it is late."""
    return [*keys(order, "unit", "officer"), (RUNS_OUT, 1)]


def sorting(order: str, by: str) -> Keys:
    """The sort of a list."""
    sign = -1 if order == "newest" else 1
    return [("_id", sign)] if order == CODE else [(by, sign), ("_id", sign)]


def ordered(order: str, cases: Iterable[Case]) -> list[Case]:
    """In the order that `sorting` asks for: those of a list without an index for that."""

    def key(case: Case) -> tuple[bool, datetime, str]:
        at = _moment(order, case)
        return at is not None, at or SET["$gt"], case.dossier_code

    return sorted(cases, key=key, reverse=order == "newest")


def place(order: str, case: Case) -> str:
    """Where a page that ends with this case ends."""
    return cursor(order, _moment(order, case) or "", case.dossier_code)


def _moment(order: str, case: Case) -> datetime | None:
    return {CODE: None, DUE: case.next_due_at}.get(order, case.opened_at)


def behind(order: str, by: str, after: str) -> Document:
    """The filter for what lies behind a cursor. Raises Invalid."""
    at, code = read_cursor(after, "routing", _of(order))
    if order == CODE:
        return {"_id": {"$gt": code}}
    on, passed = ("$lte", "$gte") if order == "newest" else ("$gte", "$lte")
    return {by: {on: at}, "$nor": [{by: at, "_id": {passed: code}}]}


def _of(order: str) -> Any:
    def shape(made_for: Any, at: Any, code: Any) -> tuple[datetime | None, str]:
        if made_for != order or not isinstance(code, str):
            raise ValueError
        return None if order == CODE else datetime.fromisoformat(at).astimezone(UTC), code

    return shape
