"""A process and what it meets; a test says how that is."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY

from services.chassis import metrics
from services.chassis.health import Health
from services.chassis.reach import Found
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from tests.keys import ring

SETTINGS_OF_SAMPLE = Settings(
    service="sample", amqp_uri="amqp://nowhere", mongo_uri="mongodb://nowhere", actor_keys=ring().public
)
WELL = Found(answers=True, takes=True, dead_letters=0)


class World:
    """All is well, until a test changes it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.writable, self.consumes, self.found = True, True, WELL
        self.relay: Any = SimpleNamespace(
            healthy=True, misses_broker=False, lag=lambda: {"waiting": 0, "oldest_seconds": 0.0}
        )
        self.health = Health(SETTINGS_OF_SAMPLE, None, cast("Relay", self.relay))
        self.writes_tried = 0
        monkeypatch.setattr("services.chassis.store.Writable.look", lambda _store: self._try_to_write())
        monkeypatch.setattr("services.chassis.store.Writable.is_so", lambda _store: self.writable)
        monkeypatch.setattr("services.chassis.reach.Reach.look", lambda _reach: self.found)
        forget_shown()

    def _try_to_write(self) -> None:
        self.writes_tried += 1

    def serve(self) -> "World":
        """As a service does, which works on what it hears."""
        self.health.needs_broker(lambda: self.consumes)
        return self

    def ready(self, *, heard: bool = False) -> bool:
        """As of a look at the broker now."""
        self.health.look()
        return bool(self.health.report(heard=heard)["ready"])


def forget_shown() -> None:
    """As in a process that has shown nothing yet."""
    for gauge in list(metrics.shown):
        REGISTRY.unregister(gauge)
    metrics.shown.clear()
