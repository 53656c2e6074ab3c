"""What a process says of itself. Asking costs the store a look and the broker nothing.

The dead letters are counted from time to time beside the work: a probe must answer at once, also while the broker is
frozen, when the HTTP doors go on without it.
"""

import threading
import time
from typing import Any

from services.chassis import dead, metrics
from services.chassis.errors import Unavailable
from services.chassis.logs import damper, log
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.store import Document, is_writable

LOOK_SECONDS = 15.0
_SECONDS_TO_LOOK_AGAIN = 2.0
Database = Any


class Health:
    """Whether a process can work, and what waits."""

    def __init__(self, settings: Settings, database: Database, relay: Relay) -> None:
        self._settings, self._database, self._relay = settings, database, relay
        self.needs_broker = False  # a door takes requests without it
        self._dead: int | None = None
        self._reachable = False

    def keep_looking(self, stopping: threading.Event) -> None:
        """Count the dead letters, and what else is shown in passing, until the process stops."""
        while not stopping.is_set():
            self.look()
            self._show(self.report())
            damper.sum_up()
            pause = LOOK_SECONDS if self._reachable else _SECONDS_TO_LOOK_AGAIN
            meant = time.monotonic() + pause
            stopping.wait(pause)
            metrics.LOOP_LAG.set(max(0.0, time.monotonic() - meant))

    def look(self) -> None:
        """Count them now."""
        try:
            self._dead = dead.count(self._settings.amqp_uri, self._settings.service)
            self._reachable = True
        except Unavailable:
            self._reachable = False
        except Exception:  # noqa: BLE001 – the next look may do better
            log.exception("dead_letters_not_counted")
            self._reachable = False

    def report(self, *, heard: bool = False) -> dict[str, Any]:
        """Ready is who can work: write, and hear of work; what a door writes is published when the broker is back.

        Who was `heard` through the broker knows that it is there; else `broker`, like `dead_letters`, is as of the
        last look, at most `LOOK_SECONDS` ago.
        """
        writable, reachable = is_writable(self._database), heard or self._reachable
        return {
            "ready": writable and (reachable or not self.needs_broker),
            "store": writable,
            "broker": reachable,
            "relay": {"healthy": self._relay.healthy, **self._lag(writable)},
            "dead_letters": self._dead,
        }

    def _show(self, report: dict[str, Any]) -> None:
        metrics.READY.set(report["ready"])
        metrics.RELAY_HEALTHY.set(report["relay"]["healthy"])
        metrics.RELAY_WAITING.set(_number(report["relay"]["waiting"]))
        metrics.RELAY_OLDEST.set(_number(report["relay"]["oldest_seconds"]))
        metrics.DEAD_LETTERS.set(_number(report["dead_letters"]))

    def _lag(self, writable: bool) -> Document:
        unknown = {"waiting": None, "oldest_seconds": None}
        try:
            return self._relay.lag() if writable else unknown
        except Unavailable:
            return unknown


def _number(value: float | None) -> float:
    """What is not known now is shown as that, not as nought."""
    return float("nan") if value is None else float(value)
