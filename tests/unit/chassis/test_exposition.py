"""The operators' door: what it says, and where it can be found."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import requests
from pymongo.errors import OperationFailure
from werkzeug.test import Client

from services.chassis import metrics
from services.chassis.exposition import _app, expose
from services.chassis.settings import Settings
from tests.keys import ring


@pytest.fixture
def door(tmp_path: Path) -> Any:
    """A door of a process whose readiness a test decides, and its address."""
    state = {"ready": True}
    settings = Settings(
        service="sample",
        amqp_uri="amqp://nowhere",
        mongo_uri="mongodb://nowhere",
        actor_keys=ring().public,
        metrics_port=0,
        metrics_dir=tmp_path / "metrics",
    )
    (tmp_path / "metrics").mkdir()
    (tmp_path / "metrics" / "sample-http.999999999.json").write_text("[]")
    expose(settings, "sample-http", lambda: dict(state))
    (file,) = (tmp_path / "metrics").iterdir()
    (group,) = json.loads(file.read_text())
    assert group["labels"] == {"service": "sample", "door": "http"}
    return state, f"http://{group['targets'][0]}"


def test_live_is_who_answers_and_ready_is_who_can_work(door: Any) -> None:
    state, address = door
    assert requests.get(f"{address}/health/live", timeout=5).json() == {"live": True}
    assert requests.get(f"{address}/health/ready", timeout=5).status_code == 200
    state["ready"] = False
    answer = requests.get(f"{address}/health/ready", timeout=5)
    assert (answer.status_code, answer.json()) == (503, {"ready": False})
    assert requests.get(f"{address}/health/live", timeout=5).status_code == 200


def test_who_cannot_say_how_he_is_is_not_ready_and_says_nothing_of_why(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    monkeypatch.setattr("services.chassis.exposition.log", SimpleNamespace(exception=said.append))
    answer = Client(_app(_cannot_tell)).get("/health/ready")
    assert (answer.status_code, answer.json) == (503, {"ready": False})
    assert said == ["health_not_told"]
    assert "secret" not in "".join(capfd.readouterr())


def _cannot_tell() -> NoReturn:
    raise OperationFailure("secret")


def test_what_is_counted_is_shown(door: Any) -> None:
    metrics.PUBLISHED.labels("sample_happened").inc(3)
    page = requests.get(f"{door[1]}/metrics", timeout=5).text
    assert 'motcua_events_published_total{type="sample_happened"} 3.0' in page
    assert "process_resident_memory_bytes" in page


def test_there_is_nothing_else(door: Any) -> None:
    assert requests.get(f"{door[1]}/", timeout=5).status_code == 404


def test_without_a_port_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.exposition.make_server", lambda *_: pytest.fail("a door was opened"))
    expose(
        Settings(service="sample", amqp_uri="amqp://x", mongo_uri="mongodb://x", actor_keys=ring().public),
        "sample",
        dict,
    )
