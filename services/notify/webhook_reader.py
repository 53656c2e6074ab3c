"""Reads the stream of all events for those who are told by webhook: one process at a time, none while there is nobody.

What an endpoint is told of is written down first, then how far has been read for it: who dies in between reads it
again, and a delivery that is there already is not made twice.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from services.chassis import clock
from services.chassis.errors import Unavailable
from services.chassis.logs import log
from services.chassis.store import Document
from services.chassis.stream import PlaceLost, Said, Stream
from services.notify.webhook_places import Places
from services.notify.webhook_store import WebhookStore, endpoint_of, place_of
from services.notify.webhooks import Happened, wants

MOST: Final = 500
_TURN: Final = timedelta(seconds=30)
_MARGIN: Final = timedelta(minutes=2)  # clocks apart, and a stream that is found by about an instant


class WebhookReader:
    """What makes deliveries of events."""

    def __init__(self, store: WebhookStore, places: Places, stream: Stream) -> None:
        self._store, self._places, self._stream = store, places, stream
        self._me, self._mine_until = uuid4().hex, clock.now()
        self._stopping = threading.Event()

    def round(self) -> None:
        """Read what has come since the last one, if it is this process's turn. Raises Unavailable."""
        while not self._stopping.is_set():
            endpoints = self._store.enabled()
            if not endpoints or not self._has_turn():
                self._stream.close()
                return
            if self._read_on(endpoints) < MOST:
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

    def _read_on(self, endpoints: Sequence[Document]) -> int:
        """How many messages were read, for those who stand furthest back and all who stand there."""
        furthest = min(endpoints, key=lambda one: one["place"]["offset"] if one["place"] else -1)
        since = min(one["since"] for one in endpoints if one["place"] == furthest["place"])
        try:
            said = self._stream.read(place_of(furthest), since - _MARGIN, MOST)
        except PlaceLost:
            log.warning("webhook_place_lost", since=since.isoformat())
            self._store.move_on(endpoints, None, None)
            return MOST
        if said:
            self._store.deliver(self._wanted(said, endpoints), clock.now())
            behind = [one for one in endpoints if _is_behind(one, said[-1])]
            self._store.move_on(behind, said[-1].place, _last_instant(said))
        return len(said)

    def _wanted(self, said: Sequence[Said], endpoints: Sequence[Document]) -> list[tuple[str, Happened]]:
        tenants, wanted = {str(one["tenant"]) for one in endpoints}, []
        for one in said:
            happened = self._places.happened(one, tenants)
            at = happened and _instant(happened.at)
            if happened is not None and at is not None:
                wanted += [
                    (endpoint["_id"], happened)
                    for endpoint in endpoints
                    if _is_behind(endpoint, one)
                    and at >= endpoint["created_at"]
                    and wants(endpoint_of(endpoint), happened)
                ]
        return wanted


def _is_behind(endpoint: Document, said: Said) -> bool:
    place: Any = endpoint["place"]
    return place is None or place["offset"] < said.place.offset


def _last_instant(said: Sequence[Said]) -> datetime | None:
    """When the last of them happened, as its event says."""
    instants = (_instant(one.envelope.time) for one in reversed(said) if one.envelope)
    return next((at for at in instants if at), None)


def _instant(said: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    return at if at.tzinfo else None
