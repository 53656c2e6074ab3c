"""The WSGI door of a service under gunicorn: problem+json, health, and the same errors as everywhere.

gunicorn runs plain threads (`gthread`); nothing here is monkey-patched. `create_app` is called in each worker after
the fork, so connections and the relay's thread belong to that worker alone.
"""

import atexit
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from flask import Flask, Response, current_app, request
from gunicorn.http.errors import ParseException
from marshmallow import Schema
from werkzeug.exceptions import ClientDisconnected, HTTPException, RequestEntityTooLarge

from services.chassis import codec, failpoint, logs, tracing
from services.chassis.actor import Actor
from services.chassis.believed import Believed
from services.chassis.counted import counted
from services.chassis.errors import Denied, Invalid, ServiceError, unexpected
from services.chassis.exposition import Report, expose, told, withdraw
from services.chassis.keys import keys_or_exit
from services.chassis.logs import about, log
from services.chassis.patience import PATIENCE, PIECE_SECONDS, insist_on_time
from services.chassis.rpc import VERIFIER, Call, Method, methods_of, read_call
from services.chassis.service import Service
from services.chassis.settings import Settings, settings_or_exit
from services.chassis.tokens import Verifier
from services.chassis.traced import traced
from services.chassis.wired import Wired

PROBLEM = "application/problem+json"
_UNAVAILABLE = 503
BODY_RATE = 256 * 1024  # bytes a second that the sender of a long JSON body must reach
_BROKEN_OFF = (OSError, ClientDisconnected, ParseException)  # the sender is gone, was too slow, or sends no chunks
# What the web server itself refuses, before any of our own errors; all else is told in general.
_HTTP_WORDS = {
    404: ("There is nothing at this address.", "Không có gì tại địa chỉ này."),
    405: ("This address does not take that method.", "Địa chỉ này không nhận phương thức đó."),
    429: ("This address asked too often; ask again later.", "Địa chỉ này hỏi quá nhiều lần; hãy thử lại sau."),
    413: ("The body is too large.", "Nội dung gửi lên quá lớn."),
}
_HTTP_REFUSED = ("The request cannot be served.", "Không thể phục vụ yêu cầu này.")


def create_app(
    service: str, kind: type[Settings], wire: Callable[[Any], Wired[Any]], routes: Callable[[Flask, Wired[Any]], None]
) -> Flask:
    """The door of `service`, ready to serve: wired, its relay running, `/health/live` and `/health/ready` open."""
    settings = settings_or_exit(kind, service)
    logs.configure(f"{service}-http", settings.log_level)
    failpoint.arm(f"{service}-http")
    tracing.start(settings, f"{service}-http")
    with keys_or_exit(service):
        wired, verifier = wire(settings), Verifier.of(settings)
    expose(settings, f"{service}-http", wired.health)  # a probe finds it while the database is awaited
    wired.start(timers=False)
    atexit.register(withdraw, settings, f"{service}-http")
    atexit.register(tracing.stop)
    atexit.register(wired.stop)  # the last is called first
    app = traced(counted(Flask(service, static_folder=None)))
    app.extensions[VERIFIER] = verifier
    app.register_error_handler(Exception, _problem)
    app.before_request(_refuse_the_late)
    app.add_url_rule("/health/live", "live", lambda: answer({"live": True}))
    app.add_url_rule("/health/ready", "ready", readiness(wired.health))
    routes(app, wired)
    log.info("door_opened")
    return app


def offer(app: Flask, kind: type[Service], wired: Wired[Any], longest: int) -> None:
    """Every `@command` and `@query` of a service at `POST /<service>/<method>`, as by RPC but without the broker.

    The JSON body holds the keywords, `Authorization: Bearer` the actor's token; `Idempotency-Key` may hold the
    `request_id`.
    Checks, causes, answers and errors are those of RPC, so a request may be repeated at either door.
    """
    service = kind()
    service.wired = wired
    for name, method in methods_of(kind).items():
        serve = partial(_serve, f"{kind.name}.{name}", method, getattr(service, name), longest)
        app.add_url_rule(f"/{kind.name}/{name}", f"{kind.name} {name}", serve, methods=["POST"])


def _refuse_the_late() -> None:
    """Whoever asks how the door is gets an answer, however late. Raises Unavailable."""
    if not request.path.startswith("/health/"):
        insist_on_time()


