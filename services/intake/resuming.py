"""Uploads that go on where they broke off: each part that arrives is kept, and the whole is judged as any other file.

Several processes may be asked about one upload, and an old line may still hang while the sender is back on a new one:
whoever begins last at the right offset writes on, and what the other still brings is dropped. The truth is the upload:
the parts it names, and how long they are together.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from services.chassis import clock
from services.chassis.errors import Invalid, Refused
from services.intake.papers import Papers
from services.intake.parts import Joined
from services.intake.receiving import Body, BrokenOff, Receiving, overtaken
from services.intake.settings import IntakeSettings
from services.intake.uploads import Uploads

PART_BYTES: Final = 1020 * 1024
_PIECE_BYTES: Final = 64 * 1024


class Resuming:
    """The use cases of the tus protocol on a ticket."""

    def __init__(self, uploads: Uploads, papers: Papers, receiving: Receiving, settings: IntakeSettings) -> None:
        self._uploads, self._papers, self._receiving = uploads, papers, receiving
        self._ticket = timedelta(seconds=settings.upload_ticket_seconds)

    def offset(self, upload_id: str, ticket: str) -> tuple[int, int]:
        """How many bytes are here, and how many there shall be. What is here whole and not yet judged is judged now.

        Raises NotFound, Denied for an expired ticket, Conflict for one that was used up, Refused for a wrong file.
        """
        upload = self._uploads.look(upload_id, ticket, clock.now())
        size = int(upload["size"])
        if upload["status"] == "finished":
            return size, size
        if upload.get("offset", 0) == size:
            self._complete(upload_id, ticket)
        return int(upload.get("offset", 0)), size

    def append(self, upload_id: str, ticket: str, offset: int, body: Body) -> int:
        """Take what comes from `offset` on; how many bytes are here then. What arrived before an error is kept.

        Raises Conflict for another offset than there is, Refused for more than was declared, Invalid when it breaks
        off, and what `Receiving.receive` raises of the whole file.
        """
        upload, writer = self._uploads.begin_part(upload_id, ticket, offset, clock.now())
        size, announced_end = int(upload["size"]), offset + (body.length or 0)
        if announced_end > size:
            raise _too_long()
        for part in _gathered(body, size - offset):
            at = clock.now()
            part_id = self._papers.parts.add(upload_id, part, at)
            if not self._uploads.append(upload_id, writer, part_id, len(part), at, at + self._ticket):
                self._papers.parts.drop(part_id)
                raise overtaken()
            offset += len(part)
        if offset < announced_end:
            raise _broken_off()
        if offset == size:
            self._complete(upload_id, ticket)
        return offset

    def _complete(self, upload_id: str, ticket: str) -> None:
        """Put the parts together as the file of the upload."""
        self._receiving.receive(upload_id, ticket, Joined(self._papers.parts, self._uploads.part_ids(upload_id)))


def _gathered(body: Body, most: int) -> Iterator[bytes]:
    """The body in parts, at most so many bytes; also what came before it broke off. Raises Refused for a longer one."""
    waiting, size = bytearray(), 0
    try:
        while piece := body.read(_PIECE_BYTES):
            size += len(piece)
            if size > most:
                raise _too_long()
            waiting += piece
            if len(waiting) >= PART_BYTES:
                yield bytes(waiting)
                waiting.clear()
    except BrokenOff:
        if waiting:
            yield bytes(waiting)
        raise _broken_off() from None
    if waiting:
        yield bytes(waiting)


def _broken_off() -> Invalid:
    return Invalid("intake.upload_broken_off", "The upload broke off.", "Việc tải lên bị gián đoạn.")


def _too_long() -> Refused:
    en, vi = "The upload is longer than was declared.", "Tệp dài hơn kích thước đã khai."
    return Refused("intake.wrong_size", en, vi, [{"field": "size", "code": "wrong_size", "vi": vi, "en": en}])
