"""The requests of a WSGI door as spans: its method and its route, never its address, which may hold a ticket.

As a count, a span tells of the answer that was given in the end.
"""

from time import perf_counter
from typing import Any

from flask import Flask, g, request

from services.chassis import tracing
from services.chassis.counted import status_given
from services.chassis.tracing import Attribute, Work

_UNTOLD = ("live", "ready")  # a probe every few seconds
_OUR_FAULT = 500


def traced(app: Flask) -> Flask:
    """The same door, its requests recorded, where anything is. They must be `counted` already."""
    if tracing.is_on():
        app.before_request(_begin)
        app.teardown_request(_end)
    return app


def _begin() -> None:
    if request.endpoint not in _UNTOLD:
        g.work, g.began = Work(tracing.next_span(request.headers.get("traceparent"))), perf_counter()
        tracing.enter(g.work)


def _end(_error: Any) -> None:
    work: Work | None = g.pop("work", None)
    if work is not None:
        route, status = (request.url_rule.rule if request.url_rule else ""), status_given()
        said: dict[str, Attribute] = {
            "http.request.method": request.method,
            "http.response.status_code": status,
            **({"http.route": route} if route else {}),
            **work.noted,
        }
        error = str(status) if status >= _OUR_FAULT else None
        parent = request.headers.get("traceparent")
        tracing.record("server", f"{request.method} {route}".rstrip(), work.trace, parent, g.began, said, error)
    tracing.leave()
