"""Dossiers in their journal: lists, the way from an upload to its dossier, and the numbers of dossier codes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.chassis.cause import Cause
from services.chassis.commits import Taken
from services.chassis.errors import Conflict
from services.chassis.journal import Aggregate, Journal, Stored
from services.chassis.paging import ByTime, cursor, page
from services.chassis.reads import GroupRead
from services.chassis.store import Collection, Document, outages_named
from services.chassis.together import Together
from services.contracts.event import Event
from services.intake.domain import evolve, unknown_dossier
from services.intake.dossier import MOVES, Dossier

DOSSIER: Final = Aggregate("intake", "dossier", Dossier, evolve)
_UPLOAD: Final = "subject.documents.upload_id"
_NEWEST_FIRST: Final = ByTime("state.submitted_at")
_OLDEST_FIRST: Final = ByTime(_NEWEST_FIRST.field, newest_first=False)
_ANY_STATUS: Final = {"$in": list(MOVES)}
_FILTERS: Final = {
    "owner": "subject.owner",
    "tenant": "state.tenant",
    "procedure": "state.procedure",
    "unit": "state.unit",
    "status": "state.status",
}


class Dossiers:
    """The journal of dossiers, and what is asked of it besides single dossiers.

    subject: {owner, applicant, found_by, form,
              documents: [{component, upload_id, filename, content_type, size, sha256, round}],
              earlier_forms: {<round>: form}, reasons: {withdrawal}}
    """

    def __init__(self, journal: Journal[Dossier]) -> None:
        self._journal = journal
        self._parts: dict[tuple[str, ...], GroupRead] = {}

    def ensure_indexes(self) -> None:
        """An upload is named once; whatever a list is cut down to, an index holds it in its order.

        The status is part of every filter, so that the indexes with it also serve lists of any status. A procedure is
        one unit's, and what one owner has is little: there the rest of a filter leaves out little. But of a procedure
        that was asked for a hundred thousand times, a handful wait to be accepted.
        """
        collection = self._journal.collection
        collection.create_index(_UPLOAD, unique=True, partialFilterExpression={_UPLOAD: {"$exists": True}})
        for first in (("owner",), *((name, "status") for name in ("unit", "tenant", "procedure")), ("status",)):
            collection.create_index(_index(*first))

    def get(self, dossier_code: str) -> Stored[Dossier]:
        """The dossier as it stands. Raises NotFound, in the very words that others' dossiers are denied with."""
        found = self._journal.find(dossier_code)
        if found is None:
            raise unknown_dossier()
        return found

    def find_part(self, dossier_code: str, *fields: str) -> Document | None:
        """Some fields of a dossier as stored, or None: forms are large, and not everybody's business."""
        if fields not in self._parts:
            self._parts[fields] = GroupRead(self._journal.collection, dict.fromkeys(fields, 1))
        return self._parts[fields].find(dossier_code)

    def find_opened(self, cause: Cause) -> Stored[Dossier] | None:
        """The dossier that this very submission opened, as it stood then."""
        return self._journal.find_opened(cause)

    def find_applied(self, dossier_code: str, cause: Cause) -> Stored[Dossier] | None:
        """The dossier right after `cause` changed it, or None when it has not."""
        try:
            return self._journal.change(dossier_code, cause, _not_yet)
        except _NotYet:
            return None

    def change(
        self,
        dossier_code: str,
        cause: Cause,
        decide: Callable[[Dossier | None], Sequence[Event]],
        *,
        subject: Mapping[str, Any] | None = None,
        once: bool = False,
    ) -> Stored[Dossier]:
        """`Journal.change`; Conflict when an upload was named in another dossier meanwhile."""
        try:
            return self._journal.change(dossier_code, cause, decide, subject=subject, once=once)
        except Taken as taken:
            if taken.key != (_UPLOAD,):
                raise
            vi, en = "Tệp đã được dùng cho hồ sơ khác.", "An upload was named in a dossier already."
            raise Conflict("intake.upload_already_used", en, vi) from None

    def listed(
        self, wanted: Mapping[str, str | None], limit: int, after: str | None
    ) -> tuple[list[Dossier], str | None]:
        """A page of dossiers, the newest first, and where the next one begins. Raises Invalid for a foreign `after`."""
        query: Document = {_FILTERS[name]: value for name, value in wanted.items() if value is not None}
        query.setdefault(_FILTERS["status"], _ANY_STATUS)
        if after is not None:
            query |= _NEWEST_FIRST.behind(after, "intake")
        with outages_named():
            found = self._journal.collection.find(query, {"history": 0, "subject": 0})
            rows = list(found.sort(_NEWEST_FIRST.keys).limit(limit + 1))
        return page([self._journal.parse(row).state for row in rows], limit, _place)

    def registered(
        self, unit: str, since: datetime, until: datetime, limit: int, after: str | None
    ) -> tuple[list[Stored[Dossier]], str | None]:
        """A page of what was submitted in a period, with applicants, the oldest first. Raises Invalid as `listed`."""
        query: list[Document] = [
            {_FILTERS["unit"]: unit, _FILTERS["status"]: _ANY_STATUS},
            {_OLDEST_FIRST.field: {"$gte": since, "$lt": until}},
        ]
        if after is not None:
            query.append(_OLDEST_FIRST.behind(after, "intake"))
        shown = dict.fromkeys(("state", "version", "subject.applicant"), 1)
        with outages_named():
            found = self._journal.collection.find({"$and": query}, shown)
            rows = list(found.sort(_OLDEST_FIRST.keys).hint(_index("unit", "status")).limit(limit + 1))
        return page([self._journal.parse(row) for row in rows], limit, lambda last: _place(last.state))

    def last_of(self, owner: str) -> Document | None:
        """The applicant of the owner's newest dossier, as stored with when it was submitted; None without any."""
        shown = dict.fromkeys(("subject.applicant", "state.submitted_at"), 1)
        with outages_named():
            found = self._journal.collection.find({_FILTERS["owner"]: owner}, shown).sort(_NEWEST_FIRST.keys).limit(1)
            return next(iter(found), None)

    def opened_by(self, cause_ids: Iterable[str]) -> set[str]:
        """Those of the requests that opened a dossier."""
        with outages_named():
            found = self._journal.collection.find({"opened_by": {"$in": list(cause_ids)}}, {"_id": 0, "opened_by": 1})
            return {one["opened_by"] for one in found}

    def naming(self, upload_id: str) -> str | None:
        """The code of the dossier that names the upload."""
        with outages_named():
            found = self._journal.collection.find_one({_UPLOAD: upload_id}, {"_id": 1})
        return str(found["_id"]) if found else None


