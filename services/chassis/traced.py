"""The requests of a WSGI door as spans: its method and its route, never its address, which may hold a ticket."""

from time import perf_counter
from typing import Any

from flask import Flask, Response, g, request

from services.chassis import tracing
from services.chassis.tracing import Attribute, Work

_UNTOLD = ("live", "ready")  # a probe every few seconds
_OUR_FAULT = 500


def traced(app: Flask) -> Flask:
    """The same door, its requests recorded, where anything is."""
    if tracing.is_on():
        app.before_request(_begin)
        app.after_request(_end)
        app.teardown_request(_leave)
    return app


def _begin() -> None:
    if request.endpoint not in _UNTOLD:
        g.work, g.began = Work(tracing.next_span(request.headers.get("traceparent"))), perf_counter()
        tracing.enter(g.work)


def _end(response: Response) -> Response:
    work: Work | None = g.pop("work", None)
    if work is not None:
        route = request.url_rule.rule if request.url_rule else ""
        said: dict[str, Attribute] = {
            "http.request.method": request.method,
            "http.response.status_code": response.status_code,
            **({"http.route": route} if route else {}),
            **work.noted,
        }
        error = str(response.status_code) if response.status_code >= _OUR_FAULT else None
        parent = request.headers.get("traceparent")
        tracing.record("server", f"{request.method} {route}".rstrip(), work.trace, parent, g.began, said, error)
    return response


def _leave(_error: Any) -> None:
    tracing.leave()
