"""Whether anything is still on its way: in a queue, in somebody's hand, or written and not yet published."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from deploy.local.waiting import wait_until
from services.cli import topology
from tests.integration.books import JOURNALS, Books

REST_SECONDS: Final = 600.0  # when all that a thousand dossiers have said is said twice more, it takes minutes
_STAYS: Final = ("events.log",)


def depths(env: Mapping[str, str]) -> dict[str, int]:
    """How many messages wait in each queue of our services, the dead left aside."""
    found = topology.depths(env["MOTCUA_AMQP_URI"], topology.ladders_of(env))
    return {name: depth for name, depth in found.items() if depth and not rests(name)}


def pending(env: Mapping[str, str], since: Mapping[str, Any]) -> int:
    """How many kinds of histories have something unpublished."""
    with Books(env) as books:
        return sum(books.collection(name).count_documents({"pending_since": since}, limit=1) for name in JOURNALS)


def unpublished(env: Mapping[str, str]) -> list[str]:
    """Each history with something unpublished, for whoever looks for the reason."""
    with Books(env) as books:
        return [
            f"{name} {one['_id']}: {one['relayed']} of {one['version']} events published"
            for name in JOURNALS
            for one in books.collection(name).find({"pending_since": {"$exists": True}}, {"relayed": 1, "version": 1})
        ]


def is_at_rest(env: Mapping[str, str], waiting: Callable[[], Mapping[str, int]]) -> bool:
    """Whether nothing waits. What is in hand (`waiting` knows) may write yet: what is written is looked for twice."""
    written = {"$exists": True}
    return not (depths(env) or pending(env, written) or in_hand(waiting()) or pending(env, written) or depths(env))


def in_hand(waiting: Mapping[str, int]) -> dict[str, int]:
    """What is left of the broker's own count when all that may stay is left aside."""
    return {name: count for name, count in waiting.items() if count and not rests(name)}


def await_rest(env: Mapping[str, str], waiting: Callable[[], Mapping[str, int]]) -> None:
    """Until then. Raises TimeoutError."""
    if not wait_until(lambda: is_at_rest(env, waiting), REST_SECONDS):
        raise TimeoutError(f"after {REST_SECONDS:.0f} s there still waits: {in_hand(waiting())}")


def rests(queue: str) -> bool:
    """Whether what is in this queue may stay there: the log, the dead, and answers to callers who have hung up."""
    return queue in _STAYS or queue.endswith(".dead") or queue.startswith("rpc.reply-")
