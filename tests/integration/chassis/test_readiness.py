"""Ready is who can work, as an orchestrator and Prometheus are told it: while the broker takes nothing, nobody is."""

import json
import signal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.local.stack import Stack
from services.chassis.reach import Found, Reach
from tests.conftest import Process, eventually
from tests.integration.chassis.conftest import Full

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]


def told(folder: Path) -> tuple[int, Any]:
    """What the sample service says of itself on its operators' port."""
    (file,) = folder.glob("*.json")
    ((address,),) = (group["targets"] for group in json.loads(file.read_text()))
    answer = requests.get(f"http://{address}/health/ready", timeout=20)
    return answer.status_code, answer.json()


def is_told(folder: Path, status: int, **members: Any) -> bool:
    """Whether it says that."""
    found, health = told(folder)
    return found == status and members.items() <= health.items()


def shown(folder: Path) -> float:
    """Its `motcua_ready`."""
    (file,) = folder.glob("*.json")
    ((address,),) = (group["targets"] for group in json.loads(file.read_text()))
    page = requests.get(f"http://{address}/metrics", timeout=20).text
    return next(float(line.split()[1]) for line in page.splitlines() if line.startswith("motcua_ready "))


def test_a_service_is_ready_while_it_hears_and_the_broker_takes_messages(
    sample: Process, broker: Any, database: Any, disk: Full, servers: Stack, environment: dict[str, str], tmp_path: Path
) -> None:
    folder, reach = tmp_path / "metrics", Reach(environment["MOTCUA_AMQP_URI"], "sample")
    sample.start(MOTCUA_METRICS_PORT="0", MOTCUA_METRICS_DIR=str(folder))
    eventually(lambda: folder.is_dir() and list(folder.glob("*.json")))
    is_ready = partial(is_told, folder, 200, broker=True, publishing=True, consuming=True)
    eventually(is_ready)
    eventually(lambda: shown(folder) == 1)
    assert reach.look() == Found(answers=True, takes=True, dead_letters=0)
    connections = disk.connections()

    disk.begin()
    eventually(lambda: not reach.look().takes)
    assert [reach.look() for _ in range(3)] == [Found(answers=True, takes=False, dead_letters=0)] * 3
    eventually(partial(is_told, folder, 503, broker=True, publishing=False, store=True))
    eventually(lambda: shown(folder) == 0)
    assert disk.connections() == connections  # the broker would keep each one that is closed now
    disk.end()
    assert eventually(lambda: reach.look().takes)
    eventually(is_ready)

    database.client.admin.command("fsync", lock=True)  # a primary that answers, and whose disk takes nothing
    try:
        eventually(partial(is_told, folder, 503, store=False, broker=True, publishing=True))
        eventually(lambda: shown(folder) == 0)
    finally:
        database.client.admin.command("fsyncUnlock")
    eventually(is_ready)

    servers.stop("rabbitmq")
    try:
        eventually(partial(is_told, folder, 503, broker=False, consuming=False, store=True))
    finally:
        servers.start("rabbitmq")
        servers.wait_ready(["rabbitmq"])
    eventually(is_ready)
    assert reach.look().takes


def test_a_service_that_waits_for_its_database_lives_and_works_once_it_is_there(
    sample: Process, broker: Any, database: Any, servers: Stack, tmp_path: Path
) -> None:
    folder = tmp_path / "metrics"
    servers.stop("mongodb")
    try:
        sample.start(MOTCUA_METRICS_PORT="0", MOTCUA_METRICS_DIR=str(folder))
        eventually(lambda: folder.is_dir() and list(folder.glob("*.json")))
        eventually(partial(is_told, folder, 503, store=False, consuming=False))
        assert shown(folder) == 0
    finally:
        servers.start("mongodb")
        servers.wait_ready(["mongodb"])
    eventually(partial(is_told, folder, 200, store=True, consuming=True))


def test_who_stops_in_order_says_no_more_where_it_is_and_who_dies_is_missed(
    sample: Process, broker: Any, database: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "metrics"
    for number, left in ((signal.SIGTERM, 0), (signal.SIGKILL, 1)):
        sample.start(MOTCUA_METRICS_PORT="0", MOTCUA_METRICS_DIR=str(folder))
        eventually(lambda: folder.is_dir() and list(folder.glob("*.json")))
        eventually(partial(is_told, folder, 200))
        sample.stop(number)
        assert len(list(folder.iterdir())) == left
