"""What registry keeps: publications and records with the indexes of their lists, numbers, answers given."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from pymongo.collation import Collation

from services.chassis import clock
from services.chassis.believed import Believed
from services.chassis.cause import Cause
from services.chassis.errors import Conflict
from services.chassis.journal import Journal, Stored
from services.chassis.paging import ByTime, cursor, day, page, read_cursor
from services.chassis.reads import GroupRead
from services.chassis.series import Series
from services.chassis.store import Collection, Document, outages_named
from services.contracts.catalogue.numbers import plain_number
from services.contracts.folding import fold
from services.registry.catalogue import Publication, name_of
from services.registry.domain import EXPIRED, REVOKED, VALID, Record, read_number, record_id
from services.registry.holders import Holder, is_number

KEPT: Final = timedelta(days=90)
_NEWEST_FIRST: Final = ByTime("state.issued_at")
_LAST_EXPIRED_FIRST: Final = ByTime("state.expires_on", read=day)
_Version = tuple[str, str, str, str]  # tenant, kind, key, valid_from
_AsOf = tuple[str, str, str, date]  # tenant, kind, key, day
_HIGHEST = "\U0010ffff"
Keys = list[tuple[str, int]]
_DAY: Final = {"$gt": ""}  # of records that expire
_UNIT, _HOLDER, _FOLDED = "state.unit", "subject.holder.id", "subject.holder.folded"
_HOLDERS_NUMBERS: Final[Keys] = [(_HOLDER, 1), ("_id", 1)]
_UNITS_NUMBERS: Final[Keys] = [(_UNIT, 1), ("_id", 1)]
# The server folds both sides, its index too: no marks, no case, nothing between letters. `vi` would tell Đ and Ư apart.
_HOWEVER_TYPED: Final = Collation(locale="en", strength=1, alternate="shifted")
_NUMBERS: Final[Keys] = [("state.dataset", 1), ("state.number", 1)]
_NUMBERS_NAME: Final = "numbers_however_typed"
_WITHOUT_DETAIL = {
    "history": 0,
    "state.document.form": 0,
    "state.document.components": 0,
    "state.document.example": 0,
}


class Publications:
    """The catalogue as published, read as of a day."""

    def __init__(self, journal: Journal[Publication]) -> None:
        self.journal = journal
        self._versions: Believed[_Version, Publication] = Believed(lambda version: self.version(*version))
        self._standing: Believed[_AsOf, Publication] = Believed(lambda asked: self.standing(*asked))

    def ensure_indexes(self) -> None:
        """Versions of a document by day; lists by kind and key."""
        self.journal.ensure_indexes()
        self.journal.collection.create_index(
            [("state.kind", 1), ("state.tenant", 1), ("state.key", 1), ("state.valid_from", -1)]
        )

    def version(self, tenant: str, kind: str, key: str, valid_from: str) -> Publication | None:
        """One version of a document, or None."""
        found = self.journal.find(name_of(tenant, kind, key, valid_from))
        return found.state if found else None

    def as_of(self, tenant: str, kind: str, key: str, day: date) -> Publication | None:
        """The version in force on `day`, or None."""
        return self._first({**_named(tenant, kind, key), **_in_force(day)})

    def last_begun(self, tenant: str, kind: str, key: str, day: date) -> Publication | None:
        """As `as_of`, else as the document last was before `day`, or None where none has begun by then."""
        return self.as_of(tenant, kind, key, day) or self._first({**_named(tenant, kind, key), **_begun(day)})

    def standing(self, tenant: str, kind: str, key: str, day: date) -> Publication | None:
        """The same, else what is still to begin: for what is under way, which does not end with the document."""
        return self.last_begun(tenant, kind, key, day) or self.last(tenant, kind, key)

    def recent_version(self, tenant: str, kind: str, key: str, valid_from: str) -> Publication | None:
        """As `version`, a moment ago: for what events of others lead to, who are a moment late themselves."""
        return self._versions.get((tenant, kind, key, valid_from))

    def recently_standing(self, tenant: str, kind: str, key: str, day: date) -> Publication | None:
        """As `standing`, a moment ago."""
        return self._standing.get((tenant, kind, key, day))

    def last(self, tenant: str, kind: str, key: str) -> Publication | None:
        """The latest version, in force or not, or None."""
        return self._first(_named(tenant, kind, key))

    def documents_so_far(self, name: str) -> list[dict[str, Any]]:
        """What a publication has said, revision by revision."""
        return [entry["data"]["document"] for entry in self.journal.history(name)]

    def everything(self) -> list[Publication]:
        """All versions of all documents."""
        with outages_named():
            return [self.journal.parse(found).state for found in self.journal.collection.find({}, {"history": 0})]

    def listed(self, kind: str, tenant: str | None, day: date, limit: int, after: str | None) -> tuple[Any, str | None]:
        """Documents of a kind in force on `day` by key, without their long parts, and the key to go on after."""
        wanted: Document = {"state.kind": kind, **_in_force(day)}
        if tenant is not None:
            wanted["state.tenant"] = tenant
        if after is not None:
            wanted["state.key"] = {"$gt": after}
        order = [("state.tenant", 1), ("state.key", 1), ("state.valid_from", -1)]
        with outages_named():
            found = [one["state"] for one in self._all(wanted).sort(order).limit(limit + 1)]
        return page(found, limit, lambda last: str(last["key"]))

    def _all(self, wanted: Document) -> Any:
        return self.journal.collection.find(wanted, _WITHOUT_DETAIL)

    def _first(self, wanted: Document) -> Publication | None:
        with outages_named():
            found = self.journal.collection.find_one(wanted, {"history": 0}, sort=[("state.valid_from", -1)])
        return self.journal.parse(found).state if found else None


@dataclass(frozen=True)
class Wanted:
    """Which records of a dataset are looked for. `unit` and `owner` are what the asker may see at most."""

    dataset: str
    today: date
    unit: str | None = None
    owner: Holder | None = None
    holder: str | None = None
    number_prefix: str | None = None
    status: str | None = None
    issued_from: datetime | None = None
    issued_before: datetime | None = None


class Records:
    """The records of all datasets."""

    def __init__(self, journal: Journal[Record]) -> None:
        self.journal = journal
        self._of_dossier = GroupRead(journal.collection, {"history": 0}, key="state.dossier_code")

    def ensure_indexes(self) -> None:
        """One record a dossier; lists of a dataset by unit, by holder and at large; whose number; numbers as typed."""
        self.journal.ensure_indexes()
        create = self.journal.collection.create_index
        create("state.dossier_code", unique=True)
        for narrow in ((), (_UNIT,), (_HOLDER,), (_FOLDED,)):
            create(_list_index(_NEWEST_FIRST, *narrow))
            create(_list_index(_LAST_EXPIRED_FIRST, *narrow), partialFilterExpression={"state.expires_on": _DAY})
        create(_HOLDERS_NUMBERS)
        create(_UNITS_NUMBERS)
        create(_NUMBERS, name=_NUMBERS_NAME, collation=_HOWEVER_TYPED)

    def of_dossier(self, dossier_code: str) -> Stored[Record] | None:
        """The record that a dossier ended in, or None."""
        found = self._of_dossier.find(dossier_code)
        return self.journal.parse(found) if found else None

    def read_as(self, dataset: str, typed: str) -> list[Stored[Record]]:
        """The record of exactly this number, else those whose numbers read the same (`read_number`).

        More than one only where patterns of the dataset differ in nothing but marks and signs.
        """
        exact = self.journal.find(record_id(dataset, typed))
        if exact is not None:
            return [exact]
        words = read_number(typed)
        alike = {"state.dataset": dataset, "state.number": " ".join(words)}
        with outages_named():
            found = self.journal.collection.find(alike, {"history": 0}).collation(_HOWEVER_TYPED).hint(_NUMBERS_NAME)
            records = [self.journal.parse(one) for one in found]
        # keys of datasets are told apart by their signs, and numbers by where their words end
        return [one for one in records if one.state.dataset == dataset and read_number(one.state.number) == words]

    def find(self, wanted: Wanted, limit: int, after: str | None) -> tuple[list[Stored[Record]], str | None]:
        """Records, and what `after` the next page needs. Raises Invalid.

        The newest first; of expired ones those that expired last; with a prefix in order of their numbers.
        """
        order, conditions = _order_of(wanted), _conditions(wanted)
        if after is not None:
            conditions.append(order.behind(after, "registry") if order else _behind_number(after))
        with outages_named():
            rows = self.journal.collection.find({"$and": conditions}, {"history": 0}).limit(limit + 1)
            rows = rows.sort(order.keys if order else [("_id", 1)]).hint(_index_for(wanted))
            found = [self.journal.parse(one) for one in rows]
        return page(found, limit, lambda last: _place_of(last, order))


class Numbers(Series):
    """The numbers of the datasets, gap-free in each dataset and year."""

    def __init__(self, collection: Collection) -> None:
        super().__init__(collection)
        self._numbers = collection

    def is_held(self, owner: str) -> bool:
        """Whether a number was taken for `owner`, and so must be used."""
        with outages_named():
            return self._numbers.find_one({"owner": owner}, {"_id": 1}) is not None


class Answers:
    """What was answered to requests that may change nothing, so that a repeat within `KEPT` hears the same."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def ensure_indexes(self) -> None:
        """Answers go by themselves when nobody repeats a request any more."""
        self._collection.create_index("given_at", expireAfterSeconds=int(KEPT.total_seconds()))

    def find(self, cause: Cause) -> dict[str, Any] | None:
        """The answer given to this cause, or None. Raises Conflict when the request id was used for something else."""
        with outages_named():
            kept = self._collection.find_one({"_id": cause.id})
        if kept is None:
            return None
        if kept["digest"] != cause.digest:
            raise Conflict(
                "registry.request_id_reused",
                "This request id was used for something else.",
                "Mã yêu cầu đã được dùng cho nội dung khác.",
            )
        return dict(kept["answer"])

    def keep(self, cause: Cause, answer: Mapping[str, Any]) -> None:
        """Keep the first answer."""
        with outages_named():
            first = {"digest": cause.digest, "answer": dict(answer), "given_at": clock.now()}
            self._collection.update_one({"_id": cause.id}, {"$setOnInsert": first}, upsert=True)


