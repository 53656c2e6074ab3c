"""Drafts of submissions: what somebody has typed so far, kept until it is submitted, discarded or forgotten.

    saved (version 1, 2, …) ──► gone: submitted or discarded
      └──► forgotten: nobody saved it for a month

A draft has no history and says no events: it is nobody's business but his who types. Every save states the version it
was made from; of two devices that began from the same one the first is taken, and the second is told. The cause of the
last change stands in the draft, so that a save whose answer was lost may be repeated. For a week something is left of
a draft that is gone, its id and nothing typed, so that a save that comes late does not bring it back.

A draft with a `dossier_code` answers what that dossier is asked to supplement; the answer takes it away.

A submission marks its draft before it is kept and takes it away afterwards. Whoever finds a marked draft looks for the
dossier that the marking request opened: if there is one the draft is gone, whatever happened to the process.

    {_id, draft_id, tenant, procedure, dossier_code, version, saved_at, expires_at, cause, digest, submitted_by,
     subject: {owner, applicant, form, documents: [{component, upload_id}]}}
    {_id, cause, gone: true, expires_at}
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from services.chassis.cause import Cause
from services.chassis.errors import Conflict, NotFound, Refused
from services.chassis.paging import ByTime, cursor, page
from services.chassis.store import Collection, Document, outages_named

MOST_DRAFTS: Final = 50
_OWNER: Final = "subject.owner"
_UPLOAD: Final = "subject.documents.upload_id"
_NEWEST_FIRST: Final = ByTime("saved_at")
_LINE: Final = (
    "draft_id",
    "tenant",
    "procedure",
    "dossier_code",
    "version",
    "saved_at",
    "expires_at",
    "submitted_by",
)
_LATE: Final = timedelta(days=7)  # how long after its end a save may still be on its way
_TRIES: Final = 3  # to be told by a majority what was just written


@dataclass(frozen=True, slots=True)
class Place:
    """Where a draft is kept: two people may choose the same id, and no number stands in the key."""

    owner: str
    draft_id: str

    @property
    def key(self) -> str:
        """The `_id` of the draft."""
        return hashlib.sha256(f"{self.owner}\x1f{self.draft_id}".encode()).hexdigest()


class Drafts:
    """Drafts by owner and id. Every change is guarded by the version it starts from."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    def ensure_indexes(self) -> None:
        """An owner's drafts in their order, those that name an upload; what is over vanishes by itself."""
        self._collection.create_index([(_OWNER, 1), *_NEWEST_FIRST.keys])
        self._collection.create_index(_UPLOAD, partialFilterExpression={_UPLOAD: {"$exists": True}})
        self._collection.create_index("expires_at", expireAfterSeconds=0)

    def find(self, place: Place) -> Document | None:
        """The draft, unless it is gone."""
        found = self._look(place)
        return None if found is None or "gone" in found else found

    def save(self, place: Place, cause: Cause, version: int, content: Mapping[str, Any]) -> Document:
        """Keep `content` in place of `version`, 0 for a new draft; the same again for the same request.

        Raises Conflict when it was changed since or is gone, NotFound when it was forgotten, Refused for one too many.
        """
        changed = {**content, "version": version + 1, "cause": cause.id, "digest": cause.digest}
        for _ in range(_TRIES):
            saved = self._insert(place, changed) if version == 0 else self._update(place, version, changed)
            if saved is not None:
                return saved
            known = self._look(place)
            if known is not None and _is_repeat(known, cause):
                return known
            problem = _why_not(known, version)
            if problem is not None:
                raise problem
        raise _changed()

    def discard(self, place: Place, cause: Cause, at: datetime, version: int | None = None) -> None:
        """Leave nothing of what was typed, whatever its version or only of this one.

        Raises NotFound for what never was, or was forgotten, Conflict for what was changed since.
        """
        if self._end(place, {} if version is None else {"version": version}, cause.id, at):
            return
        known = self._look(place)
        if known is None:
            raise unknown_draft()
        if "gone" not in known:
            raise _changed()

    def mark(self, place: Place, cause_id: str) -> None:
        """The draft is about to be submitted by this request."""
        with outages_named():
            self._collection.update_one(_living(place), {"$set": {"submitted_by": cause_id}})

    def submitted(self, place: Place, cause_id: str, at: datetime) -> None:
        """The request that marked the draft opened its dossier. What was typed after the mark stays."""
        self._end(place, {"submitted_by": cause_id}, cause_id, at)

    def listed(self, owner: str, limit: int, after: str | None) -> tuple[list[Document], str | None]:
        """A page of an owner's drafts without their content, last saved first. Raises Invalid for a foreign `after`."""
        query: Document = {_OWNER: owner}
        if after is not None:
            query |= _NEWEST_FIRST.behind(after, "intake")
        with outages_named():
            found = self._collection.find(query, dict.fromkeys(_LINE, 1))
            rows = list(found.sort(_NEWEST_FIRST.keys).limit(limit + 1))
        return page(rows, limit, lambda last: cursor(last["saved_at"], last["_id"]))

    def is_named(self, upload_id: str) -> bool:
        """Whether some draft names the upload."""
        with outages_named():
            return self._collection.find_one({_UPLOAD: upload_id}, {"_id": 1}) is not None

    def _look(self, place: Place) -> Document | None:
        with outages_named():
            found: Document | None = self._collection.find_one({"_id": place.key})
        return found

    def _insert(self, place: Place, content: Document) -> Document | None:
        """The new draft; None when there is one, or the rest of one."""
        if self._look(place) is not None:
            return None
        with outages_named():
            if self._collection.count_documents({_OWNER: place.owner}) >= MOST_DRAFTS:
                raise _too_many()
            try:
                self._collection.insert_one({"_id": place.key, "draft_id": place.draft_id, **content})
            except DuplicateKeyError:
                return None
        return content

    def _update(self, place: Place, version: int, content: Document) -> Document | None:
        """The changed draft, which no submission has marked; None when it is not there in this version."""
        with outages_named():
            found: Document | None = self._collection.find_one_and_update(
                {**_living(place), "version": version},
                {"$set": content, "$unset": {"submitted_by": ""}},
                return_document=ReturnDocument.AFTER,
            )
        return found

    def _end(self, place: Place, guard: Document, cause_id: str, at: datetime) -> bool:
        rest = {"cause": cause_id, "gone": True, "expires_at": at + _LATE}
        with outages_named():
            return bool(self._collection.replace_one({**_living(place), **guard}, rest).matched_count)


