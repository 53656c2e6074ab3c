"""The operators' door: what it says, and where it can be found."""

import json
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import requests
from pymongo.errors import OperationFailure
from werkzeug.test import Client

from services.chassis import metrics
from services.chassis.exposition import _address, _app, _Handler, expose, withdraw
from services.chassis.settings import Settings
from tests.keys import ring


def listening_at(host: str, folder: Path) -> Settings:
    """The settings of a process that listens there, and writes it down in `metrics` of the folder."""
    return Settings(
        service="sample",
        amqp_uri="amqp://nowhere",
        mongo_uri="mongodb://nowhere",
        actor_keys=ring().public,
        metrics_host=host,
        metrics_port=0,
        metrics_dir=folder / "metrics",
    )


@pytest.fixture
def door(tmp_path: Path) -> Any:
    """A door of a process whose readiness a test decides, and its address."""
    state = {"ready": True}
    settings = listening_at("127.0.0.1", tmp_path)
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


@pytest.mark.parametrize(
    ("host", "bound", "address"),
    [
        ("127.0.0.1", "127.0.0.1", "127.0.0.1:9"),
        ("metrics.example", "192.0.2.1", "metrics.example:9"),
        ("::1", "::1", "[::1]:9"),
        ("0.0.0.0", "0.0.0.0", "office-3:9"),  # noqa: S104
        ("0", "0.0.0.0", "office-3:9"),  # noqa: S104
        ("::", "::", "office-3:9"),
    ],
)
def test_what_is_written_down_can_be_asked_from_elsewhere(
    monkeypatch: pytest.MonkeyPatch, host: str, bound: str, address: str
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "office-3")
    assert _address(host, bound, 9) == address


def test_a_process_may_listen_where_all_can_ask_or_by_ipv6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "localhost")
    for number, host in enumerate(["0.0.0.0", *["::1"] * _has_ipv6()]):  # noqa: S104
        expose(listening_at(host, tmp_path / str(number)), "sample", lambda: {"ready": True})
        (file,) = (tmp_path / str(number) / "metrics").iterdir()
        ((address,),) = (group["targets"] for group in json.loads(file.read_text()))
        assert requests.get(f"http://{address}/health/ready", timeout=5).status_code == 200


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as own:
            own.bind(("::1", 0))
    except OSError:
        return False
    return True


def test_who_stops_in_order_leaves_no_address_behind(door: Any, tmp_path: Path) -> None:
    settings = listening_at("127.0.0.1", tmp_path)
    withdraw(settings, "sample-bus")  # another one's
    assert len(list((tmp_path / "metrics").iterdir())) == 1
    for _ in range(2):
        withdraw(settings, "sample-http")
    assert not list((tmp_path / "metrics").iterdir())


def test_who_says_nothing_keeps_no_thread(
    door: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _Handler.timeout == 10
    monkeypatch.setattr(_Handler, "timeout", 0.05)
    host, _, port = door[1].removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as line:
        line.sendall(b"GET /health/live HTTP/1.1\r\n")  # and no more
        assert line.recv(1) == b""
    assert capfd.readouterr().err == ""


def test_without_a_port_nothing_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.exposition.make_server", lambda *_: pytest.fail("a door was opened"))
    expose(
        Settings(service="sample", amqp_uri="amqp://x", mongo_uri="mongodb://x", actor_keys=ring().public),
        "sample",
        dict,
    )
