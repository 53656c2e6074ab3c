"""A file in parts: what arrived is kept, whoever writes on does so at the right place, and the whole is judged."""

from datetime import datetime
from typing import Any, cast

import pytest
from bson import ObjectId

from services.chassis.errors import Conflict, ServiceError
from services.intake.resuming import PART_BYTES, Resuming
from tests.unit.intake.fakes import SETTINGS
from tests.unit.intake.test_filetypes import PDF
from tests.unit.intake.test_receiving import Door, Wire


class Line:
    """The parts of the one upload of a door; `taken_over` says that somebody else writes on."""

    def __init__(self, content: bytes = PDF) -> None:
        self.door = Door(content)
        self.upload = self.door.uploads.document
        self.taken_over = False
        self.expires: list[datetime] = []
        self.resuming = Resuming(cast("Any", self), cast("Any", self.door.papers), self.door.receiving, SETTINGS)

    def look(self, _upload_id: str, _ticket: str, _at: datetime) -> dict[str, Any]:
        """The upload."""
        return dict(self.upload)

    def begin_part(self, _upload_id: str, _ticket: str, offset: int, _at: datetime) -> tuple[dict[str, Any], str]:
        """Only at the right place."""
        if self.upload.get("offset", 0) != offset:
            raise Conflict("intake.wrong_offset", "No.", "Không.")
        return dict(self.upload), "w"

    def append(
        self, _upload_id: str, _writer: str, part_id: ObjectId, length: int, _at: datetime, expires_at: datetime
    ) -> bool:
        """One more."""
        if not self.taken_over:
            self.upload.setdefault("parts", []).append(part_id)
            self.upload["offset"] = self.upload.get("offset", 0) + length
            self.expires.append(expires_at)
        return not self.taken_over

    def part_ids(self, _upload_id: str) -> list[ObjectId]:
        """All of them."""
        return list(self.upload["parts"])

    def send(self, offset: int, wire: Wire) -> Any:
        """How much is here, or the code of what is raised."""
        try:
            return self.resuming.append("u1", "ticket", offset, wire)
        except ServiceError as error:
            return error.code

    def here(self) -> tuple[int, int]:
        """What a sender who comes back is told."""
        return self.resuming.offset("u1", "ticket")


def test_a_file_that_breaks_off_twice_goes_on_and_is_taken_whole() -> None:
    line, size = Line(), len(PDF)
    assert line.send(0, Wire(PDF[:1000], size)) == "intake.upload_broken_off"
    assert line.here() == (1000, size)
    assert line.send(1000, Wire(PDF[1000:1500], breaks=True)) == "intake.upload_broken_off"
    assert line.here() == (1500, size)
    assert line.send(1500, Wire(PDF[1500:], size - 1500)) == size
    assert line.upload["status"] == "finished"
    assert list(line.door.papers.files.values()) == [PDF]
    assert line.door.papers.parts.get(line.upload["parts"][0]) == b""
    assert line.here() == (size, size)


def test_parts_on_purpose_are_no_break_and_make_the_ticket_good_for_longer() -> None:
    line = Line()
    assert line.send(0, Wire(PDF[:700], 700)) == 700
    assert line.send(700, Wire(PDF[700:1400], 700)) == 1400
    assert line.expires[0] <= line.expires[1]
    assert line.upload["status"] == "open"


def test_a_wrong_place_and_too_much_are_refused_and_nothing_of_them_stays() -> None:
    line = Line()
    assert line.send(5, Wire(PDF, len(PDF))) == "intake.wrong_offset"
    assert line.send(0, Wire(PDF + b"x", len(PDF) + 1)) == "intake.wrong_size"
    assert line.send(0, Wire(PDF + b"x")) == "intake.wrong_size"
    assert line.here() == (0, len(PDF))


def test_who_was_taken_over_adds_nothing() -> None:
    line = Line()
    line.taken_over = True
    assert line.send(0, Wire(PDF, len(PDF))) == "intake.upload_overtaken"
    assert line.here() == (0, len(PDF))


def test_a_whole_that_is_another_file_is_refused_and_leaves_nothing() -> None:
    line = Line()
    line.send(0, Wire(PDF[:1000], 1000))
    assert line.send(1000, Wire(PDF[1000:-1] + b"x", len(PDF) - 1000)) == "intake.wrong_checksum"
    assert (line.upload["status"], line.door.papers.files) == ("refused", {})
    assert [line.door.papers.parts.get(part) for part in line.upload["parts"]] == [b"", b""]


def test_what_was_whole_when_the_process_died_is_judged_when_the_sender_asks() -> None:
    line = Line()
    line.append("u1", "w", line.door.papers.parts.add("u1", PDF, datetime.now()), len(PDF), *[datetime.now()] * 2)  # noqa: DTZ005
    assert line.upload["status"] == "open"
    assert line.here() == (len(PDF), len(PDF))
    assert line.upload["status"] == "finished"


@pytest.mark.parametrize("size", [1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1])
def test_no_part_is_much_longer_than_a_chunk_of_the_store(size: int) -> None:
    line = Line(PDF)
    line.upload["size"] = size + 1
    line.send(0, Wire(b"x" * size, size))
    lengths = [len(line.door.papers.parts.get(part)) for part in line.upload["parts"]]
    assert (sum(lengths), max(lengths) <= PART_BYTES + 64 * 1024) == (size, True)
