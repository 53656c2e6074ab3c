"""The live view: rates and latencies from two looks at what processes show."""

import json
import math
import os
import socket
import threading
import time
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner

from services.chassis.exposition import expose
from services.chassis.settings import Settings
from services.cli.top import command
from services.cli.top.command import frame
from services.cli.top.rates import Between
from services.cli.top.scraping import Samples, Seen, look
from tests.keys import ring


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def histogram(counts: dict[str, float], **labels: str) -> Samples:
    buckets = {key("motcua_request_seconds_bucket", le=bound, **labels): count for bound, count in counts.items()}
    return {**buckets, key("motcua_request_seconds_count", **labels): counts["+Inf"]}


BEFORE = histogram({"0.1": 10, "0.2": 10, "+Inf": 10}, method="get", outcome="ok")
NOW = {
    **histogram({"0.1": 100, "0.2": 110, "+Inf": 110}, method="get", outcome="ok"),
    **histogram({"0.1": 0, "0.2": 0, "+Inf": 0}, method="submit", outcome="ok"),
    key("motcua_relay_waiting"): 3.0,
    key("motcua_relay_oldest_seconds"): math.nan,
    key("process_resident_memory_bytes"): 70e6,
}
HEALTH = {"ready": True, "relay": {"waiting": 3, "oldest_seconds": None}}
STEP = Between(Seen("intake", 1, 100.0, BEFORE), Seen("intake", 1, 110.0, NOW, HEALTH))


def test_rates_and_latencies_are_of_what_happened_in_between() -> None:
    assert STEP.rate("motcua_request_seconds_count") == pytest.approx(10)
    assert STEP.rate("motcua_request_seconds_count", method="submit") == 0
    assert STEP.quantile(0.5, "motcua_request_seconds") == pytest.approx(0.1 * 50 / 90)
    assert STEP.quantile(0.95, "motcua_request_seconds") == pytest.approx(0.1 + 0.1 * 5 / 10)
    assert STEP.quantile(0.95, "motcua_request_seconds", method="submit") is None


def test_what_is_slower_than_the_last_bound_is_shown_as_that() -> None:
    slow = Between(Seen("p", 1, 0, {}), Seen("p", 1, 1, histogram({"0.1": 0, "0.2": 0, "+Inf": 5})))
    assert slow.quantile(0.95, "motcua_request_seconds") == 0.2


def test_a_process_that_was_started_anew_counts_from_nought() -> None:
    anew = Between(Seen("p", 1, 0, NOW), Seen("p", 1, 1, BEFORE))
    assert anew.rate("motcua_request_seconds_count") == 10


def test_what_is_not_known_is_no_number() -> None:
    assert STEP.value("motcua_relay_waiting") == 3
    assert STEP.value("motcua_relay_oldest_seconds") is None
    assert STEP.value("motcua_loop_lag_seconds") is None


def test_the_view_fits_80_columns_and_names_who_is_silent() -> None:
    now = [STEP.now, Seen("registry-http", 1234567, 110.0)]
    lines = list(frame([STEP.before], now, {"intake.note_fee": 2, "intake.retry.30s": 1, "intake.dead": 4}))
    assert lines[1].split() == ["intake", "1", "yes", "10.0", "150", "0.0", "–", "0.0", "0.0", "70", "–"]
    assert lines[2].split()[:3] == ["registry-http", "1234567", "silent"]
    assert next(line for line in lines[4:] if line.startswith("intake")).split() == ["intake", "3", "?", "2", "1", "4"]
    assert max(map(len, lines)) <= 80
    assert any("broker.unavailable" in line for line in frame([], now, None))


def test_a_process_that_cannot_say_how_it_is_in_time_is_shown_as_not_ready_with_what_it_has_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(address: str, **_: object) -> requests.Response:
        if address.endswith("/health/ready"):
            raise requests.ReadTimeout
        answer = requests.Response()
        answer.status_code, answer._content = 200, b"process_resident_memory_bytes 7e7\n"  # noqa: SLF001
        return answer

    monkeypatch.setattr("requests.get", get)
    (tmp_path / f"sample-http.{os.getpid()}.json").write_text('[{"targets": ["127.0.0.1:1"]}]')
    (seen,) = look(tmp_path)
    line = next(line for line in frame([], [seen], None) if line.startswith("sample-http"))
    assert (line.split()[2], line.split()[9]) == ("NO", "70")


