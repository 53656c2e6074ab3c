"""What becomes of a message whose handler failed: one table, and the way up the ladder.

A message that cannot succeed rests in `<service>.dead` at once. One that may succeed later waits on the rungs of
`<service>.retry.<delay>s` in turn and rests there after the last. An outage is not the message's fault: it never goes
past the rung of `OUTAGE_RUNG_SECONDS`, waits there until the outage ends, and then has all its rungs still to climb.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.chassis import topology
from services.chassis.errors import Conflict, Defect, NotFound, ServiceError, Unavailable
from services.chassis.publish import Outgoing
from services.contracts.events import BadEvent, UnknownEvent

ATTEMPT = "x-motcua-attempt"
OUTAGES = "x-motcua-outages"
QUEUE = "x-motcua-queue"
REASON = "x-motcua-reason"
FAILED_AT = "x-motcua-failed-at"
REPLAY = "x-motcua-replay"  # the act of the person who sent it back last
OUTAGE_RUNG_SECONDS = 30.0
_MAY_SUCCEED_LATER = (NotFound, Conflict, Unavailable, Defect)
_LONGEST_REASON = 300
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class Failed:
    """A message in the form in which it goes on: the same body and headers, from work queue `queue`."""

    id: str
    queue: str
    body: bytes
    headers: Mapping[str, Any]
    content_type: str


def next_step(service: str, ladder: Sequence[float], message: Failed, error: BaseException, at: str) -> Outgoing:
    """Where a failed message goes next: a rung of the ladder or the dead letters."""
    counter = OUTAGES if isinstance(error, Unavailable) else ATTEMPT
    earlier = count_of(message.headers, counter)
    rung = _rung(ladder, earlier, error)
    headers = {
        ATTEMPT: 0,
        **message.headers,
        counter: earlier + 1,
        QUEUE: message.queue,
        REASON: reason_of(error),
        FAILED_AT: at,
    }
    if rung is None:
        return Outgoing(message.id, "", topology.dead_name(service), message.body, headers, message.content_type)
    exchange = topology.rung_exchange(service, rung).name
    return Outgoing(message.id, exchange, message.queue, message.body, headers, message.content_type)


def is_dead(onward: Outgoing) -> bool:
    """Whether it goes to the dead letters, which only the default exchange leads to."""
    return onward.exchange == ""


def outcome_of(onward: Outgoing, error: BaseException) -> str:
    """What became of a message, in a word: dead, outage (waits for somebody's return) or ladder."""
    if is_dead(onward):
        return "dead"
    return "outage" if isinstance(error, Unavailable) else "ladder"


def reason_of(error: BaseException) -> str:
    """Why, in a line for operators: a code for our own errors, the class otherwise; no values of the message."""
    if isinstance(error, ServiceError):
        return f"{type(error).__name__} {error.code}: {error.en}"[:_LONGEST_REASON]
    if isinstance(error, (BadEvent, UnknownEvent)):  # they name fields, never values
        return f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
    return type(error).__name__


def _rung(ladder: Sequence[float], earlier: int, error: BaseException) -> float | None:
    """Where a message waits that failed `earlier` times before: of outages, or of everything else."""
    if isinstance(error, Unavailable):
        patient = [seconds for seconds in ladder if seconds <= OUTAGE_RUNG_SECONDS] or list(ladder[:1])
        return patient[min(earlier, len(patient) - 1)] if patient else None
    if isinstance(error, ServiceError) and not isinstance(error, _MAY_SUCCEED_LATER):
        return None
    return ladder[earlier] if earlier < len(ladder) else None


def count_of(headers: Mapping[str, Any], counter: str) -> int:
    """How often a message failed so far; a header of somebody else's making counts as none."""
    count = headers.get(counter, 0)
    return count if isinstance(count, int) and 0 <= count <= _MOST else 0
