"""The cases in MongoDB: the queue of a unit in order of its dates, and what is about to run out."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from services.chassis import codec
from services.chassis.errors import Invalid
from services.chassis.journal import Journal
from services.chassis.store import Document, outages_named
from services.routing.case import Case

ORDERS: Final = {"due": "state.next_due_at", "opened": "state.opened_at"}
_LONGEST_CURSOR = 400
_AT_ONCE = 1000
_SET: Final = {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}  # said in filter and index alike, so that the index is used


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases a list shows; None where that does not matter."""

    statuses: Sequence[str]
    unit: str | None = None
    procedure: str | None = None
    officer: str | None = None
    overdue: bool | None = None

    def filter(self, now: datetime) -> Document:
        """The MongoDB filter, of typed scalars only."""
        wanted: Document = {"state.status": {"$in": list(self.statuses)}}
        named = {"unit": self.unit, "procedure": self.procedure, "officer": self.officer}
        wanted.update({f"state.{name}": value for name, value in named.items() if value is not None})
        if self.overdue is not None:
            wanted["state.overdue_at"] = {"$lt": now} if self.overdue else {"$not": {"$lt": now}}
        return wanted


class CaseStore:
    """Lists over the journal of cases."""

    def __init__(self, journal: Journal[Case]) -> None:
        self._journal = journal
        self._collection = journal.collection

    def ensure_indexes(self) -> None:
        """A unit's queue by date, an officer's own, all units', and the clocks that run.

        The procedure is not part of an index: a unit has a handful of them.
        """
        for order in ORDERS:
            self._collection.create_index(keys(order, "unit"))
            self._collection.create_index(keys(order))
            officers_own = {"state.officer": {"$gt": ""}}
            self._collection.create_index(keys(order, "unit", "officer"), partialFilterExpression=officers_own)
        self._collection.create_index("state.rings_at", partialFilterExpression={"state.rings_at": _SET})

    def page(
        self, wanted: Wanted, order: str, limit: int, after: str | None, now: datetime
    ) -> tuple[list[Case], str | None]:
        """At most `limit` cases behind the cursor `after`, and the cursor of what follows them, if anything does."""
        by = ORDERS[order]
        conditions = [wanted.filter(now), *([behind(order, after)] if after else [])]
        if wanted.overdue and order == "due":  # so the index ends where the rest is not due yet
            conditions.append({by: {"$lt": now}})
        with outages_named():
            found = list(
                self._collection.find({"$and": conditions}, {"history": 0, "subject": 0})
                .sort([(by, 1), ("_id", 1)])
                .hint(index_for(wanted, order))
                .limit(limit + 1)
            )
        cases = [self._journal.parse(document).state for document in found[:limit]]
        return cases, cursor(order, cases[-1]) if len(found) > limit else None

    def ringing(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Dossier code and clock of the cases whose running clock ran out before `now`, the longest late first."""
        with outages_named():
            found = list(
                self._collection.find({"state.rings_at": {**_SET, "$lt": now}}, {"history": 0, "subject": 0})
                .sort("state.rings_at", 1)
                .limit(_AT_ONCE)
            )
        for document in found:
            case = self._journal.parse(document).state
            yield case.dossier_code, case.clock


def keys(order: str, *first: str) -> list[tuple[str, int]]:
    """The keys of the index of a list in this order, within the fields named first."""
    return [*((f"state.{name}", 1) for name in first), ("state.status", 1), (ORDERS[order], 1), ("_id", 1)]


def index_for(wanted: Wanted, order: str) -> list[tuple[str, int]]:
    """The index that has the list in order already; the planner would now and then rather sort."""
    if wanted.unit is None:
        return keys(order)
    return keys(order, "unit", "officer") if wanted.officer is not None else keys(order, "unit")


def cursor(order: str, case: Case) -> str:
    """Where a page that ends with this case ends."""
    at = case.next_due_at if order == "due" else case.opened_at
    return base64.urlsafe_b64encode(codec.encode([order, at, case.dossier_code])).decode().rstrip("=")


def behind(order: str, after: str) -> Document:
    """The filter for what lies behind a cursor. Raises Invalid."""
    at, code = _read_cursor(order, after)
    by = ORDERS[order]
    # not an `$or`, for which the server would give up the order of the index and sort all that lies behind
    return {by: {"$gte": at}, "$nor": [{by: at, "_id": {"$lte": code}}]}


def _read_cursor(order: str, after: str) -> tuple[datetime, str]:
    try:
        raw = base64.b64decode(after + "=" * (-len(after) % 4), altchars=b"-_", validate=True)
        made_for, at, code = codec.decode(raw, _LONGEST_CURSOR)
        moment = datetime.fromisoformat(at).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, Invalid):
        raise _bad_cursor() from None
    if made_for != order or not isinstance(code, str):
        raise _bad_cursor()
    return moment, code


def _bad_cursor() -> Invalid:
    problem: Mapping[str, Any] = {
        "field": "after",
        "code": "wrong_format",
        "vi": "Không phải giá trị next của danh sách này.",
        "en": "Is not a `next` of this list.",
    }
    return Invalid(
        "routing.invalid",
        "The request is not valid; see errors.",
        "Yêu cầu chưa hợp lệ; xem chi tiết từng trường.",
        [dict(problem)],
    )
