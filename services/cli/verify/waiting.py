"""What has waited for longer than an hour, and the oldest of it for how long: by itself it would have gone in seconds.

How long a message has been in a queue the broker tells nobody; what it did not bring about is an exception.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from services.chassis import clock
from services.chassis.store import outages_named
from services.cli.layout import some
from services.cli.verify.books import HISTORIES, NOTICES, Books

LONG: Final = timedelta(hours=1)
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_NOTICE: Final = ("state.requested_at", "state.round", "state.failed_round")


def long(books: Books, unread: Mapping[str, datetime]) -> Iterator[str]:
    """A note for each kind. `unread`: since when something waits to be read for each webhook. Raises Unavailable."""
    before = clock.now() - LONG
    with outages_named():
        for shelf in HISTORIES:
            late = books.collection(shelf.name).find({"pending_since": {"$lt": before}}, {"pending_since": 1})
            yield from _note(f"histories of {shelf.name} to be published", (one["pending_since"] for one in late))
        yield from _note("notices to be sent", _unsent(books, before))
        yield from _note("events to be taken by a webhook that is enabled", _untaken(books, before))
    yield from _note("webhooks with events to be read for them", (at for at in unread.values() if at < before))


def _note(what: str, since: Iterable[datetime]) -> Iterator[str]:
    """`what` waits: a plural with all that is behind it."""
    several = sorted(since)
    if several:
        noun, _, rest = what.partition(" ")
        oldest = age(clock.now() - several[0])
        yield f"{some(len(several), noun)} {rest} for more than an hour, the oldest for {oldest}"


def _unsent(books: Books, before: datetime) -> Iterator[datetime]:
    wanted = {"state.sent_at": None, "state.requested_at": {"$lt": before}}
    for one in books.collection(NOTICES.name).find(wanted, dict.fromkeys(_NOTICE, 1)):
        if one["state"]["failed_round"] < one["state"]["round"]:
            yield one["state"]["requested_at"]


def _untaken(books: Books, before: datetime) -> Iterator[datetime]:
    for endpoint in books.collection("notify.webhooks").find({"enabled": True}, {"_id": 1}):
        wanted: dict[str, Any] = {"endpoint": endpoint["_id"], "status": "pending", "made_at": {"$lt": before}}
        yield from (one["made_at"] for one in books.collection("notify.deliveries").find(wanted, {"made_at": 1}))


def age(while_: timedelta) -> str:
    """In the two largest of days, hours and minutes."""
    days, rest = divmod(while_, _DAY)
    hours, minutes = rest // _HOUR, rest % _HOUR // _MINUTE
    return f"{days} d {hours} h" if days else f"{hours} h {minutes} min"
