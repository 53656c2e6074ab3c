"""What a process says of itself. Asking costs the store a look and the broker nothing.

The broker is looked at from time to time beside the work: a probe must answer at once, also while the broker is
frozen, when the HTTP doors go on without it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class _Need:
    is_there: Callable[[], bool]
    at_doors: bool


class Health:
    """Whether a process can work, and what waits."""

    def __init__(self, settings: Settings, database: Database, relay: Relay) -> None:
        self._store, self._relay = Writable(database), relay
        self._reach, self._found = Reach(settings.amqp_uri, settings.service), Found()
        self._hears: Callable[[], bool] | None = None  # a door takes requests without the broker
        self._needs: dict[str, _Need] = {}
        self._has: dict[str, bool] = {}

    def needs_broker(self, hears: Callable[[], bool]) -> None:
        """This process works on what it hears; `hears` says whether it consumes now."""
        self._hears = hears

    def needs(self, name: str, is_there: Callable[[], bool], *, at_doors: bool = True) -> None:
        """Nor can it work without this, which others bring; `at_doors`: also as an HTTP door.

        Who waits for it goes on consuming, or it would never come.
        """
        self._needs[name] = _Need(is_there, at_doors)

    def keep_looking(self, stopping: threading.Event) -> None:
        """Look at the store and the broker, and show what is found, until the process stops."""
        keep_looking(stopping, self.look)

    def look(self) -> bool:
        """Look now, and show it; whether all is well."""
        self._store.look()
        self._found = self._reach.look()
        if self._store.is_so():
            self._has = {name: self._is_there(name) for name in self._needed()}
        report = self.report()
        relay = report["relay"]
        metrics.tell(metrics.READY, report["ready"])
        metrics.tell(metrics.RELAY_HEALTHY, relay["healthy"])
        metrics.tell(metrics.RELAY_WAITING, relay["waiting"])
        metrics.tell(metrics.RELAY_OLDEST, relay["oldest_seconds"])
        metrics.tell(metrics.DEAD_LETTERS, report["dead_letters"])
        return bool(report["ready"] and report["broker"] and report["publishing"])

    def report(self, *, heard: bool = False) -> dict[str, Any]:
        """Ready is who can work: has what it needs, can write, and, unless it is a door, hears of work and publishes.

        What a door writes is published when the broker is back. Who was `heard` through the broker knows that it is
        there and takes messages; else `broker`, `publishing` and `dead_letters` are as of the last look, at most
        `LOOK_SECONDS` ago, as is what could be written, and what else is needed. But what the relay could not publish
        is known at once, as is whether anybody consumes, and whether there is a primary.
        """
        writable, reachable = self._store.is_so(), heard or self._found.answers
        publishing = (heard or self._found.takes) and not self._relay.misses_broker
        consuming = self._hears is None or self._hears()
        works = self._hears is None or (reachable and publishing and consuming)
        has = {name: self._has.get(name, False) for name in self._needed()}
        return {
            "ready": writable and works and all(has.values()),
            "store": writable,
            **has,
            "broker": reachable,
            "publishing": publishing,
            **({} if self._hears is None else {"consuming": consuming}),
            "relay": {"healthy": self._relay.healthy, **self._lag(writable)},
            "dead_letters": self._found.dead_letters,
        }

    def _needed(self) -> list[str]:
        return [name for name, need in self._needs.items() if need.at_doors or self._hears is not None]

    def _is_there(self, name: str) -> bool:
        """Asked of the store; what was there a moment ago is not gone because the store is."""
        known = self._has.get(name)
        try:
            is_there = self._needs[name].is_there()
        except Unavailable:
            return bool(known)
        if not is_there and known is not False:
            log.warning("not_ready_without", what=name)
        return is_there

    def _lag(self, writable: bool) -> Document:
        unknown = {"waiting": None, "oldest_seconds": None}
        try:
            return self._relay.lag() if writable else unknown
        except Unavailable:
            return unknown
