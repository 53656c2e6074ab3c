"""What a process says of itself. Asking costs the store a look and the broker nothing.

The broker is looked at from time to time beside the work: a probe must answer at once, also while the broker is
frozen, when the HTTP doors go on without it.
"""

import threading
from collections.abc import Callable
from typing import Any, Final

from services.chassis import metrics
from services.chassis.errors import Unavailable
from services.chassis.logs import damper, log
from services.chassis.reach import Found, Reach
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.store import Document, Writable

LOOK_SECONDS: Final = 15.0
_SECONDS_TO_LOOK_AGAIN: Final = 2.0  # while anything is amiss
_AS_OF_A_LOOK: Final = {metrics.RELAY_HEALTHY, metrics.RELAY_WAITING, metrics.RELAY_OLDEST, metrics.DEAD_LETTERS}
Database = Any


def keep_looking(stopping: threading.Event, look: Callable[[], bool]) -> None:
    """Have `look` look at what is shown in passing, and say whether all is well, until the process stops."""
    while not stopping.is_set():
        try:
            is_well = look()
        except Exception:  # noqa: BLE001 – the next look may do better
            log.exception("health_not_looked_at")
            _show_nothing_known()
            is_well = False
        damper.sum_up()
        stopping.wait(LOOK_SECONDS if is_well else _SECONDS_TO_LOOK_AGAIN)


def _show_nothing_known() -> None:
    """What the last look found may be so no longer; who cannot look is not ready."""
    for gauge in metrics.shown & _AS_OF_A_LOOK:
        metrics.tell(gauge, None)
    metrics.tell(metrics.READY, False)


class Health:
    """Whether a process can work, and what waits."""

    def __init__(self, settings: Settings, database: Database, relay: Relay) -> None:
        self._store, self._relay = Writable(database), relay
        self._reach, self._found = Reach(settings.amqp_uri, settings.service), Found()
        self._hears: Callable[[], bool] | None = None  # a door takes requests without the broker

    def needs_broker(self, hears: Callable[[], bool]) -> None:
        """This process works on what it hears; `hears` says whether it consumes now."""
        self._hears = hears

    def keep_looking(self, stopping: threading.Event) -> None:
        """Look at the store and the broker, and show what is found, until the process stops."""
        keep_looking(stopping, self.look)

    def look(self) -> bool:
        """Look now, and show it; whether all is well."""
        self._store.look()
        self._found = self._reach.look()
        report = self.report()
        relay = report["relay"]
        metrics.tell(metrics.READY, report["ready"])
        metrics.tell(metrics.RELAY_HEALTHY, relay["healthy"])
        metrics.tell(metrics.RELAY_WAITING, relay["waiting"])
        metrics.tell(metrics.RELAY_OLDEST, relay["oldest_seconds"])
        metrics.tell(metrics.DEAD_LETTERS, report["dead_letters"])
        return bool(report["ready"] and report["broker"] and report["publishing"])

    def report(self, *, heard: bool = False) -> dict[str, Any]:
        """Ready is who can work: write, and, unless it is a door, hear of work and publish what comes of it.

        What a door writes is published when the broker is back. Who was `heard` through the broker knows that it is
        there and takes messages; else `broker`, `publishing` and `dead_letters` are as of the last look, at most
        `LOOK_SECONDS` ago, as is what could be written. But what the relay could not publish is known at once, as is
        whether anybody consumes, and whether there is a primary.
        """
        writable, reachable = self._store.is_so(), heard or self._found.answers
        publishing = (heard or self._found.takes) and not self._relay.misses_broker
        consuming = self._hears is None or self._hears()
        works = self._hears is None or (reachable and publishing and consuming)
        return {
            "ready": writable and works,
            "store": writable,
            "broker": reachable,
            "publishing": publishing,
            **({} if self._hears is None else {"consuming": consuming}),
            "relay": {"healthy": self._relay.healthy, **self._lag(writable)},
            "dead_letters": self._found.dead_letters,
        }

    def _lag(self, writable: bool) -> Document:
        unknown = {"waiting": None, "oldest_seconds": None}
        try:
            return self._relay.lag() if writable else unknown
        except Unavailable:
            return unknown
