"""What operators ask of every service: what waits in its queues, which messages failed to the end, what that blocks,
and to try them again.
"""

import inspect
from collections.abc import Collection
from dataclasses import asdict
from typing import Any, Final

from services.chassis import clock, dead, queues
from services.chassis.actor import Actor
from services.chassis.dead import DeadLetter
from services.chassis.errors import Denied
from services.contracts.fields import Items, Strict, Text, Whole

OPERATORS: Final = ("operator", "system")
_MOST: Final = 10_000


class ListDeadLetters(Strict):
    """The oldest dead letters, behind so many that are older still."""

    limit = Whole(low=1, high=200, load_default=50)
    skip = Whole(low=0, high=_MOST - 200, load_default=0)


class ReplayDeadLetters(Strict):
    """Send these back to the queue they failed in; what is no longer there went before."""

    ids = Items(Text(longest=200), fewest=1, most=200, required=True)
    request_id = Text(required=True, longest=100)


def require_operator(actor: Actor, service: str) -> None:
    """Only operators, and our own programs. Raises Denied."""
    if actor.kind not in OPERATORS:
        raise Denied(
            f"{service}.operators_only", "Only an operator may do this.", "Chỉ cán bộ vận hành được thực hiện."
        )


def list_queues(service: Any) -> dict[str, Any]:
    """What waits in each queue of the service's own, and how many take from it. Raises Unavailable."""
    settings = service.wired.base.settings
    names = queues.named(type(service), settings.retry_ladder, settings.amqp_uri)
    return {"items": [asdict(depth) for depth in queues.depths(settings.amqp_uri, names)], "as_of": clock.now()}


def list_dead_letters(service: Any, limit: int, skip: int) -> dict[str, Any]:
    """How many rest, and the oldest of them, or the next: no bodies, they may hold anything. Raises Unavailable."""
    uri = service.wired.base.settings.amqp_uri
    total = dead.count(uri, service.name)  # before they are looked at: the broker counts none that is in a hand
    return {"items": [_line(service, letter) for letter in dead.peek(uri, service.name, limit, skip)], "total": total}


def replay_dead_letters(service: Any, ids: Collection[str]) -> dict[str, Any]:
    """Send the letters of these ids back. Raises Unavailable."""
    uri = service.wired.base.settings.amqp_uri
    return {"replayed": dead.replay(uri, service.name, ids, _MOST)}


def _line(service: Any, letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "queue": letter.queue,
        "type": letter.type,
        "dossier_code": letter.subject,
        "attempts": letter.attempts,
        "failed_at": letter.failed_at,
        "reason": letter.reason,
        "blocks": _blocked(type(service), letter.queue),
    }


def _blocked(kind: type[Any], queue: str) -> str:
    """What is not done for this dossier as long as the letter rests: the work of the handler it failed in."""
    handler = getattr(kind, queue.partition(".")[2], None)
    return inspect.getdoc(handler) or "" if callable(handler) else ""
