"""Files on their way in: taken when they are what was declared, gone without a trace when not."""

import hashlib
import io
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from bson import ObjectId

from services.chassis.cause import Cause
from services.chassis.errors import Conflict, Denied, Invalid, Refused, ServiceError, Unavailable
from services.intake.receiving import BrokenOff, Receiving
from tests.unit.intake.builders import CITIZEN, OFFICER, SYSTEM
from tests.unit.intake.fakes import SETTINGS, FakePapers, cause
from tests.unit.intake.test_filetypes import DOCX, JPG, PDF, PNG, word_document


class FakeUploads:
    """One upload that is opened, tried, and finished or refused."""

    def __init__(self) -> None:
        self.document: dict[str, Any] = {}
        self.overtaken = False
        self.named: list[str] = []

    def open(self, _cause: Cause, declared: Any, expires_at: datetime) -> tuple[dict[str, Any], str]:
        """Open it."""
        self.document = {"_id": "u1", "status": "open", "current": None, "tries": [], **declared}
        self.document["expires_at"] = expires_at
        return self.document, "ticket"

    def begin(self, _upload_id: str, _ticket: str, _at: datetime) -> tuple[dict[str, Any], ObjectId]:
        """A new try."""
        if self.document["status"] != "open":
            raise Conflict("intake.ticket_used", "Used.", "Đã dùng.")
        before, file_id = dict(self.document), ObjectId()
        self.document["current"] = file_id
        self.document["tries"].append(file_id)
        return before, file_id

    def finish(self, _upload_id: str, file_id: ObjectId, _at: datetime) -> bool:
        """The end of a good try."""
        if self.overtaken or self.document["current"] != file_id:
            return False
        self.document["status"] = "finished"
        return True

    def refuse(self, _upload_id: str, _file_id: ObjectId, _at: datetime) -> None:
        """The end of a bad try."""
        self.document["status"] = "refused"

    def overdue(self, _at: datetime) -> list[dict[str, Any]]:
        """It, always."""
        return [self.document]

    def give_up(self, upload: dict[str, Any]) -> bool:
        """Remove it."""
        upload["status"] = "removed"
        return True

    def keep_from_sweep(self, uploads: Iterable[dict[str, Any]], _at: datetime) -> bool:
        """Whether all are finished."""
        return all(one["status"] == "finished" for one in uploads)

    def forget(self, _upload_id: str) -> None:
        """Forget it."""
        self.document = {}

    def name_in(self, dossier_code: str, _upload_ids: Iterable[str]) -> None:
        """It belongs to a dossier."""
        self.named.append(dossier_code)


class FakeDossiers:
    """Dossiers of which one may name the upload."""

    code: str | None = None

    def naming(self, _upload_id: str) -> str | None:
        """The dossier."""
        return self.code


class FakeDrafts:
    """Drafts, of which one may name the upload."""

    naming = False

    def is_named(self, _upload_id: str) -> bool:
        """Whether one does."""
        return self.naming


class Wire:
    """A body in pieces; breaks at its end if `breaks`."""

    def __init__(self, content: bytes, length: int | None = None, *, breaks: bool = False) -> None:
        self._rest = io.BytesIO(content)
        self._breaks = breaks
        self.length = length

    def read(self, most: int) -> bytes:
        """The next bytes."""
        piece = self._rest.read(min(most, 700))
        if not piece and self._breaks:
            raise BrokenOff
        return piece


class Door:
    """Receiving, with an upload opened for `content`."""

    def __init__(self, content: bytes = PDF, content_type: str = "application/pdf", filename: str = "a.pdf") -> None:
        self.uploads, self.papers, self.dossiers = FakeUploads(), FakePapers(), FakeDossiers()
        self.drafts = FakeDrafts()
        stores = (cast("Any", self.uploads), cast("Any", self.papers), cast("Any", self.dossiers))
        self.receiving = Receiving(*stores, cast("Any", self.drafts), SETTINGS)
        self.opened = self.receiving.open_upload(
            CITIZEN,
            cause("1"),
            filename=filename,
            content_type=content_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest().upper(),
        )

    def send(self, wire: Wire) -> str:
        """The status or the code of what is raised."""
        try:
            return str(self.receiving.receive("u1", "ticket", wire)["status"])
        except ServiceError as error:
            return error.code


def test_a_ticket_is_an_address_for_a_while() -> None:
    door = Door()
    assert door.opened["url"] == "https://intake.example.vn/uploads/u1/ticket"
    assert door.uploads.document["owner"] == "citizen:001801000001"


def test_a_file_that_is_what_was_declared_is_taken() -> None:
    door = Door()
    assert door.send(Wire(PDF, len(PDF))) == "finished"
    assert list(door.papers.files.values()) == [PDF]


def test_a_file_of_unannounced_length_is_taken_too() -> None:
    assert Door().send(Wire(PDF)) == "finished"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (PDF[:-1], "intake.wrong_size"),
        (PDF + b"x", "intake.wrong_size"),
        (PDF * 100, "intake.wrong_size"),
        (PDF[:-1] + b"x", "intake.wrong_checksum"),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_a_whole_file_that_is_another_ends_the_ticket_and_leaves_nothing(
    sent: bytes, code: str, announced: bool
) -> None:
    door = Door()
    assert door.send(Wire(sent, len(sent) if announced else None)) == code
    assert door.papers.files == {}
    assert door.send(Wire(PDF, len(PDF))) == "intake.ticket_used"


