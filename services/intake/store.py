"""Dossiers in their journal: lists, the way from an upload to its dossier, and the numbers of dossier codes."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.chassis.cause import Cause
from services.chassis.commits import Taken
from services.chassis.errors import Conflict, Invalid
from services.chassis.journal import Aggregate, Journal, Stored
from services.chassis.store import Collection, Document, outages_named
from services.contracts.event import Event
from services.intake.domain import evolve, unknown_dossier
from services.intake.dossier import Dossier

DOSSIER: Final = Aggregate("intake", "dossier", Dossier, evolve)
_UPLOAD: Final = "subject.documents.upload_id"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_NEWEST_FIRST: Final = (("state.submitted_at", -1), ("_id", -1))
_FILTERS: Final = {
    "owner": "subject.owner",
    "tenant": "state.tenant",
    "procedure": "state.procedure",
    "unit": "state.unit",
    "status": "state.status",
}


class Dossiers:
    """The journal of dossiers, and what is asked of it besides single dossiers.

    subject: {owner, applicant, form, documents: [{component, upload_id, filename, content_type, size, sha256, round}],
              earlier_forms: {<round>: form}, reasons: {withdrawal}}
    """

    def __init__(self, journal: Journal[Dossier]) -> None:
        self._journal = journal

    def ensure_indexes(self) -> None:
        """An upload is named once; every list has its order."""
        collection = self._journal.collection
        collection.create_index(_UPLOAD, unique=True, partialFilterExpression={_UPLOAD: {"$exists": True}})
        for first in ("subject.owner", "state.unit", "state.status"):
            collection.create_index([(first, 1), *_NEWEST_FIRST])
        collection.create_index(list(_NEWEST_FIRST))

    def get(self, dossier_code: str) -> Stored[Dossier]:
        """The dossier as it stands. Raises NotFound, in the very words that others' dossiers are denied with."""
        found = self._journal.find(dossier_code)
        if found is None:
            raise unknown_dossier()
        return found

    def find_part(self, dossier_code: str, *fields: str) -> Document | None:
        """Some fields of a dossier as stored, or None: forms are large, and not everybody's business."""
        with outages_named():
            found: Document | None = self._journal.collection.find_one({"_id": dossier_code}, dict.fromkeys(fields, 1))
        return found

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
        if after is not None:
            query |= _behind(after)
        with outages_named():
            found = self._journal.collection.find(query, {"history": 0, "subject": 0})
            rows = list(found.sort(list(_NEWEST_FIRST)).limit(limit + 1))
        page = [self._journal.parse(row).state for row in rows[:limit]]
        return page, _cursor(page[-1]) if len(rows) > limit else None

    def naming(self, upload_id: str) -> str | None:
        """The code of the dossier that names the upload."""
        with outages_named():
            found = self._journal.collection.find_one({_UPLOAD: upload_id}, {"_id": 1})
        return str(found["_id"]) if found else None


class Codes:
    """Dossier codes: one counter a unit and local day. A number may be lost, none is given twice."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def take(self, agency_code: str, day: date) -> str:
        """The next code, `<agency code>-<YYMMDD>-<number>`; numbers have four digits, or more when these run out."""
        prefix = f"{agency_code}-{day:%y%m%d}"
        with outages_named():
            try:
                number = self._next(prefix)
            except DuplicateKeyError:  # two began the day at once, and the other was faster
                number = self._next(prefix)
        return f"{prefix}-{number:04d}"

    def _next(self, prefix: str) -> int:
        counted = self._collection.find_one_and_update(
            {"_id": prefix}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return int(counted["last"])


class _NotYet(Exception):
    """The cause has not changed this dossier."""


def _not_yet(_state: Dossier | None) -> Sequence[Event]:
    raise _NotYet


def _cursor(last: Dossier) -> str:
    text = f"{(last.submitted_at - _EPOCH) // _MILLISECOND}|{last.dossier_code}"
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _behind(after: str) -> Document:
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode()
        milliseconds, code = text.split("|")
        at = _EPOCH + int(milliseconds) * _MILLISECOND
    except (ValueError, OverflowError):
        problem = {"field": "after", "code": "invalid", "vi": "Không phải vị trí trang.", "en": "Not a page position."}
        raise Invalid("intake.invalid", "The request is not valid.", "Yêu cầu chưa hợp lệ.", [problem]) from None
    strictly = [{"state.submitted_at": {"$lt": at}}, {"_id": {"$lt": code}}]
    return {"state.submitted_at": {"$lte": at}, "$or": strictly}
