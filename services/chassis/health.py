"""What a process says of itself. Asking costs the store a look and the broker nothing.

The dead letters are counted from time to time beside the work: a probe must answer at once, also while the broker is
frozen, when the HTTP doors go on without it.
"""

import threading
from typing import Any

from services.chassis import dead
from services.chassis.errors import Unavailable
from services.chassis.logs import log
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.store import Document, is_writable

LOOK_SECONDS = 15.0
Database = Any


class Health:
    """Whether a process can work, and what waits."""

    def __init__(self, settings: Settings, database: Database, relay: Relay) -> None:
        self._settings, self._database, self._relay = settings, database, relay
        self._dead: int | None = None
        self._reachable = False

    def keep_looking(self, stopping: threading.Event) -> None:
        """Count the dead letters until the process stops."""
        while not stopping.is_set():
            self.look()
            stopping.wait(LOOK_SECONDS)

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

    def report(self) -> dict[str, Any]:
        """Ready is who can write: what is written is published when the broker is back.

        `broker` and `dead_letters` are as of the last look, at most `LOOK_SECONDS` ago.
        """
        writable = is_writable(self._database)
        return {
            "ready": writable,
            "store": writable,
            "broker": self._reachable,
            "relay": {"healthy": self._relay.healthy, **self._lag(writable)},
            "dead_letters": self._dead,
        }

    def _lag(self, writable: bool) -> Document:
        unknown = {"waiting": None, "oldest_seconds": None}
        try:
            return self._relay.lag() if writable else unknown
        except Unavailable:
            return unknown
