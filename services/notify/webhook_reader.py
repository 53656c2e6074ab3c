"""Reads the stream of all events for those who are told by webhook: one process at a time, none while there is nobody.

What an endpoint is told of is written down first, then how far has been read for it: who dies in between reads it
again, and a delivery that is there already is not made twice. Each is read for from its own place; those who stand at
the same one share what is read, and a place that the stream has lost is the matter of those alone who stood there.
"""

import threading
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from services.chassis import clock, metrics
from services.chassis.errors import Unavailable
from services.chassis.logs import log
from services.chassis.store import Document
from services.chassis.stream import READ_SECONDS, Lines, Place, PlaceLost, Said
from services.notify.webhook_places import Places
from services.notify.webhook_store import WebhookStore, endpoint_of, place_of
from services.notify.webhooks import Happened, wants

MOST: Final = 1000
LINES: Final = 4  # for who is up with all that comes, who was just added, and who is behind
_SHARED_SECONDS: Final = 0.2  # where others wait too
_FRESH: Final = timedelta(minutes=10)  # who has no place for no longer has little to read
_TURN: Final = timedelta(seconds=30)
MARGIN: Final = timedelta(minutes=2)  # clocks apart, and a stream that is found by about an instant
_LOST: Final = "webhook_place_lost"

Group = list[Document]  # endpoints, at least one
metrics.begin(metrics.NEEDS_HAND, [_LOST])


class WebhookReader:
    """What makes deliveries of events."""

    def __init__(self, store: WebhookStore, places: Places, lines: Lines) -> None:
        self._store, self._places, self._lines = store, places, lines
        self._me, self._mine_until = uuid4().hex, clock.now()
        self._stopping = threading.Event()
        self._read_to: dict[str, datetime] = {}  # up to when each endpoint has been read for, while it is our turn

    def round(self) -> None:
        """Read what has come since the last one, if it is this process's turn. Raises Unavailable."""
        while not self._stopping.is_set():
            groups = _groups(self._store.enabled())
            if not groups or not self._has_turn():
                self._lines.keep(0)
                self._read_to = {}
                return
            self._show(groups)
            more = self._read_in_turn(groups)
            self._lines.keep(len(groups))
            if not more:
                return

    def stop(self) -> None:
        """Let another read at once."""
        self._stopping.set()
        if self._mine_until > clock.now():
            with suppress(Unavailable):
                self._store.end_turn(self._me, clock.now())

    def _has_turn(self) -> bool:
        now = clock.now()
        if now < self._mine_until - _TURN / 2:
            return True
        mine = self._store.take_turn(self._me, now, now + _TURN)
        self._mine_until = now + _TURN if mine else now
        return mine

    def _read_in_turn(self, groups: Sequence[Group]) -> bool:
        """Whether there is more at once. Of those with much to read only one, the nearest, goes on before the first.

        So the first waits for about a second, whoever else has days to catch up with; and so does who is nearly there.
        """
        places, full = [place_of(group[0]) for group in groups], False
        for number, group in enumerate(groups):
            others = {place for place in (*places[:number], *places[number + 1 :]) if place}
            seconds = _SHARED_SECONDS if number == 0 and others else READ_SECONDS
            read, places[number] = self._read_on(group, others, seconds)
            full = full or read >= MOST
            if places[number] in others or (number and read >= MOST):
                return True
        return full

    def _read_on(self, group: Group, others: Collection[Place], seconds: float) -> tuple[int, Place | None]:
        """How many messages came for those who stand at one place, and where they stand now: not beyond others."""
        place, since = place_of(group[0]), min(one["since"] for one in group)
        try:
            said = self._lines.read(place or since - MARGIN, MOST, seconds)
        except PlaceLost:
            metrics.needs_hand(_LOST)
            log.warning(_LOST, since=since.isoformat())
            self._store.move_on(group, None, None)
            return MOST, None
        if not said:
            self._note(group, clock.now())
            return 0, place
        met = next((number for number, one in enumerate(said, 1) if one.place in others), len(said))
        mine = said[:met]
        self._store.deliver(self._wanted(mine, group), clock.now())
        last = _last_instant(mine)
        self._store.move_on(group, mine[-1].place, last)
        if last is not None:
            self._note(group, last)
        return len(said), mine[-1].place

    def _show(self, groups: Sequence[Group]) -> None:
        """How far the one who is furthest behind is; worked out at the scrape, so that it grows while a read hangs."""
        kept: dict[str, datetime] = {one["_id"]: one["since"] for group in groups for one in group}
        self._read_to = {id_: self._read_to.get(id_, since) for id_, since in kept.items()}
        metrics.WEBHOOK_BEHIND.set_function(self._behind)
        metrics.show(metrics.WEBHOOK_BEHIND)

    def _note(self, group: Group, at: datetime) -> None:
        self._read_to = {**self._read_to, **{one["_id"]: at for one in group}}

    def _behind(self) -> float:
        """Seconds; not to be told by whoever does not read."""
        oldest = min(self._read_to.values(), default=None)
        return float("nan") if oldest is None else max(0.0, (clock.now() - oldest).total_seconds())

    def _wanted(self, said: Sequence[Said], group: Group) -> list[tuple[str, Happened]]:
        tenants, wanted = {str(one["tenant"]) for one in group}, []
        for one in said:
            happened = self._places.happened(one, tenants)
            at = happened and _instant(happened.at)
            if happened is not None and at is not None:
                wanted += [
                    (endpoint["_id"], happened)
                    for endpoint in group
                    if at >= endpoint["created_at"] and wants(endpoint_of(endpoint), happened)
                ]
        return wanted


def _groups(endpoints: Sequence[Document]) -> list[Group]:
    """Those who stand at the same place, or have none, for a while or for long; who has come furthest is first."""
    found: dict[Any, Group] = {}
    fresh = clock.now() - _FRESH
    for one in endpoints:
        found.setdefault(place_of(one) or one["since"] >= fresh, []).append(one)
    return sorted(found.values(), key=lambda group: max(one["since"] for one in group), reverse=True)


def _last_instant(said: Sequence[Said]) -> datetime | None:
    """When the last of them happened, as its event says; by a clock that was ahead, now."""
    instants = (_instant(one.envelope.time) for one in reversed(said) if one.envelope)
    return next((min(at, clock.now()) for at in instants if at), None)


def _instant(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else None
