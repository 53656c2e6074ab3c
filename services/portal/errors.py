"""Whatever goes wrong, as a page that says so in plain words; never a trace, never a value that was typed.

A page that met a service that was away asks again by itself; what was sent to one can be sent once more. What was
refused would be so again: its texts are shown, to be copied.
"""

from typing import Any, Final

from flask import Flask, Response, jsonify, make_response, render_template, request, session
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from services.chassis.errors import Defect, ServiceError, Unavailable, unexpected
from services.chassis.logs import log
from services.portal import limits, signin
from services.portal.addresses import BY_ITSELF, same_page
from services.portal.api import door
from services.portal.language import say
from services.portal.security import FRAMED_POLICY, is_own_form

_RETRY_SECONDS: Final = 10
_STAY: Final = "khong-tu-tai"  # in an address: do not ask again by itself
_FORMS: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
_UNTYPED: Final = frozenset(
    {"csrf_token", "request_id", "seen", "mark", "version", "tenant", "procedure", "_from", "do", "declared", "after"}
)
_TOO_OFTEN: Final = 429
_READING: Final = frozenset({"GET", "HEAD"})
_WHILE_TYPING: Final = "/luu"  # where a script saves what is being typed


def show_errors(app: Flask) -> None:
    """Have every error end as a page."""

    @app.before_request
    def _by_itself() -> None:
        if BY_ITSELF in request.args:
            session.is_visit = False  # type: ignore[attr-defined]

    app.register_error_handler(ServiceError, show)
    app.register_error_handler(CSRFError, _show_stale_form)
    app.register_error_handler(HTTPException, _show_http)
    app.register_error_handler(Exception, _show_defect)


def show(error: ServiceError) -> Response:
    """A named error."""
    if _asked_by_program():
        return door.show(error)
    if request.headers.get("Sec-Fetch-Dest") == "iframe":
        return _show_in_frame(error)
    is_away = isinstance(error, Unavailable)
    again = is_away and request.method in _READING and _STAY not in request.args
    page = make_response(
        render_template(
            "errors/error.html",
            error=error,
            status=error.status,
            seconds=_RETRY_SECONDS if again else None,
            stay={_STAY: 1},
            **(_sent() if error.status >= Defect.status else {"texts": sent_texts()}),
        ),
        error.status,
    )
    if is_away:
        page.headers["Retry-After"] = str(_RETRY_SECONDS)
    if again:
        page.headers["Refresh"] = f"{_RETRY_SECONDS};url={same_page(**{BY_ITSELF: 1})}"
    return page


def _show_in_frame(error: ServiceError) -> Response:
    """Where a paper should have stood on a page of ours: why there is none."""
    page = make_response(render_template("errors/framed.html", error=error), error.status)
    page.headers["Content-Security-Policy"] = FRAMED_POLICY
    page.headers["X-Frame-Options"] = "SAMEORIGIN"
    return page


def _show_http(error: HTTPException) -> Response:
    status = error.code or 500
    if _asked_by_program():
        return door.show(error)
    if status < 400:
        return make_response(error.get_response())
    told = {"seconds": limits.seconds_to_wait(), **_sent()} if status == _TOO_OFTEN else {}
    return make_response(render_template("errors/http.html", status=status, **told), status)


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
    if str(request.url_rule).endswith(_WHILE_TYPING):
        told = say("Phiên làm việc đã hết; bấm “Lưu nháp” để đăng nhập lại.")
        return make_response(jsonify(state="signed_out", say=told), 401)
    sent = _sent()
    typed = [one for one in sent.get("typed", ()) if one[0] != "csrf_token"]
    if signin.person() is None and signin.is_guarded():
        signin.hold(typed)  # whoever signs in by the head of the page finds it as well
    return make_response(render_template("errors/stale.html", **sent | {"typed": typed}, action=request.path), 400)


def _sent() -> dict[str, Any]:
    """What a form of ours sent, to be sent once more under the token that it had, with the names of its files.

    These are lost: without them what was typed is only kept, whatever the button would have done.
    """
    if request.method != "POST" or request.mimetype not in _FORMS or not is_own_form():
        return {}
    try:
        form, sent = request.form, request.files
    except (HTTPException, ServiceError):  # it is what the error is about: too long, or it did not come
        return {}
    files = [file.filename for file in sent.values() if file.filename]
    typed = [(name, value) for name, value in form.items(multi=True) if not files or name != "do"]
    return {"typed": typed, "files": files}


def sent_texts() -> list[str]:
    """What somebody typed or chose in the form of ours that this answers to."""
    return [text for name, text in _sent().get("typed", ()) if name not in _UNTYPED and text.strip()]


def _show_defect(_error: Exception) -> Response:
    log.exception("page_failed", route=str(request.url_rule))
    return show(unexpected())


def _asked_by_program() -> bool:
    return request.path.startswith("/api/")
