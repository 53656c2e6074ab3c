"""The requests of a WSGI door as counts: by route and outcome, never by address, which may hold a ticket.

A request is timed until its answer begins to leave. Whatever becomes of it on the way is counted: what was refused
before a view saw it, what a view failed in, and an answer that a broken session store took back.
"""

from time import perf_counter
from typing import Final

from flask import Flask, Response, g, request

from services.chassis import metrics
from services.chassis.errors import KINDS

UNCOUNTED: Final = frozenset({"live", "ready", "static"})  # probes and files beside the work would dilute its rates
_NO_ROUTE: Final = "none"
_OUTCOMES: Final = {
    **{kind.status: name for name, kind in KINDS.items()},
    401: "Denied",
    410: "NotFound",
    412: "Conflict",
    429: "Denied",
}
_REFUSED, _OUR_FAULT = 400, 500


def counted(app: Flask) -> Flask:
    """The same door, its requests counted. To be called before anything else that looks at requests."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_count)
    return app


def tell_outcome(outcome: str) -> None:
    """What became of the present request, where its status does not say: a class of `errors`, or `ok`."""
    g.outcome = outcome


def status_given() -> int:
    """The status of the last answer to the present request; where there is none, nobody caught an error of ours."""
    return int(g.get("status", _OUR_FAULT))


def outcome_of_status(status: int) -> str:
    """A status as the class of error that it stands for, or `ok`."""
    if status < _REFUSED:
        return "ok"
    return _OUTCOMES.get(status, "Invalid" if status < _OUR_FAULT else "Defect")


def _begin() -> None:
    g.asked_at = perf_counter()


def _end(response: Response) -> Response:
    """Called once more where a first answer could not be given: the last one is what was given."""
    g.status = response.status_code
    return response


def _count(_error: BaseException | None) -> None:
    began: float | None = g.pop("asked_at", None)
    if began is None or request.endpoint in UNCOUNTED:
        return
    method = request.endpoint.rpartition(" ")[2] if request.endpoint else _NO_ROUTE  # `intake submit`: as by RPC
    outcome = g.pop("outcome", None) or outcome_of_status(status_given())
    metrics.REQUESTS.labels("http", method, outcome).observe(perf_counter() - began)
