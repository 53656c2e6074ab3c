"""The sample service as a process, a stock nameko client, and a fresh database and queues for each test."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from nameko.standalone.rpc import ClusterRpcProxy
from pymongo import MongoClient

from deploy.local import identity, rabbitmq
from deploy.local.stack import Stack
from services.chassis import topology
from services.cli.acting import Context, issuer_of
from tests.chaos.alarms import Alarms
from tests.conftest import Process, eventually

LADDER = (0.2, 0.4)
SYSTEM = {"kind": "system", "id": "test"}


@pytest.fixture
def environment(servers: Stack) -> dict[str, str]:
    """The environment of the sample service."""
    addresses = {
        name: servers.env[name]
        for name in ("MOTCUA_AMQP_URI", "MOTCUA_MONGO_URI", "MOTCUA_ACTOR_KEYS", "MOTCUA_CLI_KEY")
    }
    ladder = ",".join(str(rung) for rung in LADDER)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA")}
    return {**kept, **addresses, "MOTCUA_RETRY_LADDER": ladder, "PYTHONUNBUFFERED": "1"}


@pytest.fixture
def broker(environment: dict[str, str]) -> Iterator[Any]:
    """A channel to the broker, with every queue of the sample service emptied."""
    with Connection(environment["MOTCUA_AMQP_URI"]) as connection:
        for name in ("sample.echo", "sample.dead", "rpc-sample", *(f"sample.retry.{rung:g}s" for rung in LADDER)):
            connection.channel().queue_delete(name)
        yield connection.channel()


@pytest.fixture
def database(environment: dict[str, str]) -> Iterator[Any]:
    """The sample service's own database, empty."""
    client: MongoClient[Any] = MongoClient(environment["MOTCUA_MONGO_URI"])
    client.drop_database("motcua_sample")
    yield client["motcua_sample"]
    client.close()


@pytest.fixture
def sample(environment: dict[str, str], broker: Any, database: Any, tmp_path: Path) -> Iterator[Process]:
    """The sample service, not started yet."""
    process = Process("tests.integration.chassis.sample_main", environment, tmp_path / "sample.log")
    yield process
    process.end()


@pytest.fixture
def rpc(environment: dict[str, str]) -> Iterator[Any]:
    """A stock nameko client."""
    config = {"AMQP_URI": environment["MOTCUA_AMQP_URI"]}
    with ClusterRpcProxy(config, timeout=20, context_data=Context(issuer_of(environment), SYSTEM)) as proxy:
        yield proxy


@pytest.fixture
def serving(sample: Process, rpc: Any) -> Process:
    """The sample service, up and answering."""
    sample.start()
    await_ready(rpc)
    return sample


def await_ready(rpc: Any) -> None:
    """Until the service answers."""
    eventually(lambda: is_ready(rpc))


def is_ready(rpc: Any) -> bool:
    """Whether the service answers; a stock client raises what its broker connection raises."""
    try:
        return bool(rpc.sample.health()["ready"])
    except Exception:  # noqa: BLE001 – no queue yet, or the connection was cut
        return False


def waiting(broker: Any, queue: str) -> int:
    """How many messages are ready in a queue."""
    return int(broker.queue_declare(queue, passive=True).message_count)


def publish(broker: Any, body: bytes, headers: dict[str, Any], content_type: str = "application/json") -> None:
    """Put a raw message into the sample service's event queue."""
    from amqp import Message

    message = Message(body, application_headers=headers, content_type=content_type, delivery_mode=2)
    broker.basic_publish(message, exchange="", routing_key="sample.echo")


__all__ = ["topology"]


class Full:
    """The broker's disk, which is full while a test says so. Each order to the broker starts a program of its own."""

    def __init__(self, servers: Stack) -> None:
        known = identity.recall(servers.run_dir)
        assert known is not None
        self._alarms, self._is_on = Alarms(rabbitmq.rabbitmq(servers.run_dir, known).env), False

    def begin(self) -> None:
        """Too little disk."""
        self._is_on = True
        self._alarms.raise_("disk")

    def end(self) -> None:
        """Enough."""
        if self._is_on:
            self._alarms.clear("disk")
            self._is_on = False

    def connections(self) -> int:
        """How many the broker has."""
        return len(self._alarms.order("list_connections", "pid").splitlines())


@pytest.fixture
def disk(servers: Stack) -> Iterator[Full]:
    """It has room again afterwards."""
    disk = Full(servers)
    yield disk
    disk.end()