def unknown_draft() -> NotFound:
    """There is no such draft, or it is somebody else's: nobody can tell which."""
    return NotFound("intake.unknown_draft", "There is no such draft.", "Không tìm thấy bản nháp.")


def _living(place: Place) -> Document:
    return {"_id": place.key, "gone": {"$exists": False}}


def _is_repeat(known: Document, cause: Cause) -> bool:
    """Whether this very request made the last change. Raises Conflict when its id was used for something else."""
    if known["cause"] != cause.id:
        return False
    if known["digest"] != cause.digest:
        raise _reused()
    return True


def _why_not(known: Document | None, version: int) -> Exception | None:
    """What speaks against a save; nothing where a majority has yet to hear of the version."""
    if known is None:
        return unknown_draft() if version else None
    if "gone" in known:
        return _gone()
    return None if known["version"] == version else _changed()


def _gone() -> Conflict:
    return Conflict(
        "intake.draft_gone",
        "The draft was submitted or discarded; save what you have under a new draft_id.",
        "Bản nháp đã được nộp hoặc đã xóa; hãy lưu nội dung thành bản nháp mới.",
    )


def _changed() -> Conflict:
    return Conflict(
        "intake.draft_changed",
        "The draft was changed elsewhere; get it, and save from its version.",
        "Bản nháp đã được sửa ở nơi khác; hãy mở bản mới nhất rồi lưu lại.",
    )


def _reused() -> Conflict:
    return Conflict(
        "intake.request_id_reused",
        "This request id was used for something else.",
        "Mã yêu cầu đã được dùng cho nội dung khác.",
    )


def _too_many() -> Refused:
    return Refused(
        "intake.too_many_drafts",
        f"You have {MOST_DRAFTS} drafts; submit or discard one first.",
        f"Đang có {MOST_DRAFTS} bản nháp; hãy nộp hoặc xóa bớt.",
    )
