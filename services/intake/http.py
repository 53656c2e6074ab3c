"""The WSGI door of intake: all that RPC offers, also while the broker is away; and the files.

Files come in under a one-time ticket, at once or in parts that go on where a line broke, and go out to whoever may see
the dossier.
"""

from functools import partial
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, request

from services.chassis import http
from services.chassis.http import answer, asked_by, read_piece, the_socket
from services.chassis.patience import Places, leaving
from services.chassis.rpc import methods_of
from services.chassis.wired import Wired
from services.intake import access, tus
from services.intake.receiving import BrokenOff
from services.intake.service import IntakeService
from services.intake.settings import IntakeSettings
from services.intake.usecases import IntakeCases
from services.intake.wiring import wire

_CREATED = 201
_LONGEST_REQUEST = 2_000_000  # the largest form (`checks`) in a client's JSON that writes letters as \uXXXX
_FILES_AT_ONCE, _OF_ONE_PERSON = 24, 8  # of the door's 32 threads
_DOWNLOAD_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


class RequestBody:
    """The body of the present request, as `receiving` reads it."""

    def __init__(self) -> None:
        self.length = request.content_length

    def read(self, most: int) -> bytes:
        """The next bytes. Raises BrokenOff."""
        try:
            return read_piece(request.stream, most)
        except OSError as error:
            raise BrokenOff from error


def create_app() -> Flask:
    """The door, ready to serve."""
    return http.create_app("intake", IntakeSettings, wire, routes)


def routes(app: Flask, wired: Wired[IntakeCases]) -> None:
    """What the door answers."""
    cases, places = wired.cases, Places(_FILES_AT_ONCE, _OF_ONE_PERSON)
    get = methods_of(IntakeService)["get"]

    def receive(upload_id: str, ticket: str) -> Response:
        with places.taken(cases.receiving.owner_of(upload_id)):
            return answer(cases.receiving.receive(upload_id, ticket, RequestBody()), _CREATED)

    def resume(upload_id: str, ticket: str) -> Response:
        if request.method == "HEAD":
            return tus.tell(cases.resuming, upload_id, ticket)
        with places.taken(cases.receiving.owner_of(upload_id)):
            return tus.go_on(cases.resuming, upload_id, ticket, RequestBody())

    def send(dossier_code: str, which: str) -> Response:
        actor = asked_by(get)  # a paper is part of what `get` gives
        document, content = cases.document(actor, dossier_code, which)
        who = access.holder(actor)
        places.take(who)
        response = _attachment(document, leaving(content, the_socket()))
        response.call_on_close(partial(places.give_back, who))
        return response

    http.offer(app, IntakeService, wired, _LONGEST_REQUEST)
    app.add_url_rule("/uploads/<upload_id>/<ticket>", "receive", receive, methods=["PUT"])
    app.add_url_rule("/uploads/<upload_id>/<ticket>", "resume", resume, methods=["HEAD", "PATCH"])
    tus.speak(app)
    app.add_url_rule("/dossiers/<dossier_code>/documents/<which>", "send", send, methods=["GET"])


def _attachment(document: Any, content: Any) -> Response:
    """A file that a browser saves and never shows."""
    response = Response(content, mimetype=document["content_type"], headers=_DOWNLOAD_HEADERS)
    response.headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(document['filename'], safe='')}"
    response.content_length = document["size"]
    return response
