"""The notices in MongoDB, which units have which dossiers, and what notify reads in its projection of the catalogue."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pymongo.errors import DuplicateKeyError

from services.chassis.errors import NotFound, Unavailable
from services.chassis.journal import Journal, Stored
from services.chassis.projection import Projection
from services.chassis.reads import GroupRead
from services.chassis.store import Collection, Document, outages_named
from services.notify.claims import met_by
from services.notify.domain import Notice, unknown_notice
from services.notify.patience import Met

_ORDER = [("state.requested_at", 1), ("_id", 1)]
_FAILED_ORDER = [("state.failed_at", 1), ("_id", 1)]
_EVER_FAILED: Document = {"state.failed_round": {"$gt": 0}, "state.sent_at": None}  # and was not sent since
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CURSOR = r"[0-9]{1,14}\.[0-9a-f-]{36}"


class NoticeStore:
    """The journal of notices, and its list."""

    def __init__(self, journal: Journal[Notice]) -> None:
        self.journal = journal
        self._collection = journal.collection
        self._present = GroupRead(journal.collection, {"history": 0})

    def ensure_indexes(self) -> None:
        """The notices of a dossier, oldest first; and those that failed."""
        self._collection.create_index([("state.dossier_code", 1), *_ORDER])
        self._collection.create_index(_FAILED_ORDER, partialFilterExpression=_EVER_FAILED)

    def page(
        self, dossier_code: str, audience: str | None, limit: int, after: str | None
    ) -> tuple[list[Stored[Notice]], str | None]:
        """At most `limit` notices of a dossier behind the cursor `after`, and the cursor of what follows them."""
        wanted: Document = {"state.dossier_code": dossier_code, **(_behind("requested_at", after) if after else {})}
        if audience is not None:
            wanted["state.audience"] = audience
        with outages_named():
            found = list(self._collection.find(wanted, {"history": 0}).sort(_ORDER).limit(limit + 1))
        notices = [self.journal.parse(document) for document in found[:limit]]
        return notices, _cursor(notices[-1].state.requested_at, notices[-1].id) if len(found) > limit else None

    def failed(self, limit: int, after: str | None) -> tuple[list[Stored[Notice]], str | None]:
        """At most `limit` notices that could not be delivered and rest so, the first to fail first; and a cursor."""
        rest = {"$expr": {"$gte": ["$state.failed_round", "$state.round"]}}
        wanted: Document = {**_EVER_FAILED, **rest, **(_behind("failed_at", after) if after else {})}
        with outages_named():
            found = list(self._collection.find(wanted, {"history": 0}).sort(_FAILED_ORDER).limit(limit + 1))
        notices = [self.journal.parse(document) for document in found[:limit]]
        last = notices[-1].state.failed_at if len(found) > limit else None
        return notices, _cursor(last, notices[-1].id) if last else None

    def get_round(self, id_: str, round_: int) -> tuple[Stored[Notice], Met]:
        """A notice, and what its round `round_` has met. Raises NotFound."""
        document = self._present.find(id_)
        if document is None:
            raise unknown_notice()
        return self.journal.parse(document), met_by(document, round_)


class Units:
    """Which unit has a dossier, where that is not the one it was submitted to.

    {_id: <dossier code>, unit, transfer}: since the transfer of that number, from 1.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._read = GroupRead(collection)

    def note(self, dossier_code: str, unit: str, transfer: int) -> None:
        """The unit has it since then, unless a later transfer is known."""
        unless_later = {"_id": dossier_code, "transfer": {"$lt": transfer}}
        noted = {"$set": {"unit": unit, "transfer": transfer}}
        with outages_named():
            try:
                self._collection.update_one(unless_later, noted, upsert=True)
            except DuplicateKeyError:  # a later one is here, or an earlier one came in at the same moment
                self._collection.update_one(unless_later, noted)

    def of(self, dossier_code: str) -> str | None:
        """The unit that it was handed on to last; None where it never was."""
        found = self._read.find(dossier_code)
        return str(found["unit"]) if found else None


class Catalogue:
    """Look-ups that wait (Unavailable) for what registry has not published yet."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def apply(self, published: Mapping[str, Any]) -> None:
        """Keep a published document."""
        self._projection.apply(published)

    def unit(self, tenant: str, key: str, day: date) -> Mapping[str, Any]:
        """The unit as it is on `day`, or as it was when it ended: its name and its e-mail address."""
        return _document(self._projection.standing(tenant, "unit", key, day))

    def procedure(self, tenant: str, key: str, version: str) -> Mapping[str, Any]:
        """The procedure in the version a dossier was received under; it begins with the day it is valid from."""
        try:
            day = date.fromisoformat(version[:10])
        except ValueError:
            raise NotFound("notify.unknown_version", "There is no such version.", "Không có phiên bản này.") from None
        return _document(self._projection.as_of(tenant, "procedure", key, day))

    def agency_codes(self, tenants: Iterable[str]) -> dict[str, tuple[str, str]]:
        """Tenant and key of every unit that these tenants have or had, by what its dossier codes begin with."""
        return {
            str(one["document"]["agency_code"]): (tenant, str(one["key"]))
            for tenant in tenants
            for one in self._projection.ever(tenant, "unit")
        }


def _document(found: Document | None) -> Mapping[str, Any]:
    if found is None:
        raise Unavailable(
            "notify.catalogue_awaited", "The catalogue is not here yet.", "Danh mục thủ tục chưa được đồng bộ."
        )
    document: Mapping[str, Any] = found["document"]
    return document


def _cursor(at: datetime, id_: str) -> str:
    return f"{(at - _EPOCH) // _MILLISECOND}.{id_}"


def _behind(field: str, after: str) -> Document:
    """The filter for what lies behind a cursor of the form `CURSOR`, in the order of `field`."""
    milliseconds, id_ = after.split(".")
    at = _EPOCH + int(milliseconds) * _MILLISECOND
    return {
        f"state.{field}": {"$gte": at},
        "$or": [{f"state.{field}": {"$gt": at}}, {"_id": {"$gt": id_}}],
    }
