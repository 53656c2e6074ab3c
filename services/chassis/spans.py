"""What is said of each kind of work in a trace, in the names of OpenTelemetry's semantic conventions.

Names, codes and statuses only, never what a caller sent. Costs nothing where nothing is recorded.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

from services.chassis import tracing
from services.chassis.cause import Cause
from services.chassis.retry import ATTEMPT, OUTAGES, count_of
from services.chassis.tracing import Attribute, Work, doing
from services.contracts.envelope import Envelope

SUBJECT: Final = "motcua.dossier_code"
_TRACEPARENT: Final = "cloudEvents:traceparent"
_TRIES: Final = {"motcua.attempt": ATTEMPT, "motcua.outages": OUTAGES}
_RPC: Final = {"rpc.system.name": "nameko"}
_MESSAGING: Final = {"messaging.system": "rabbitmq"}


def about(name: str, document: Mapping[str, Any]) -> None:
    """The work here is about a stored aggregate, whose state says in field `name` what that is about."""
    if tracing.is_on():
        tracing.note(f"motcua.{name}", str(document["state"][name]))


def enter(given: Any) -> None:
    """A worker begins what it was given: a call or an event. Both carry the cause that they are."""
    if tracing.is_on():
        envelope: Envelope | None = getattr(given, "envelope", None)
        code = given.event.data.get("dossier_code") if envelope is not None else None
        tracing.enter(Work(given.cause.trace, {SUBJECT: str(code)} if code else {}))


def served(target: str, trace: str, parent: Any, began: float, error: BaseException | None) -> None:
    """A request that came by RPC was answered; `parent` is the traceparent it brought, if any."""
    if tracing.is_on():
        said = {**_RPC, "rpc.method": target, **_known_of(trace)}
        tracing.record("server", target, trace, parent, began, said, error)


def calling(target: str) -> AbstractContextManager[Work | None]:
    """Another service is asked by RPC."""
    return doing("client", target, {**_RPC, "rpc.method": target})


def carried(header: str = "nameko.traceparent") -> dict[str, str]:
    """The header by which the callee knows whose request it is: over HTTP it is called `traceparent`."""
    trace = tracing.here()
    return {header: trace} if trace else {}


class Append:
    """Events are appended to a history, or begin one. They carry the identity of this span: whoever hears of them
    is its child.

    It may have been another trace that appended last, perhaps weeks ago: that one is linked, so that from any trace of
    one dossier all others are found.
    """

    def __init__(self, cause: Cause) -> None:
        self._parent, self._began = cause.trace, perf_counter()
        self.cause = replace(cause, trace=tracing.next_span(cause.trace)) if tracing.is_on() else cause

    def end(self, collection: Any, about_: str, before: Any, after: Mapping[str, Any]) -> None:
        """They are stored: a document `before` (None where there was none) became `after`."""
        if not tracing.is_on():
            return
        about(about_, after)
        said = {
            "db.system.name": "mongodb",
            "db.operation.name": "append",
            "db.collection.name": collection.name,
            f"motcua.{about_}": str(after["state"][about_]),
            "motcua.events": len(after["history"]) - (len(before["history"]) if before else 0),
        }
        earlier = str(before["history"][-1]["trace"]) if before else ""
        links = [earlier] if _trace_id(earlier) not in {None, _trace_id(self._parent)} else []
        name = f"append {collection.name}"
        tracing.record("client", name, self.cause.trace, self._parent, self._began, said, links=links)


def published(message: Any, about: str, began: float, confirmed: bool) -> None:
    """The broker took an event, or refused it; the change that made the event is its parent, whenever that was."""
    if tracing.is_on():
        parent = message.headers[_TRACEPARENT]
        destination = f"{message.exchange}:{message.routing_key}"
        said = {
            **_messaging("send", "publish", destination, message.routing_key),
            **_event(message.headers),
            f"motcua.{about}": message.headers["cloudEvents:subject"],
            "messaging.message.body.size": len(message.body),
        }
        error = None if confirmed else "refused_by_broker"
        tracing.record("producer", f"publish {destination}", tracing.next_span(parent), parent, began, said, error)


def handled(
    queue: str,
    headers: Mapping[str, Any],
    trace: str | None,
    began: float,
    outcome: str,
    error: BaseException | None = None,
) -> None:
    """A message was handled; `trace` is that of the cause it was, None where it could not be read."""
    if not tracing.is_on():
        return
    parent = headers.get(_TRACEPARENT)
    said: dict[str, Attribute] = {**_messaging("process", "process", queue), "motcua.outcome": outcome}
    if trace is not None:
        said |= {**_event(headers), **_known_of(trace)}
        said |= {name: count for name, header in _TRIES.items() if (count := count_of(headers, header))}
    tracing.record("consumer", f"process {queue}", trace or tracing.next_span(parent), parent, began, said, error)


def sending_mail(host: str, port: int) -> AbstractContextManager[Work | None]:
    """A letter is handed to the mail server."""
    said: dict[str, Attribute] = {"server.address": host, "server.port": port, "network.protocol.name": "smtp"}
    return doing("client", "smtp send", said)


def posting(url: str, operation: str) -> AbstractContextManager[Work | None]:
    """A fixed address of somebody else's HTTP interface is asked for `operation`. Ours goes no further than there."""
    return requesting(url, "POST", operation)


def requesting(url: str, verb: str, operation: str) -> AbstractContextManager[Work | None]:
    """A door is asked over HTTP for `operation`. Of its address only the host is told: the rest may hold a ticket."""
    host = urlsplit(url).hostname or ""
    said = {"http.request.method": verb, "server.address": host, "motcua.operation": operation}
    return doing("client", f"{verb} {operation}", said)


def told(delivery: Mapping[str, Any], url: str, began: float, error: str | None) -> None:
    """Somebody was told of an event by webhook, or not; a child of the append that made it, as far as that is known."""
    parent = delivery.get("trace")
    if tracing.is_on() and parent:
        said: dict[str, Attribute] = {
            "http.request.method": "POST",
            "server.address": urlsplit(url).hostname or "",
            "cloudevents.event_id": delivery["event"],
            "cloudevents.event_type": delivery["payload"]["type"],
            "cloudevents.event_subject": delivery["payload"]["data"]["subject"],
            "motcua.attempt": delivery["tries"],
        }
        tracing.record("client", "POST webhook", tracing.next_span(parent), parent, began, said, error)


def _messaging(type_: str, name: str, destination: str, routing_key: str = "") -> dict[str, Attribute]:
    key = {"messaging.rabbitmq.destination.routing_key": routing_key} if routing_key else {}
    operation = {"messaging.operation.type": type_, "messaging.operation.name": name}
    return {**_MESSAGING, **operation, "messaging.destination.name": destination, **key}


def _event(headers: Mapping[str, Any]) -> dict[str, Attribute]:
    return {
        "messaging.message.id": headers["cloudEvents:id"],
        "cloudevents.event_id": headers["cloudEvents:id"],
        "cloudevents.event_type": headers["cloudEvents:type"],
        "cloudevents.event_source": headers["cloudEvents:source"],
    }


def _known_of(trace: str) -> dict[str, Attribute]:
    """What was noted of work, while it is still what is done here."""
    work = tracing.current()
    return work.noted if work is not None and work.trace == trace else {}


def _trace_id(trace: Any) -> str | None:
    known = tracing.parsed(trace)
    return known["trace"] if known else None