@pytest.mark.parametrize("content", [b"MZ" + PDF, b"<html></html>", b"plain words", PNG, PDF[:2000]])
def test_a_file_that_is_not_what_it_claims_is_refused(content: bytes) -> None:
    door = Door(content)
    assert door.send(Wire(content, len(content))) == "intake.wrong_content"
    assert door.papers.files == {}


def test_pictures_are_looked_into() -> None:
    for content, type_, name in ((PNG, "image/png", "a.png"), (JPG, "image/jpeg", "a.jpg")):
        assert Door(content, type_, name).send(Wire(content, len(content))) == "finished"
        half = content[:-20]
        assert Door(half, type_, name).send(Wire(half, len(half))) == "intake.wrong_content"


def test_a_word_document_is_looked_into() -> None:
    good, macros = word_document(), word_document("word/vbaProject.bin")
    assert Door(good, DOCX, "a.docx").send(Wire(good, len(good))) == "finished"
    assert Door(macros, DOCX, "a.docx").send(Wire(macros, len(macros))) == "intake.wrong_content"


@pytest.mark.parametrize("wire", [Wire(PDF[:1000], len(PDF)), Wire(PDF[:1000], breaks=True)])
def test_an_upload_that_breaks_off_leaves_nothing_and_may_be_tried_again(wire: Wire) -> None:
    door = Door()
    assert door.send(wire) == "intake.upload_broken_off"
    assert door.papers.files == {}
    assert door.send(Wire(PDF, len(PDF))) == "finished"


def test_a_new_try_takes_away_what_a_killed_one_left() -> None:
    door = Door()
    _, left = door.uploads.begin("u1", "ticket", datetime.now(UTC))
    door.papers.files[left] = b"half"
    assert door.send(Wire(PDF, len(PDF))) == "finished"
    assert left not in door.papers.files


def test_a_try_that_was_overtaken_leaves_nothing() -> None:
    door = Door()
    door.uploads.overtaken = True
    assert door.send(Wire(PDF, len(PDF))) == "intake.upload_overtaken"
    assert door.papers.files == {}


def test_an_outage_leaves_the_ticket_open() -> None:
    door = Door()
    write = door.papers.write

    def failing(file_id: ObjectId, pieces: Iterable[bytes], _at: datetime) -> None:
        write(file_id, pieces, _at)
        raise Unavailable("store.unavailable", "No.", "Không.")

    door.papers.write = failing  # type: ignore[method-assign]
    assert door.send(Wire(PDF, len(PDF))) == "store.unavailable"
    assert (door.papers.files, door.uploads.document["status"]) == ({}, "open")


def test_too_large_a_file_gets_no_ticket_and_is_told_how_large_it_may_be() -> None:
    with pytest.raises(Refused) as caught:
        Door(b"%PDF-" + b"x" * 20_000)
    assert caught.value.code == "intake.file_too_large"
    (told,) = caught.value.errors
    assert told["field"] == "size"
    assert "0.00954 MB" in told["vi"]  # what the tests' settings allow
    assert "0.00954 MB" in told["en"]


def test_officers_bring_papers_and_the_system_does_not() -> None:
    door = Door()
    declared = {"filename": "a.pdf", "content_type": "application/pdf", "size": 9, "sha256": "0" * 64}
    door.receiving.open_upload(OFFICER, cause("2"), **declared)
    assert door.uploads.document["owner"] == "officer:cb-001:vnnic"
    with pytest.raises(Denied):
        door.receiving.open_upload(SYSTEM, cause("3"), **declared)


def test_what_nobody_names_is_swept_away() -> None:
    door = Door()
    door.send(Wire(PDF, len(PDF)))
    door.receiving.sweep()
    assert (door.papers.files, door.uploads.document) == ({}, {})


def test_what_a_dossier_names_is_kept_also_when_the_word_was_lost() -> None:
    door = Door()
    door.send(Wire(PDF, len(PDF)))
    door.dossiers.code = "000.00.06.G14-260112-0001"
    door.receiving.sweep()
    assert (len(door.papers.files), door.uploads.named) == (1, ["000.00.06.G14-260112-0001"])


def test_what_a_draft_names_is_kept_for_it() -> None:
    door = Door()
    door.send(Wire(PDF, len(PDF)))
    door.drafts.naming = True
    door.receiving.sweep()
    assert list(door.papers.files.values()) == [PDF]


def test_what_a_draft_names_and_never_came_whole_is_swept_away() -> None:
    door = Door()
    _, left = door.uploads.begin("u1", "ticket", datetime.now(UTC))
    door.papers.files[left] = b"half"
    door.drafts.naming = True
    door.receiving.sweep()
    assert door.papers.files == {}


def test_an_upload_expires_after_the_set_time() -> None:
    opened = Door().opened["expires_at"]
    assert timedelta(minutes=29) < opened - datetime.now(opened.tzinfo) <= timedelta(minutes=30)


def test_what_broke_off_is_the_senders_error() -> None:
    door = Door()
    with pytest.raises(Invalid):
        door.receiving.receive("u1", "ticket", Wire(b"", len(PDF)))
