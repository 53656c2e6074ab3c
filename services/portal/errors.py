"""Whatever goes wrong, as a page that says so in plain words; never a trace, never a value that was typed."""

from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from services.chassis.errors import ServiceError, Unavailable, unexpected
from services.chassis.logs import log
from services.portal.api import door
from services.portal.language import say
from services.portal.security import is_own_form

_RETRY_SECONDS = 10


def show_errors(app: Flask) -> None:
    """Have every error end as a page."""
    app.register_error_handler(ServiceError, show)
    app.register_error_handler(CSRFError, _show_stale_form)
    app.register_error_handler(HTTPException, _show_http)
    app.register_error_handler(Exception, _show_defect)


def show(error: ServiceError) -> Response:
    """A named error."""
    if _asked_by_program():
        return door.show(error)
    page = make_response(render_template("errors/error.html", error=error, status=error.status), error.status)
    if isinstance(error, Unavailable):
        page.headers["Retry-After"] = str(_RETRY_SECONDS)
    return page


def _show_http(error: HTTPException) -> Response:
    status = error.code or 500
    if _asked_by_program():
        return door.show(error)
    if status < 400:
        return make_response(error.get_response())
    return make_response(render_template("errors/http.html", status=status), status)


def _show_stale_form(error: CSRFError) -> Response:
    """The session that the form belonged to has ended: what was typed is shown again, to be sent once more.

    Only what a page of ours sent: a form of somebody else's would come back with a token that is good.
    """
    if _asked_by_program():
        return door.show(error)
    if not is_own_form():
        return Response(
            say("Yêu cầu này không được gửi từ trang của Một Cửa nên không được thực hiện."), 400, mimetype="text/plain"
        )
    typed = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return make_response(render_template("errors/stale.html", typed=typed, action=request.path), 400)


def _show_defect(_error: Exception) -> Response:
    log.exception("page_failed", route=str(request.url_rule))
    return show(unexpected())


def _asked_by_program() -> bool:
    return request.path.startswith("/api/")
