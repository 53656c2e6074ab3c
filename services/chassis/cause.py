"""Why a history grows: the message or the request that made the change, and the thread that runs through all of it."""

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

from services.chassis import codec
from services.chassis.actor import Actor
from services.chassis.tracing import here, new_trace, next_span
from services.contracts.envelope import Envelope

_REQUESTS = uuid.UUID("5f0f6a0e-6c56-5a53-9d4b-0d5f0b6b7a11")


@dataclass(frozen=True, slots=True)
class Cause:
    """`id` deduplicates: a history takes each cause once. `digest` tells a repeat from another use of the same id."""

    id: str
    correlation: str
    trace: str
    by: dict[str, str] = field(default_factory=dict)
    digest: str | None = None


def of_event(envelope: Envelope) -> Cause:
    """The cause that an event is to whoever handles it."""
    return Cause(envelope.id, envelope.correlation, next_span(envelope.trace), {"kind": "event"})


def of_request(method: str, actor: Actor, request_id: str, content: Any, trace: Any = None) -> Cause:
    """The cause that a request is: the same actor, method and request id are the same cause, whatever the door.

    The id is a name-based UUID, so that an actor's number never shows.
    """
    name = "\x1f".join((method, actor.kind, actor.unit or "", actor.id, request_id))
    digest = hashlib.sha256(codec.canonical(content)).hexdigest()
    id_ = str(uuid.uuid5(_REQUESTS, name))
    return Cause(id_, id_, here() or next_span(trace), actor.traced(), digest)


def of_timer(name: str) -> Cause:
    """The cause that the passing of time is: `name` says which timer rang for what."""
    id_ = str(uuid.uuid5(_REQUESTS, f"timer\x1f{name}"))
    return Cause(id_, id_, here() or new_trace(), {"kind": "timer"})
