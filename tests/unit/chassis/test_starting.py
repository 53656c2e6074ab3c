"""While a process waits for its database it lives, says so to whoever probes it, and is not ready."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from prometheus_client import REGISTRY

from services.chassis import http, runner
from services.chassis.errors import Unavailable
from services.chassis.settings import Settings
from services.chassis.wired import Wired
from tests.keys import ring
from tests.unit.chassis.world import SETTINGS_OF_SAMPLE, World, forget_shown


class Awaited:
    """A database that is asked for indexes and does not answer; meanwhile somebody probes the process."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.found = folder, list[tuple[int, int, float | None]]()

    def ensure_indexes(self) -> None:
        """Probe, once; then it is given up."""
        (file,) = self.folder.glob("*.json")
        ((address,),) = (group["targets"] for group in json.loads(file.read_text()))
        live, ready = (requests.get(f"http://{address}/health/{what}", timeout=5) for what in ("live", "ready"))
        self.found.append((live.status_code, ready.status_code, REGISTRY.get_sample_value("motcua_ready")))
        raise Unavailable("store.unavailable", "Away.", "Chưa sẵn sàng.")


@pytest.fixture
def awaited(tmp_path: Path) -> Iterator[Awaited]:
    """It has not answered yet."""
    yield Awaited(tmp_path)
    forget_shown()


@pytest.fixture
def wired(awaited: Awaited, monkeypatch: pytest.MonkeyPatch) -> Wired[Any]:
    """A process that waits for it."""
    monkeypatch.setattr("services.chassis.wired._TRIES", 1)
    world = World(monkeypatch)
    world.writable = False
    settings = SETTINGS_OF_SAMPLE.model_copy(update={"metrics_port": 0, "metrics_dir": awaited.folder})
    base: Any = SimpleNamespace(settings=settings, health=world.health, relay=world.relay)
    return Wired(base, None, indexed=(awaited,))


def test_a_service_that_waits_for_its_database_lives_and_is_not_ready(awaited: Awaited, wired: Wired[Any]) -> None:
    container: Any = SimpleNamespace(service_name="sample", shared_extensions={})
    stop: Any = SimpleNamespace(ready=lambda: True)
    runner._serve(wired, container, stop)  # noqa: SLF001
    assert awaited.found == [(200, 503, 0.0)]


def test_a_door_that_waits_for_its_database_lives_and_is_not_ready(
    awaited: Awaited, wired: Wired[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"AMQP_URI": "amqp://x", "MONGO_URI": "mongodb://x", "ACTOR_KEYS": ring().public, "METRICS_PORT": 0}
    for name, value in {**given, "METRICS_DIR": awaited.folder}.items():
        monkeypatch.setenv(f"MOTCUA_{name}", str(value))
    monkeypatch.setattr("services.chassis.logs.configure", lambda *_: None)
    with pytest.raises(Unavailable):
        http.create_app("sample", Settings, lambda _settings: wired, lambda *_: None)
    assert awaited.found == [(200, 503, 0.0)]
