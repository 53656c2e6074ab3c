"""Who sends the portal something, and how long he may take: a thread that waits for a body serves nobody else.

Every piece of a body must come in time; a line that is slow but steady gets through. While it comes, its sender has one
of few places: people who have signed in among themselves, and strangers by their addresses, so that neither, and not
both together, take every thread of the door.
"""

from typing import IO, Final

from flask import Flask, g, request

from services.chassis.counted import UNCOUNTED
from services.chassis.errors import ServiceError
from services.chassis.http import broken_off, read_piece
from services.chassis.often import who_asks
from services.chassis.patience import Places, insist_on_time
from services.portal.people import Person
from services.portal.signin import bearer, person

_KNOWN, _OF_ONE_PERSON = 16, 8  # of the door's 32 threads
_STRANGERS, _OF_ONE_ADDRESS = 8, 4
_PIECE: Final = 16_384  # bytes: in the seconds that a piece has, a line of 2 KiB a second brings it


class _Body:
    """The body of the present request, as WSGI gives it; its sender's place is free again once all of it is here."""

    def __init__(self, body: IO[bytes], length: int | None, known: Places, strangers: Places) -> None:
        self._body, self._left = body, length
        self._known, self._strangers = known, strangers
        self._place: tuple[Places, str] | None = None
        self._failed: ServiceError | None = None

    def read(self, most: int) -> bytes:
        """The next bytes, fewer than `most` maybe, b"" at the end. Raises Invalid, Unavailable: from then on always."""
        if self._failed is None:
            try:
                self._take_place()
                return self._received(read_piece(self._body, min(most, _PIECE)))
            except ServiceError as error:
                self._failed = error
            except OSError:
                self._failed = broken_off()
            self.give_back()
        raise self._failed

    def give_back(self) -> None:
        """The place, if there is one."""
        if self._place is not None:
            places, who = self._place
            places.give_back(who)
            self._place = None

    def _take_place(self) -> None:
        if self._place is None:
            sender = _sender()
            places = self._strangers if sender is None else self._known
            who = who_asks() if sender is None else f"{sender.kind} {sender.id}"
            places.take(who)
            self._place = places, who

    def _received(self, piece: bytes) -> bytes:
        if self._left is not None:
            self._left -= len(piece)
            if self._left and not piece:
                raise broken_off()
        if not piece or self._left == 0:
            self.give_back()
        return piece


def bound(app: Flask) -> None:
    """Have requests and their bodies come in time, or be told so. To be called before whatever reads a body."""
    known, strangers = Places(_KNOWN, _OF_ONE_PERSON), Places(_STRANGERS, _OF_ONE_ADDRESS)

    @app.before_request
    def _bound() -> None:
        if request.endpoint in UNCOUNTED:
            return
        insist_on_time()
        body = _Body(request.environ["wsgi.input"], request.content_length, known, strangers)
        request.environ["wsgi.input"] = g.body = body

    @app.teardown_request
    def _give_back(_error: BaseException | None) -> None:
        body: _Body | None = g.pop("body", None)
        if body is not None:
            body.give_back()


def _sender() -> Person | None:
    """Who has signed in, as far as can be told now."""
    try:
        return bearer() or person()
    except ServiceError:
        return None