def readiness(report: Report) -> Callable[[], Response]:
    """What anybody is told at `/health/ready`: whether work can be done. What is wrong is for the operators' port.

    However many ask, it is looked once in `BELIEVED_SECONDS`.
    """
    lately: Believed[None, bool] = Believed(lambda _: bool(told(report)["ready"]))

    def tell() -> Response:
        ready = lately.get(None)
        return answer({"ready": ready}, 200 if ready else _UNAVAILABLE)

    return tell


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer that nobody may cache."""
    response = Response(codec.encode(value), status, mimetype="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response


def read_body(longest: int) -> Any:
    """The request's JSON body, read strictly, and not for ever. Raises Invalid."""
    request.max_content_length = longest + 1  # one that does not say how long it is would be cut there, in silence
    announced = min(request.content_length or longest, longest)
    try:
        with PATIENCE.within(the_socket(), PIECE_SECONDS + announced / BODY_RATE):
            body = request.get_data(cache=False)
    except RequestEntityTooLarge:
        body = None
    except _BROKEN_OFF:
        raise broken_off() from None
    if body is not None and len(body) < (request.content_length or 0):
        raise broken_off()  # werkzeug does not mind
    if body is None or len(body) > longest:
        raise Invalid("http.too_large", f"The body is longer than {longest} bytes.", "Nội dung gửi lên quá lớn.")
    return codec.decode(body, longest)


def read_piece(body: IO[bytes], most: int) -> bytes:
    """The next bytes of the request's body, b"" at its end. Raises OSError when it breaks off or comes too slowly."""
    try:
        with PATIENCE.within(the_socket(), PIECE_SECONDS):
            return body.read(most)
    except _BROKEN_OFF as error:
        raise ConnectionAbortedError from error


def the_socket() -> Any:
    """The socket that the present request came by; None where no server is in front."""
    return request.environ.get("gunicorn.socket")


def asked_by(method: Method) -> Actor:
    """Who asks, by the token of `Authorization: Bearer`, and may at all ask `method`. Raises Denied."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme and scheme.lower() != "bearer":
        raise Denied(
            "actor.malformed", "The actor's token comes as Authorization: Bearer.", "Người thực hiện không hợp lệ."
        )
    return method.asked_by(token.strip() if scheme else None, current_app.extensions[VERIFIER])


def _serve(target: str, method: Method, act: Callable[[Call], Any], longest: int) -> Response:
    actor = asked_by(method)
    content = _with_key(method.schema, read_body(longest))
    call = read_call(target, method.schema, actor, content, request.headers.get("traceparent"))
    with about(correlation=call.cause.correlation, method=target):
        try:
            return answer(act(call))
        except ServiceError:
            raise
        except Exception:  # noqa: BLE001 – logged where the ids are known, told without its words
            log.exception("request_failed")
            raise unexpected() from None


def _with_key(schema: Schema, content: Any) -> Any:
    """The request as stated, its `request_id` taken from the header where the body names none."""
    if not isinstance(content, dict):
        raise Invalid("http.keywords_only", "The body is not a JSON object.", "Nội dung phải là một đối tượng JSON.")
    key = request.headers.get("Idempotency-Key")
    if key is None or "request_id" in content or "request_id" not in schema.fields:
        return content
    return {**content, "request_id": key.strip('"')}  # quoted by those who follow the IETF draft


def broken_off() -> Invalid:
    """What its sender is told of a body that did not come whole, or too slowly."""
    return Invalid("http.broken_off", "The body broke off.", "Nội dung gửi lên bị gián đoạn.")


def _problem(error: Exception) -> Response:
    if isinstance(error, ServiceError):
        known = error
    elif isinstance(error, HTTPException):
        return _http_problem(error)
    else:
        log.exception("request_failed", route=str(request.url_rule))  # a path may hold a ticket
        known = unexpected()
    tracing.note("motcua.error_code", known.code)
    response = answer(known.problem(), known.status)
    response.mimetype = PROBLEM
    if known.status == _UNAVAILABLE:
        response.headers["Retry-After"] = "2"
    return response


def _http_problem(error: HTTPException) -> Response:
    status = error.code or 500
    en, vi = _HTTP_WORDS.get(status, _HTTP_REFUSED)
    problem = {"type": "about:blank", "title": error.name, "status": status, "code": f"http.{status}"}
    response = answer({**problem, "detail": en, "detail_vi": vi}, status)
    response.mimetype = PROBLEM
    return response