class Codes:
    """Dossier codes: one counter a unit and local day. A number may be lost, none is given twice."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._takes: Together[str, int] = Together(self._take)

    def take(self, agency_code: str, day: date) -> str:
        """The next code, `<agency code>-<YYMMDD>-<number>`; numbers have four digits, or more when these run out."""
        prefix = f"{agency_code}-{day:%y%m%d}"
        return f"{prefix}-{self._takes.do(prefix):04d}"

    def _take(self, prefixes: Sequence[str]) -> list[int | Exception]:
        numbers = {prefix: iter(self._next(prefix, count)) for prefix, count in Counter(prefixes).items()}
        return [next(numbers[prefix]) for prefix in prefixes]

    def _next(self, prefix: str, count: int) -> range:
        """The next `count` numbers."""
        with outages_named():
            try:
                last = self._add(prefix, count)
            except DuplicateKeyError:  # two began the day at once, and the other was faster
                last = self._add(prefix, count)
        return range(last - count + 1, last + 1)

    def _add(self, prefix: str, count: int) -> int:
        counted = self._collection.find_one_and_update(
            {"_id": prefix}, {"$inc": {"last": count}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return int(counted["last"])


class _NotYet(Exception):
    """The cause has not changed this dossier."""


def _not_yet(_state: Dossier | None) -> Sequence[Event]:
    raise _NotYet


def _place(last: Dossier) -> str:
    return cursor(last.submitted_at, last.dossier_code)


def _index(*first: str) -> list[tuple[str, int]]:
    return [*((_FILTERS[name], 1) for name in first), *_NEWEST_FIRST.keys]
