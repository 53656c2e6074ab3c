"""Endpoints and deliveries of webhooks in MongoDB.

    webhooks    {_id, url, tenant, unit, types, enabled, disabled_because, rests_until, created_at, cause, digest,
                 secrets: [{key, cause, digest, until}], since, place: {offset, id} or none}
    deliveries  {_id: "<endpoint>.<event id>", endpoint, event, payload: {…}, trace, status, tries, made_at, due_at, by,
                 tried_at, answer, expires_at}

A `key` is a secret that signs, encrypted (webhook_secrets.py).

A delivery is named after what it delivers, so that an event that is read twice is sent once. Whoever tries it puts
`due_at` off and writes his name beside it: who dies meanwhile has it tried by another then.
"""

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from pymongo import ReturnDocument, UpdateOne
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from services.chassis import paging
from services.chassis.cause import Cause
from services.chassis.errors import Conflict, NotFound
from services.chassis.paging import ByTime, cursor
from services.chassis.store import Document, outages_named
from services.chassis.stream import Place
from services.chassis.together import Together
from services.notify.webhooks import MOST_SECRETS, ROTATION, Endpoint, Happened

NEWEST: Final = ByTime("made_at")
NOBODY_SECONDS: Final = 5.0
_READER: Final = "reader"
_PENDING: Final = {"status": "pending"}
_Settled = tuple[str, UpdateOne]


