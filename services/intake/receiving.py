"""Uploads as use cases: a ticket is opened, a file comes in pieces and is judged, unnamed files are swept away."""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from bson import ObjectId

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import Conflict, Invalid, Refused, Unavailable
from services.chassis.logs import log
from services.chassis.store import Document
from services.intake import access, filetypes
from services.intake.drafts import Drafts
from services.intake.papers import Papers
from services.intake.settings import IntakeSettings
from services.intake.store import Dossiers
from services.intake.uploads import Uploads

_PIECE_BYTES = 64 * 1024


class BrokenOff(Exception):
    """The sender's line broke before the body was whole."""


class Body(Protocol):
    """What comes over the wire. `read` gives b"" at the end and raises BrokenOff; `length` is what was announced."""

    length: int | None

    def read(self, most: int) -> bytes:
        """The next bytes, at most `most`."""


@dataclass
class Metered:
    """A body on its way to the store, measured as it passes. Stops at the first byte too many."""

    body: Body
    expected: int
    size: int = 0
    head: bytes = b""
    digest: Any = field(default_factory=hashlib.sha256)

    def __iter__(self) -> Iterator[bytes]:
        while self.size <= self.expected and (piece := self.body.read(_PIECE_BYTES)):
            self.size += len(piece)
            self.digest.update(piece)
            self.head += piece[: filetypes.HEAD_BYTES - len(self.head)]
            yield piece
        if self.body.length is not None and self.size < min(self.body.length, self.expected):
            raise BrokenOff


class Receiving:
    """Uploads: what applicants bring before they submit."""

    def __init__(
        self, uploads: Uploads, papers: Papers, dossiers: Dossiers, drafts: Drafts, settings: IntakeSettings
    ) -> None:
        self._uploads, self._papers = uploads, papers
        self._dossiers, self._drafts = dossiers, drafts
        self._settings = settings

    def open_upload(self, actor: Actor, cause: Cause, **declared: Any) -> dict[str, Any]:
        """A one-time ticket to PUT one file, exactly as declared."""
        access.may_upload(actor)
        if declared["size"] > self._settings.upload_max_bytes:
            most = f"{self._settings.upload_max_bytes / 1_048_576:.3g} MB"
            en, vi = f"The file is too large: {most} is the most for any.", f"Tệp quá lớn: mọi tệp nhiều nhất {most}."
            raise _refused("file_too_large", "size", en, vi)
        type_ = filetypes.declared_type(declared["content_type"], declared["filename"])
        asked = {**declared, "sha256": declared["sha256"].lower(), "type": type_, "owner": access.holder(actor)}
        expires_at = clock.now() + timedelta(seconds=self._settings.upload_ticket_seconds)
        upload, ticket = self._uploads.open(cause, asked, expires_at)
        url = f"{self._settings.intake_url.rstrip('/')}/uploads/{upload['_id']}/{ticket}"
        return {"upload_id": upload["_id"], "url": url, "expires_at": upload["expires_at"]}

    def owner_of(self, upload_id: str) -> str:
        """Whose file would come in under this id. Raises NotFound."""
        return self._uploads.owner_of(upload_id)

    def receive(self, upload_id: str, ticket: str, body: Body) -> dict[str, Any]:
        """Take the file of an upload. Raises Refused when it is not what was declared, Invalid when it breaks off."""
        upload, file_id = self._uploads.begin(upload_id, ticket, clock.now())
        if upload["current"] is not None:  # an earlier try: broken off, or still running and now overtaken
            self._papers.remove([upload["current"]])
        problem = self._store(upload, file_id, body)
        if problem is not None:
            self._papers.remove([file_id])
            self._uploads.refuse(upload_id, file_id, clock.now())
            self._drop_parts(upload)
            raise problem
        if not self._uploads.finish(upload_id, file_id, clock.now()):
            self._papers.remove([file_id])
            raise overtaken()
        self._drop_parts(upload)
        return {
            "upload_id": upload_id,
            "status": "finished",
            **{name: upload[name] for name in ("size", "sha256", "type")},
        }

    def sweep(self) -> None:
        """Remove what was uploaded and never named in a dossier; what a draft names has another day, and another."""
        at = clock.now()
        for upload in self._uploads.overdue(at):
            dossier_code = self._dossiers.naming(upload["_id"])
            if dossier_code is not None:  # the word that it was named had been lost
                self._uploads.name_in(dossier_code, [upload["_id"]])
            elif self._drafts.is_named(upload["_id"]) and self._uploads.keep_from_sweep([upload], at):
                continue
            elif self._uploads.give_up(upload):
                self._papers.remove(upload["tries"])
                self._drop_parts(upload)
                self._uploads.forget(upload["_id"])

    def _drop_parts(self, upload: Document) -> None:
        """Of an upload that came in parts; if this fails they are forgotten by themselves."""
        if upload.get("parts"):
            with suppress(Unavailable):
                self._papers.parts.remove(upload["_id"])

    def _store(self, upload: Document, file_id: ObjectId, body: Body) -> Refused | None:
        """Write the body away and judge it. Whatever is raised, nothing of it stays."""
        metered = Metered(body, upload["size"])
        try:
            if body.length is None or body.length == upload["size"]:
                self._papers.write(file_id, metered, clock.now())
            else:
                metered.size = body.length
            return self._judge(upload, file_id, metered)
        except BrokenOff:
            self._papers.remove([file_id])
            log.info("upload_broken_off", upload=upload["_id"], size=metered.size)
            raise Invalid("intake.upload_broken_off", "The upload broke off.", "Việc tải lên bị gián đoạn.") from None
        except BaseException:
            with suppress(Unavailable):  # then the sweep will find it
                self._papers.remove([file_id])
            raise

    def _judge(self, upload: Document, file_id: ObjectId, metered: Metered) -> Refused | None:
        if metered.size != upload["size"]:
            return _refused("wrong_size", "size", "The size is not what was declared.", "Kích thước không như đã khai.")
        if metered.digest.hexdigest() != upload["sha256"]:
            return _refused("wrong_checksum", "sha256", "The SHA-256 differs.", "Mã SHA-256 không khớp.")
        if not self._is_of_type(upload["type"], file_id, metered):
            return _refused(
                "wrong_content", "content_type", "The content is not of the declared type.", "Sai loại nội dung."
            )
        return None

    def _is_of_type(self, type_: str, file_id: ObjectId, metered: Metered) -> bool:
        if not filetypes.begins_as(type_, metered.head):
            return False
        with self._papers.open(file_id) as file:
            return filetypes.is_whole(type_, file, metered.size)


def overtaken() -> Conflict:
    """Somebody else, or the same sender on a new line, writes on."""
    return Conflict("intake.upload_overtaken", "Another try took over.", "Lượt tải lên khác đã thay thế.")


def _refused(code: str, field_: str, en: str, vi: str) -> Refused:
    return Refused(f"intake.{code}", en, vi, [{"field": field_, "code": code, "vi": vi, "en": en}])