def test_what_fails_is_shown_beside_what_is_done() -> None:
    messages = {
        key("motcua_message_seconds_count", queue="intake.note_fee", outcome=outcome): count
        for outcome, count in {"done": 70.0, "ladder": 2.0, "outage": 3.0, "dead": 1.0}.items()
    }
    requests = {
        key("motcua_request_seconds_count", method="get", outcome=outcome): count
        for outcome, count in {"ok": 50.0, "Refused": 20.0, "Unavailable": 4.0, "Defect": 5.0}.items()
    }
    now = Seen("intake", 1, 10.0, {**messages, **requests}, HEALTH)
    head, line, *_ = frame([Seen("intake", 1, 0.0, {})], [now], None)
    shown = dict(zip(head.split(), line.split(), strict=True))
    assert (shown["req/s"], shown["ev/s"], shown["err/s"]) == ("7.9", "7.0", "1.5")


def test_whoever_hangs_holds_up_nobody_elses_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One process has stopped altogether, another answers everything but how it is."""
    monkeypatch.setattr("services.cli.top.scraping._SECONDS", 0.5)
    given_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        expose(listening(tmp_path), "hanging-http", lambda: {"ready": given_up.wait(20)})
        expose(listening(tmp_path), "well-http", lambda: HEALTH)
        for number in range(10):
            (tmp_path / f"frozen-{number}.{os.getpid()}.json").write_text(
                json.dumps([{"targets": [f"127.0.0.1:{frozen.getsockname()[1]}"]}])
            )
        began = time.monotonic()
        found = {seen.name: seen for seen in look(tmp_path, 0.5)}
        assert time.monotonic() - began < 5
        given_up.set()
    assert len(found) == 12
    assert not any(seen.samples for name, seen in found.items() if name.startswith("frozen"))
    assert (found["hanging-http"].health, found["well-http"].health) == ({}, HEALTH)
    assert found["hanging-http"].samples


def test_the_view_has_less_patience_than_a_process_that_waits_for_its_database(monkeypatch: pytest.MonkeyPatch) -> None:
    patience: list[float] = []

    def see(_folder: Path, seconds: float) -> list[Seen]:
        patience.append(seconds)
        return [STEP.now]

    monkeypatch.setattr(command, "address", lambda _name: "nowhere")
    monkeypatch.setattr(command, "_depths", lambda: None)
    monkeypatch.setattr(command, "look", see)
    assert CliRunner().invoke(command.top, ["--once", "--every", "0.2"]).exit_code == 0
    assert (len(patience), max(patience)) == (2, 2.0)


def test_a_process_that_stops_meanwhile_is_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / f"sample-http.{os.getpid()}.json"
    file.write_text("[]")

    def exists(_process: Path) -> bool:
        file.unlink()
        return True

    monkeypatch.setattr(Path, "exists", exists)
    assert look(tmp_path) == []


def listening(folder: Path) -> Settings:
    return Settings(
        service="sample",
        amqp_uri="amqp://nowhere",
        mongo_uri="mongodb://nowhere",
        actor_keys=ring().public,
        metrics_port=0,
        metrics_dir=folder,
    )


def test_a_process_is_found_by_its_file_and_asked_how_it_is_now(tmp_path: Path) -> None:
    expose(listening(tmp_path), "sample-http", lambda: {**HEALTH, "ready": False})
    (tmp_path / "gone.999999999.json").write_text('[{"targets": ["127.0.0.1:1"]}]')
    (seen,) = look(tmp_path)
    assert (seen.name, seen.pid, seen.health["relay"]["waiting"]) == ("sample-http", os.getpid(), 3)
    assert next(line for line in frame([], [seen], None) if line.startswith("sample-http")).split()[2] == "NO"