def _named(tenant: str, kind: str, key: str) -> Document:
    return {"state.kind": kind, "state.tenant": tenant, "state.key": key}


def _in_force(day: date) -> Document:
    return {**_begun(day), "state.valid_to": {"$not": {"$lt": day.isoformat()}}}


def _begun(day: date) -> Document:
    return {"state.valid_from": {"$lte": day.isoformat()}}


def _conditions(wanted: Wanted) -> list[Document]:
    conditions: list[Document] = [{"state.dataset": wanted.dataset}, _with_status(wanted)]
    if wanted.unit is not None:
        conditions.append({"state.unit": wanted.unit})
    if wanted.owner is not None:
        conditions.append({"subject.holder.id": wanted.owner.id, "subject.holder.kind": wanted.owner.kind})
    if wanted.holder is not None:
        conditions.append(_held_by(wanted.holder))
    if wanted.number_prefix is not None:
        first = f"{wanted.dataset}/{wanted.number_prefix}"
        conditions.append({"_id": {"$gte": first, "$lt": first + _HIGHEST}})
    if wanted.issued_from is not None:
        conditions.append({"state.issued_at": {"$gte": wanted.issued_from}})
    if wanted.issued_before is not None:
        conditions.append({"state.issued_at": {"$lt": wanted.issued_before}})
    return conditions


