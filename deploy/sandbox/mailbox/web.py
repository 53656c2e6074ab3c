"""The HTTP side: read the letters as pages or as JSON, script faults."""

from dataclasses import asdict
from typing import Any

from flask import Flask, Response, abort, render_template, request
from flask.typing import ResponseReturnValue

from deploy.sandbox.mailbox import reading
from deploy.sandbox.mailbox.faults import BadPlan, Faults
from deploy.sandbox.mailbox.letters import Letter, Letters

_PAGE = 200
_MOST_LISTED = 1000


def create_app(letters: Letters, faults: Faults) -> Flask:
    """The WSGI application."""
    app = Flask("deploy.sandbox.mailbox", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    app.json.sort_keys = False  # type: ignore[attr-defined]
    _add_pages(app, letters)
    _add_controls(app, faults)

    @app.get("/messages.json")
    def messages_json() -> ResponseReturnValue:
        found = _found(letters, _MOST_LISTED)
        return {"messages": [_whole(letter, letters.content(letter)) for letter in found]}

    @app.after_request
    def protect(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = (
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def _add_pages(app: Flask, letters: Letters) -> None:
    @app.get("/")
    def index() -> ResponseReturnValue:
        return render_template("index.html", letters=_found(letters, _PAGE), asked=request.args)

    @app.get("/messages/<letter_id>")
    def message(letter_id: str) -> ResponseReturnValue:
        letter = letters.get(letter_id) or abort(404)
        parsed = reading.parse(letters.content(letter))
        page = {"headers": reading.headers(parsed), "content": reading.content(parsed)}
        return render_template("message.html", letter=letter, **page)

    @app.get("/messages/<letter_id>.eml")
    def source(letter_id: str) -> ResponseReturnValue:
        letter = letters.get(letter_id) or abort(404)
        name = {"Content-Disposition": f'attachment; filename="{letter.id}.eml"'}
        return Response(letters.content(letter), content_type="message/rfc822", headers=name)


def _add_controls(app: Flask, faults: Faults) -> None:
    @app.post("/sandbox/plan")
    def plan() -> ResponseReturnValue:
        try:
            return {"planned": faults.plan(request.get_json(silent=True))}
        except BadPlan as error:
            return {"error": str(error)}, 400

    @app.get("/health")
    def health() -> ResponseReturnValue:
        return {"status": "ok"}


def _found(letters: Letters, most: int) -> list[Letter]:
    limit = max(1, min(request.args.get("limit", most, type=int), most))
    asked = {name: request.args.get(name, "") for name in ("to", "subject", "message_id")}
    return letters.find(**asked, limit=limit)


def _whole(letter: Letter, source: bytes) -> dict[str, Any]:
    parsed = reading.parse(source)
    return {
        "id": letter.id,
        "received_at": letter.received_at.isoformat(),
        "sender": letter.sender,
        "recipients": letter.recipients,
        "subject": letter.subject,
        "message_id": letter.message_id,
        "headers": [{"name": name, "value": value} for name, value in reading.headers(parsed)],
        **asdict(reading.content(parsed)),
    }
