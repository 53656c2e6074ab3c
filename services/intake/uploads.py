"""The state of uploads: a ticket that is opened, tried, finished or refused, and a finished file that is named once.

    open ──► finished ──► named in a dossier (`dossier_code`)
      └────► refused        └──► removed, when nobody names it within a day

A ticket is good for one complete upload. A try that breaks off leaves nothing behind and the ticket is good for
another (`MOST_TRIES` in all); a try that comes whole ends it, whether the file is taken or refused. A second try takes
over from one still running, so that a client whose line broke need not wait until we notice. Nobody has more than
`MOST_IN_HAND` uploads that are open, or finished and not named.

The ticket itself is not stored. It is an HMAC of a stored random salt under the id of the request that opened it, which
is not stored either: so the repeated request gets the same answer, and the store alone opens nothing.

A file may also come in parts, see `resuming`: then `offset` says how much of it is here, `parts` where, and `writer`
who writes on. Each part makes the ticket good for longer.

    {_id, owner, opened_by, digest, salt, ticket, filename, content_type, type, size, sha256, status, expires_at,
     current, tries: [file ids], offset, parts: [part ids], writer, dossier_code, sweep_at | forget_at}
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from bson import ObjectId
from pymongo import ReturnDocument, UpdateMany
from pymongo.errors import DuplicateKeyError

from services.chassis import clock
from services.chassis.cause import Cause
from services.chassis.errors import Conflict, Denied, NotFound, Refused
from services.chassis.reads import GroupRead
from services.chassis.store import Collection, Document, outages_named
from services.chassis.writes import GroupWrite

MOST_TRIES: Final = 20
MOST_PARTS: Final = 1000
MOST_IN_HAND: Final = 200  # twice what one dossier can name
_SOON: Final = timedelta(hours=1)


class Uploads:
    """Uploads by id. Every change is guarded by the state it starts from."""

    def __init__(self, collection: Collection, unclaimed: timedelta) -> None:
        self._collection = collection
        self._unclaimed = unclaimed
        self._reads, self._writes = GroupRead(collection), GroupWrite(collection)

    def ensure_indexes(self) -> None:
        """One upload a request; tickets never tried vanish by themselves; what is to be swept is at hand."""
        self._collection.create_index("opened_by", unique=True)
        self._collection.create_index([("owner", 1), ("dossier_code", 1), ("status", 1), ("expires_at", 1)])
        self._collection.create_index("forget_at", expireAfterSeconds=0)
        self._collection.create_index("sweep_at", partialFilterExpression={"sweep_at": {"$exists": True}})

    def open(self, cause: Cause, declared: Mapping[str, Any], expires_at: datetime) -> tuple[Document, str]:
        """The upload that `cause` opens, and its ticket; the same again for the same request.

        Raises Conflict, and Refused when the owner has too many in hand.
        """
        opened_by = _sha256(cause.id)
        fresh = self._fresh(cause, declared, expires_at) | {"opened_by": opened_by}
        with outages_named():
            known = self._collection.find_one({"opened_by": opened_by})
            if known is None:
                self._insist_on_room(declared["owner"], clock.now())
                try:
                    self._collection.insert_one(fresh)
                except DuplicateKeyError:
                    known = self._collection.find_one({"opened_by": opened_by})
        upload = known or fresh
        if upload["digest"] != cause.digest:
            raise Conflict(
                "intake.request_id_reused",
                "This request id was used for something else.",
                "Mã yêu cầu đã được dùng cho nội dung khác.",
            )
        return upload, _ticket(cause, upload["salt"])

    def owner_of(self, upload_id: str) -> str:
        """Who opened the upload. Raises NotFound."""
        with outages_named():
            found = self._collection.find_one({"_id": upload_id}, {"owner": 1})
        if found is None:
            raise _unknown()
        return str(found["owner"])

    def begin(self, upload_id: str, ticket: str, at: datetime) -> tuple[Document, ObjectId]:
        """A new try under the ticket: the upload as it was before, and the id of the file to be written.

        Raises NotFound for an unknown ticket, Conflict for a used, Denied for an expired, Refused for a worn one.
        """
        file_id = ObjectId()
        usable = {"_id": upload_id, "ticket": _sha256(ticket), "status": "open", "expires_at": {"$gt": at}}
        begun = {
            "$set": {"current": file_id, "sweep_at": at + self._unclaimed},
            "$unset": {"forget_at": ""},
            "$push": {"tries": file_id},
        }
        with outages_named():
            found = self._collection.find_one_and_update(
                {**usable, f"tries.{MOST_TRIES - 1}": {"$exists": False}}, begun, return_document=ReturnDocument.BEFORE
            )
        if found is None:
            raise self._why_not(upload_id, ticket, at) or Refused(
                "intake.too_many_tries", "Too many tries; open a new upload.", "Đã thử quá nhiều lần."
            )
        return found, file_id

    def look(self, upload_id: str, ticket: str, at: datetime) -> Document:
        """The upload that the ticket opens, or has filled. Raises what `begin` raises of the ticket."""
        with outages_named():
            found: Document | None = self._collection.find_one({"_id": upload_id, "ticket": _sha256(ticket)})
        if found is not None and found["status"] == "finished":
            return found
        problem = self._why_not(upload_id, ticket, at)
        if problem is not None or found is None:
            raise problem or _unknown()
        return found

    def begin_part(self, upload_id: str, ticket: str, offset: int, at: datetime) -> tuple[Document, str]:
        """Write on from `offset`, whoever else was writing: the upload, and the word by which the writer is known.

        Raises what `begin` raises of the ticket, Conflict for another offset, Refused for too many parts.
        """
        writer = secrets.token_hex(8)
        usable = {"_id": upload_id, "ticket": _sha256(ticket), "status": "open", "expires_at": {"$gt": at}}
        here = {"offset": offset or None, f"parts.{MOST_PARTS - 1}": {"$exists": False}}
        begun = {"$set": {"writer": writer, "sweep_at": at + self._unclaimed}, "$unset": {"forget_at": ""}}
        with outages_named():
            found = self._collection.find_one_and_update({**usable, **here}, begun)
        if found is None:
            raise self._why_not(upload_id, ticket, at) or self._why_no_part(upload_id, offset)
        return found, writer

    def append(
        self, upload_id: str, writer: str, part_id: ObjectId, length: int, at: datetime, expires_at: datetime
    ) -> bool:
        """The part belongs to the upload, whose ticket is good for longer; False when another writes on."""
        guard = {"_id": upload_id, "status": "open", "writer": writer}
        times = {"sweep_at": at + self._unclaimed, "expires_at": expires_at}
        grown = {"$push": {"parts": part_id}, "$inc": {"offset": length}, "$set": times}
        with outages_named():
            return bool(self._collection.update_one(guard, grown).modified_count)

    def part_ids(self, upload_id: str) -> list[ObjectId]:
        """The parts of an upload in their order."""
        with outages_named():
            found = self._collection.find_one({"_id": upload_id}, {"parts": 1})
        return list(found.get("parts", ())) if found else []

    def finish(self, upload_id: str, file_id: ObjectId, at: datetime) -> bool:
        """The file of this try is the upload; False when another try took over."""
        guard = {"_id": upload_id, "status": "open", "current": file_id}
        change = {"$set": {"status": "finished", "finished_at": at, "sweep_at": at + self._unclaimed}}
        with outages_named():
            return bool(self._collection.update_one(guard, change).modified_count)

    def refuse(self, upload_id: str, file_id: ObjectId, at: datetime) -> None:
        """The file of this try is not what was declared: the ticket is used up."""
        guard = {"_id": upload_id, "status": "open", "current": file_id}
        change = {"$set": {"status": "refused", "forget_at": at + self._unclaimed}, "$unset": {"sweep_at": ""}}
        with outages_named():
            self._collection.update_one(guard, change)

    def find(self, upload_ids: Iterable[str], owner: str) -> dict[str, Document]:
        """Those of the uploads that `owner` opened, by id."""
        found = filter(None, (self._reads.find(upload_id) for upload_id in dict.fromkeys(upload_ids)))
        return {upload["_id"]: upload for upload in found if upload["owner"] == owner}

    def file_id(self, upload_id: str) -> ObjectId | None:
        """The file of a finished upload."""
        with outages_named():
            found = self._collection.find_one({"_id": upload_id, "status": "finished"}, {"current": 1})
        return found["current"] if found else None

    def keep_from_sweep(self, uploads: Iterable[Mapping[str, Any]], at: datetime) -> bool:
        """Give uploads that are about to be swept another day; False when one has gone already."""
        late = [upload["_id"] for upload in uploads if upload["sweep_at"] <= at + _SOON]
        if not late:
            return True
        guard = {"_id": {"$in": late}, "status": "finished", "dossier_code": None}
        with outages_named():
            done = self._collection.update_many(guard, {"$set": {"sweep_at": at + self._unclaimed}})
        return bool(done.matched_count == len(late))

    def name_in(self, dossier_code: str, upload_ids: Sequence[str]) -> None:
        """The uploads belong to the dossier from now on."""
        if upload_ids:
            named = {"$set": {"dossier_code": dossier_code}, "$unset": {"sweep_at": ""}}
            self._writes.update(UpdateMany({"_id": {"$in": list(upload_ids)}}, named))

    def overdue(self, at: datetime, most: int = 200) -> list[Document]:
        """Uploads that were tried, and that nobody has named for a day."""
        with outages_named():
            return list(self._collection.find({"sweep_at": {"$lte": at}}).sort("sweep_at", 1).limit(most))

    def give_up(self, upload: Document) -> bool:
        """Mark an overdue upload as removed, unless somebody just named it; its files may go then."""
        guard = {"_id": upload["_id"], "sweep_at": upload["sweep_at"], "dossier_code": None}
        # it stays due until `forget` was reached: files are removed in between, and that may fail
        with outages_named():
            return bool(self._collection.update_one(guard, {"$set": {"status": "removed"}}).matched_count)

    def forget(self, upload_id: str) -> None:
        """Nothing is left of the upload."""
        with outages_named():
            self._collection.delete_one({"_id": upload_id, "status": "removed"})

    def _insist_on_room(self, owner: str, at: datetime) -> None:
        unnamed = {"owner": owner, "dossier_code": None}
        count = self._collection.count_documents
        in_hand = count({**unnamed, "status": "open", "expires_at": {"$gt": at}}) + count(
            {**unnamed, "status": "finished"}
        )
        if in_hand >= MOST_IN_HAND:
            raise Refused(
                "intake.too_many_uploads",
                f"You have {MOST_IN_HAND} uploads that no dossier names yet.",
                f"Đang có {MOST_IN_HAND} tệp tải lên chưa được nộp vào hồ sơ nào.",
            )

    def _fresh(self, cause: Cause, declared: Mapping[str, Any], expires_at: datetime) -> Document:
        salt = secrets.token_bytes(32)
        return {
            "_id": secrets.token_hex(16),
            **declared,
            "digest": cause.digest,
            "salt": salt,
            "ticket": _sha256(_ticket(cause, salt)),
            "status": "open",
            "expires_at": expires_at,
            "forget_at": expires_at + _SOON,
            "dossier_code": None,
            "current": None,
            "tries": [],
        }

    def _why_not(self, upload_id: str, ticket: str, at: datetime) -> Exception | None:
        """What speaks against the ticket."""
        with outages_named():
            found = self._collection.find_one({"_id": upload_id})
        if found is None or not hmac.compare_digest(found["ticket"], _sha256(ticket)):
            return _unknown()
        if found["status"] != "open":
            return Conflict("intake.ticket_used", "The upload ticket was used.", "Vé tải lên đã được dùng.")
        if found["expires_at"] <= at:
            return Denied("intake.ticket_expired", "The upload ticket has expired.", "Vé tải lên đã hết hạn.")
        return None

    def _why_no_part(self, upload_id: str, offset: int) -> Exception:
        with outages_named():
            found = self._collection.find_one({"_id": upload_id}, {"offset": 1})
        if found and found.get("offset", 0) != offset:
            return Conflict(
                "intake.wrong_offset", "The upload is at another offset; ask for it.", "Vị trí tải lên không khớp."
            )
        return Refused(
            "intake.too_many_parts", "The upload came in too many parts; open a new one.", "Tệp bị chia quá nhiều phần."
        )


def _unknown() -> NotFound:
    return NotFound("intake.unknown_upload", "There is no such upload.", "Không có lượt tải lên này.")


def _ticket(cause: Cause, salt: bytes) -> str:
    made = hmac.digest(cause.id.encode(), bytes(salt), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