class WebhookStore:
    """All that is kept about webhooks."""

    def __init__(self, database: Database[Document]) -> None:
        self._endpoints: Any = database["webhooks"]
        self._deliveries: Any = database["deliveries"]
        self._turns: Any = database["turns"]
        self._nobody_until = 0.0
        self._claiming = threading.Lock()
        self._settles: Together[_Settled, bool] = Together(self._settle)

    def ensure_indexes(self) -> None:
        """Lists of an endpoint, newest first; what is due of it; what was delivered goes by itself."""
        self._deliveries.create_index([("endpoint", 1), *NEWEST.keys])
        self._deliveries.create_index([("endpoint", 1), ("status", 1), *NEWEST.keys])
        self._deliveries.create_index([("endpoint", 1), ("due_at", 1)], partialFilterExpression=_PENDING)
        self._deliveries.create_index("expires_at", expireAfterSeconds=0)

    # endpoints

    def add(self, endpoint: Endpoint, key: str, cause: Cause) -> Document:
        """The new endpoint as it is kept; of a repeated request the one that it made. Raises Conflict."""
        made = {
            **_fields(endpoint),
            "disabled_because": None,
            "rests_until": None,
            "cause": cause.id,
            "digest": cause.digest,
            "secrets": [{"key": key, "cause": cause.id, "digest": cause.digest, "until": None}],
            "since": endpoint.created_at,
            "place": None,
        }
        self._nobody_until = 0.0
        with outages_named():
            try:
                self._endpoints.insert_one({"_id": endpoint.id, **made})
            except DuplicateKeyError:
                found = self.get(endpoint.id)
                _insist_same(found["digest"], cause)
                return found
        return {"_id": endpoint.id, **made}

    def listed(self) -> list[Document]:
        """Every endpoint, by id."""
        with outages_named():
            return list(self._endpoints.find({}).sort("_id", 1))

    def enabled(self) -> list[Document]:
        """Those who are told. That there is nobody is believed for some seconds, so that it costs nothing."""
        if time.monotonic() < self._nobody_until:
            return []
        found = [one for one in self.listed() if one["enabled"]]
        self._nobody_until = 0.0 if found else time.monotonic() + NOBODY_SECONDS
        return found

    def get(self, id_: str) -> Document:
        """An endpoint. Raises NotFound."""
        with outages_named():
            found: Document | None = self._endpoints.find_one({"_id": id_})
        return _known(found)

    def rotate(self, id_: str, key: str, cause: Cause, now: datetime) -> Document:
        """The endpoint with a new secret before those that signed so far. Raises NotFound, Conflict."""
        kept = self.get(id_)["secrets"]
        if repeated := [one for one in kept if one["cause"] == cause.id]:
            _insist_same(repeated[0]["digest"], cause)
            return self.get(id_)
        first = {"key": key, "cause": cause.id, "digest": cause.digest, "until": None}
        still = [one for one in kept[1:] if one["until"] > now]
        secrets = [first, {**kept[0], "until": now + ROTATION}, *still][:MOST_SECRETS]
        return self._change({"_id": id_, "secrets": kept}, {"secrets": secrets})

    def switch(self, id_: str, *, enabled: bool, because: str | None = None) -> Document:
        """The endpoint, told again, whatever rest it wished, or told no more. Raises NotFound."""
        self._nobody_until = 0.0
        return self._change({"_id": id_}, {"enabled": enabled, "disabled_because": because, "rests_until": None})

    def rest(self, id_: str, until: datetime) -> None:
        """Leave an endpoint in peace until then, at least."""
        with outages_named():
            self._endpoints.update_one({"_id": id_}, {"$max": {"rests_until": until}})

    def remove(self, id_: str) -> None:
        """Forget an endpoint and all that was or would have been sent to it."""
        with outages_named():
            self._endpoints.delete_one({"_id": id_})
            self._deliveries.delete_many({"endpoint": id_})

    def forget_orphans(self) -> int:
        """Take away what is for endpoints that are no more: it was being made while they were removed. How many."""
        with outages_named():
            told = self._deliveries.distinct("endpoint")
            known = {one["_id"] for one in self.listed()}  # looked at later, so none of those added meanwhile is missed
            orphans = {"endpoint": {"$in": [one for one in told if one not in known]}}
            return int(self._deliveries.delete_many(orphans).deleted_count)

    # reading

    def take_turn(self, by: str, now: datetime, until: datetime) -> bool:
        """Whether `by` is the one who reads until then."""
        free = {"_id": _READER, "$or": [{"by": by}, {"until": {"$lte": now}}]}
        with outages_named():
            try:
                self._turns.update_one(free, {"$set": {"by": by, "until": until}}, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    def end_turn(self, by: str, now: datetime) -> None:
        """Another may read at once."""
        with outages_named():
            self._turns.update_one({"_id": _READER, "by": by}, {"$set": {"until": now}})

    def deliver(self, wanted: Iterable[tuple[str, Happened]], now: datetime) -> None:
        """Let each endpoint be told of an event, unless it is or was."""
        updates = [_made(endpoint, happened, now) for endpoint, happened in wanted]
        if updates:
            with outages_named():
                self._deliveries.bulk_write(updates, ordered=False)

    def move_on(self, endpoints: Sequence[Document], place: Place | None, since: datetime | None) -> None:
        """These have been read up to `place`, unless somebody else has moved them; none: from `since` again."""
        moved = {"place": None if place is None else asdict(place)}
        updates = [
            UpdateOne({"_id": one["_id"], "place": one["place"]}, {"$set": {**moved, "since": since or one["since"]}})
            for one in endpoints
        ]
        if updates:
            with outages_named():
                self._endpoints.bulk_write(updates, ordered=False)

    # sending

    def claim(self, endpoint: str, by: str, most: int, now: datetime, until: datetime) -> list[Document]:
        """Deliveries of an endpoint that are due for the longest, to be tried by nobody else until then.

        Of two who claim at once one may get less than there is: in a process nobody does.
        """
        due = {"endpoint": endpoint, **_PENDING, "due_at": {"$lte": now}}
        with self._claiming, outages_named():
            found = [one["_id"] for one in self._deliveries.find(due, {"_id": 1}).sort("due_at", 1).limit(most)]
            if not found:
                return []
            chosen = {"_id": {"$in": found}}
            self._deliveries.update_many({**due, **chosen}, {"$set": {"due_at": until, "by": by}})
            return list(self._deliveries.find({**chosen, "by": by}))

    def release(self, claimed: Sequence[Document], now: datetime) -> None:
        """These were not tried: others may at once."""
        mine = {"_id": {"$in": [one["_id"] for one in claimed]}, "by": claimed[0]["by"], **_PENDING}
        with outages_named():
            self._deliveries.update_many(mine, {"$set": {"due_at": now, "by": None}})

    def settle(self, delivery: Document, change: Mapping[str, Any]) -> bool:
        """Keep what became of a try, unless it has become another's meanwhile."""
        mine = {"_id": delivery["_id"], "by": delivery["by"], **_PENDING}
        return self._settles.do((delivery["_id"], UpdateOne(mine, {"$set": {**change, "by": None}})))

    def revive(self, endpoint: str, now: datetime) -> int:
        """Let what was given up be tried from the beginning; how many they were."""
        with outages_named():
            result = self._deliveries.update_many(
                {"endpoint": endpoint, "status": "given_up"}, {"$set": {**_PENDING, "tries": 0, "due_at": now}}
            )
        return int(result.modified_count)

    # looking

    def page(
        self, endpoint: str, status: str | None, limit: int, after: str | None
    ) -> tuple[list[Document], str | None]:
        """At most `limit` deliveries of an endpoint behind the cursor `after`, newest first, and the next cursor."""
        wanted: Document = {"endpoint": endpoint, **(NEWEST.behind(after, "notify") if after else {})}
        if status is not None:
            wanted["status"] = status
        with outages_named():
            found = list(self._deliveries.find(wanted).sort(NEWEST.keys).limit(limit + 1))
        return paging.page(found, limit, lambda one: cursor(one["made_at"], one["_id"]))

    def count(self, endpoint: str, status: str) -> int:
        """How many deliveries of an endpoint have this status."""
        with outages_named():
            return int(self._deliveries.count_documents({"endpoint": endpoint, "status": status}))

    def oldest_pending(self, endpoint: str) -> datetime | None:
        """Since when the oldest of them waits."""
        oldest = [(key, -sign) for key, sign in NEWEST.keys]
        with outages_named():
            found = self._deliveries.find_one({"endpoint": endpoint, **_PENDING}, {"made_at": 1}, sort=oldest)
        return found["made_at"] if found else None

    def _settle(self, settled: Sequence[_Settled]) -> list[bool | Exception]:
        """All at once; where one was another's, those count that nobody has in hand now."""
        with outages_named():
            result = self._deliveries.bulk_write([update for _, update in settled], ordered=False)
            if result.matched_count == len(settled):
                return [True] * len(settled)
            free = {"_id": {"$in": [id_ for id_, _ in settled]}, "by": None}
            found = {one["_id"] for one in self._deliveries.find(free, {"_id": 1})}
        return [id_ in found for id_, _ in settled]

    def _change(self, wanted: Document, change: Document) -> Document:
        with outages_named():
            found: Document | None = self._endpoints.find_one_and_update(
                wanted, {"$set": change}, return_document=ReturnDocument.AFTER
            )
        if found is None and len(wanted) > 1 and self.get(wanted["_id"]):
            raise Conflict("notify.webhook_changed", "Somebody else has just changed it.", "Vừa có người khác sửa.")
        return _known(found)


def endpoint_of(document: Mapping[str, Any]) -> Endpoint:
    """An endpoint as rules know it."""
    kept = {name: document[name] for name in ("url", "tenant", "unit", "enabled", "created_at")}
    return Endpoint(id=document["_id"], types=tuple(document["types"]), **kept)


def place_of(document: Mapping[str, Any]) -> Place | None:
    """How far an endpoint has been read for."""
    return Place(**document["place"]) if document["place"] else None


def _fields(endpoint: Endpoint) -> Document:
    return {name: value for name, value in {**asdict(endpoint), "types": list(endpoint.types)}.items() if name != "id"}


def _made(endpoint: str, happened: Happened, now: datetime) -> UpdateOne:
    waits = {**_PENDING, "tries": 0, "made_at": now, "due_at": now, "by": None, "tried_at": None, "answer": None}
    made = {"endpoint": endpoint, "event": happened.id, "payload": happened.payload, "trace": happened.trace, **waits}
    return UpdateOne({"_id": f"{endpoint}.{happened.id}"}, {"$setOnInsert": made}, upsert=True)


def _known(found: Document | None) -> Document:
    if found is None:
        raise NotFound("notify.unknown_webhook", "There is no such webhook.", "Không tìm thấy webhook.")
    return found


def _insist_same(digest: str, cause: Cause) -> None:
    if digest != cause.digest:
        raise Conflict(
            "notify.request_id_reused",
            "This request id was used for something else.",
            "Mã yêu cầu đã được dùng cho nội dung khác.",
        )