def _order_of(wanted: Wanted) -> ByTime | None:
    """None for the order of the numbers. Expired ones go by the day, which alone says where they begin in an index."""
    if wanted.number_prefix is not None:
        return None
    return _LAST_EXPIRED_FIRST if wanted.status == EXPIRED else _NEWEST_FIRST


def _place_of(record: Stored[Record], order: ByTime | None) -> str:
    """The cursor of a record in a list in that order."""
    if order is None:
        return cursor(record.id)
    return cursor(getattr(record.state, order.field.removeprefix("state.")), record.id)


def _list_index(order: ByTime, *narrow: str) -> Keys:
    """The index of a list in its order within the fields named; what else is asked of a record stands behind that."""
    fields = ("state.dataset", *narrow, "state.status")
    rest = {_NEWEST_FIRST.field, _LAST_EXPIRED_FIRST.field} - {order.field}
    return [*((name, 1) for name in fields), *order.keys, *((name, 1) for name in rest)]


def _index_for(wanted: Wanted) -> Keys:
    """The index that has the list in order already; the planner would now and then rather sort."""
    by_id = wanted.owner is not None or (wanted.holder is not None and is_number(wanted.holder))
    if wanted.number_prefix is not None:
        return _HOLDERS_NUMBERS if by_id else _UNITS_NUMBERS if wanted.unit is not None else [("_id", 1)]
    order = _order_of(wanted) or _NEWEST_FIRST
    if by_id or wanted.holder is not None:
        return _list_index(order, _HOLDER if by_id else _FOLDED)
    return _list_index(order, _UNIT) if wanted.unit is not None else _list_index(order)


def _with_status(wanted: Wanted) -> Document:
    """Always a test of the stored status, so that the indexes can be read in the order of the list."""
    today = wanted.today.isoformat()
    tests: dict[str | None, Document] = {
        VALID: {"state.status": VALID, "state.expires_on": {"$not": {"$lt": today}}},
        EXPIRED: {"state.status": VALID, "state.expires_on": {**_DAY, "$lt": today}},
        REVOKED: {"state.status": REVOKED},
        None: {"state.status": {"$in": [VALID, REVOKED]}},
    }
    return tests[wanted.status]


def _held_by(stated: str) -> Document:
    return {"subject.holder.id": plain_number(stated)} if is_number(stated) else {"subject.holder.folded": fold(stated)}


def _behind_number(after: str) -> Document:
    return {"_id": {"$gt": read_cursor(after, "registry", str)}}
