"""The requests of a WSGI door as spans: its method and its route, never its address, which may hold a ticket.

As a count, a span tells of the answer that was given in the end.

Whose request this is part of, and so whether it is recorded, is believed of him only whose token says that he acts for
somebody whom we know. What strangers say of it makes no trace of ours longer, forced or hidden: theirs is linked.
"""

from time import perf_counter
from typing import Any

from flask import Flask, current_app, g, request

from services.chassis import tracing
from services.chassis.counted import status_given
from services.chassis.errors import Denied
from services.chassis.rpc import VERIFIER
from services.chassis.tokens import Verifier
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
        g.began = perf_counter()
        stated = request.headers.get("traceparent")
        known = stated if tracing.parsed(stated) else None
        g.parent, g.links = (known, []) if known is None or _is_believed() else (None, [known])
        g.work = Work(tracing.next_span(g.parent))
        tracing.enter(g.work)


def _is_believed() -> bool:
    """Whether the caller has a token, as what he asks for may or may not need; a door without keys believes nobody."""
    verifier: Verifier | None = current_app.extensions.get(VERIFIER)
    given = request.authorization
    if verifier is None or given is None or given.type != "bearer":
        return False
    try:
        verifier.read(given.token)
    except Denied:
        return False
    return True


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
        name = f"{request.method} {route}".rstrip()
        tracing.record("server", name, work.trace, g.parent, g.began, said, error, g.links)
    tracing.leave()
