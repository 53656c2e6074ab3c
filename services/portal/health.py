"""Whether the portal can work: whether it can keep sessions, has a catalogue, and reaches the services by either way.

By the broker it reaches all of them. Without it intake's HTTP door still takes dossiers, drafts and files, so a portal
that reaches only that is worth sending people to; one that reaches neither has nothing to show but that. Nor has one
that has never read the catalogue, however old: it asks again until it has.
"""

import threading
from typing import Any, Final

import requests

from services.chassis import metrics
from services.chassis.health import keep_looking
from services.chassis.reach import Found, Reach
from services.chassis.store import Writable
from services.portal.offers import Offers
from services.portal.settings import PortalSettings

_DOOR_SECONDS: Final = (2, 7)  # to connect, and to answer: a door waits 5 for its database


class Health:
    """What one process of the portal says of itself."""

    def __init__(self, settings: PortalSettings, database: Any, offers: Offers) -> None:
        self._store, self._intake_url = Writable(database), settings.intake_url.rstrip("/")
        self._reach, self._found = Reach(settings.amqp_uri), Found()
        self._offers, self._door = offers, False

    def keep_looking(self, stopping: threading.Event) -> None:
        """Look at the store and both ways, and show what is found, until the process stops."""
        keep_looking(stopping, self.look)

    def look(self) -> bool:
        """Look now, and show it; whether all is well."""
        self._store.look()
        self._found, self._door = self._reach.look(), self._door_answers()
        if not self._offers.are_read():
            self._offers.read()
        report = self.report()
        metrics.tell(metrics.READY, report["ready"])
        return all(report.values())

    def report(self) -> dict[str, bool]:
        """As of the last look; that there is no primary any more is known at once.

        Whether the services behind the broker answer is theirs to say, and the pages' to show.
        """
        writable, has_catalogue = self._store.is_so(), self._offers.are_read()
        return {
            "ready": writable and has_catalogue and (self._found.takes or self._door),
            "store": writable,
            "catalogue": has_catalogue,
            "broker": self._found.answers,
            "publishing": self._found.takes,
            "intake_door": self._door,
        }

    def _door_answers(self) -> bool:
        try:
            return requests.get(f"{self._intake_url}/health/ready", timeout=_DOOR_SECONDS).ok
        except requests.RequestException:
            return False
