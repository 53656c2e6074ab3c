"""The local stack with real servers: up, down, killed and side by side."""

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Queue
from pymongo import MongoClient

from deploy.local import processes
from deploy.local.composition import SERVERS
from deploy.local.identity import recall
from deploy.local.programs import ROOT, StackError
from deploy.local.stack import Stack
from deploy.local.waiting import wait_until
from services.chassis.publish import connect
from services.cli.stack import declare_topology

PAIR = ROOT / ".run" / f"test-{os.getpid()}-pair"
QUEUE = Queue("tried", queue_arguments={"x-queue-type": "quorum"})
DOSSIER = {"_id": "000.00.18.G12-261123-0001", "status": "submitted"}


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Stack, Stack]]:
    """Two stacks with both servers each."""
    stacks = (Stack(PAIR / "one"), Stack(PAIR / "two"))
    try:
        with ThreadPoolExecutor() as pool:
            list(pool.map(lambda stack: stack.up(SERVERS), stacks))
        yield stacks
    finally:
        for stack in stacks:
            stack.wipe()
        shutil.rmtree(PAIR)


@pytest.fixture
def stack(pair: tuple[Stack, Stack]) -> Stack:
    return pair[0]


@pytest.fixture
def mailbox(tmp_path: Path) -> Iterator[Stack]:
    """A stack of one light program."""
    stack = Stack(tmp_path)
    stack.up(["mailbox"])
    yield stack
    stack.wipe()


@pytest.fixture
def broker_of_three(tmp_path: Path) -> Iterator[Stack]:
    """A broker that others may join."""
    stack = Stack(tmp_path, of_cluster=True)
    try:
        stack.up(["rabbitmq"])
        yield stack
    finally:
        stack.wipe()


def test_both_servers_answer_on_ports_of_their_own(stack: Stack) -> None:
    identity = recall(stack.run_dir)
    assert identity is not None
    assert not {5672, 27017, 4369}.intersection(identity.ports.values())
    send(stack, "hello")
    assert receive(stack) == "hello"
    save(stack, DOSSIER)
    assert dossiers(stack) == [DOSSIER]


def test_a_broker_of_three_that_stands_still_is_ended_and_started_anew(broker_of_three: Stack) -> None:
    stood_still = broker_of_three.pid("rabbitmq")
    broker_of_three.kill("rabbitmq", signal.SIGSTOP)
    assert wait_until(lambda: broker_of_three.pids().get("rabbitmq:1", stood_still) != stood_still, 30)
    broker_of_three.wait_ready(["rabbitmq"])


def test_going_up_twice_starts_nothing_anew(stack: Stack) -> None:
    before = stack.pids()
    stack.up(SERVERS)
    assert stack.pids() == before
    assert {name.partition(":")[0] for name in before} == set(SERVERS)


def test_who_starts_the_services_is_told_when_the_broker_has_lost_what_they_published(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    declare_topology(stack.env)
    assert "come back empty" not in capsys.readouterr().out  # a new installation
    save(stack, {"_id": "1", "relayed": 1}, "motcua_intake.dossiers")
    save(stack, {"_id": "1", "relayed": 0}, "motcua_routing.cases")
    with connect(stack.env["MOTCUA_AMQP_URI"]) as broker:
        for service in ("intake", "routing"):
            broker.channel().queue_delete(f"{service}.dead")
    declare_topology(stack.env)
    assert "from intake is gone" in capsys.readouterr().out
    declare_topology(stack.env)
    assert "come back empty" not in capsys.readouterr().out


def test_a_killed_mongod_comes_back_with_its_data(stack: Stack) -> None:
    save(stack, DOSSIER)
    before = stack.pid("mongodb")
    stack.kill("mongodb")
    stack.wait_ready(["mongodb"])
    assert stack.pid("mongodb") != before
    assert dossiers(stack) == [DOSSIER]


def test_a_killed_rabbitmq_comes_back_with_its_messages(stack: Stack) -> None:
    send(stack, "kept")
    before = stack.pid("rabbitmq")
    stack.kill("epmd")
    stack.kill("rabbitmq")
    stack.wait_ready()
    assert stack.pid("rabbitmq") != before
    assert receive(stack) == "kept"
    port_mappers = [pid for pid in processes.members(stack.run_dir) if command(pid).endswith("/epmd")]
    assert port_mappers == [stack.pid("epmd")]


def test_two_stacks_live_side_by_side_and_share_nothing(pair: tuple[Stack, Stack]) -> None:
    one, two = (recall(stack.run_dir) for stack in pair)
    assert one is not None
    assert two is not None
    assert not set(one.ports.values()).intersection(two.ports.values())
    assert one.name != two.name
    save(pair[0], DOSSIER)
    assert dossiers(pair[1]) == []
    assert set(pair[0].pids().values()).isdisjoint(pair[1].pids().values())


def test_going_down_leaves_no_process_and_keeps_the_data(pair: tuple[Stack, Stack]) -> None:
    stack = pair[1]
    save(stack, DOSSIER)
    addresses, pids = stack.env, processes.members(stack.run_dir)
    assert set(stack.pids().values()) < set(pids)
    stack.down()
    assert not [pid for pid in pids if processes.exists(pid)]
    assert processes.members(stack.run_dir) == []
    stack.down()
    stack.up(["mongodb"])
    assert stack.env == addresses
    assert dossiers(stack) == [DOSSIER]


def test_a_stack_whose_supervisor_was_killed_is_recovered(mailbox: Stack) -> None:
    orphan = mailbox.pid("mailbox")
    supervisor = int((mailbox.run_dir / "supervisord.pid").read_text())
    processes.send(supervisor, signal.SIGKILL)
    assert wait_until(lambda: not processes.exists(supervisor), 10)
    assert processes.exists(orphan)
    mailbox.up(["mailbox"])
    assert not processes.exists(orphan)
    assert processes.exists(mailbox.pid("mailbox"))


def test_a_program_can_be_stopped_and_started_alone(mailbox: Stack) -> None:
    before = mailbox.pid("mailbox")
    mailbox.stop("mailbox")
    assert not processes.exists(before)
    with pytest.raises(StackError, match="mailbox is not running"):
        mailbox.pid("mailbox")
    mailbox.start("mailbox")
    mailbox.wait_ready(["mailbox"])
    assert processes.exists(mailbox.pid("mailbox"))


def test_a_stack_that_is_down_says_so(mailbox: Stack) -> None:
    mailbox.down()
    assert {status.state for status in mailbox.status()} == {"STOPPED"}
    with pytest.raises(StackError, match="is not running"):
        mailbox.kill("mailbox")


def test_other_variables_restart_only_the_programs_that_read_them(mailbox: Stack) -> None:
    mailbox.up(["mailbox", "gateway"])
    before = mailbox.pids()
    Stack(mailbox.run_dir, env={"MOTCUA_LOG_LEVEL": "DEBUG"}).up(["mailbox", "gateway"])
    assert mailbox.pids() == before
    Stack(mailbox.run_dir, env={"SANDBOX_IPN_DELAYS": "0,1"}).up(["mailbox", "gateway"])
    assert set(mailbox.pids().values()).isdisjoint(before.values())


def test_a_run_directory_too_long_for_a_socket_and_hard_to_quote_works(tmp_path: Path) -> None:
    stack = Stack(tmp_path / ("một cửa 100%" * 8))
    try:
        stack.up(["mailbox"])
        assert processes.exists(stack.pid("mailbox"))
    finally:
        stack.wipe()
    assert not stack.run_dir.exists()


def test_a_server_that_does_not_start_is_named_with_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "mongod"
    broken.write_text("#!/bin/sh\necho no space left on device\nexit 1\n")
    broken.chmod(0o700)
    monkeypatch.setenv("MOTCUA_MONGOD", str(broken))
    stack = Stack(tmp_path / "run")
    try:
        with pytest.raises(StackError, match=r"(?s)mongodb does not answer.*mongodb\.log.*no space left on device"):
            stack.up(["mongodb"], deadline_s=4)
    finally:
        stack.wipe()


def test_a_missing_server_is_answered_with_what_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOTCUA_MONGOD", raising=False)
    monkeypatch.setattr("deploy.local.mongodb.UNPACKED", tmp_path / "nothing")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match="make setup"):
        Stack(tmp_path / "run").up(["mongodb"])


def send(stack: Stack, text: str) -> None:
    """Returns when the broker has confirmed that the message is safe."""
    with Connection(stack.env["MOTCUA_AMQP_URI"], transport_options={"confirm_publish": True}) as connection:
        connection.Producer().publish(text, routing_key=QUEUE.name, declare=[QUEUE], delivery_mode="persistent")


def receive(stack: Stack) -> str:
    with Connection(stack.env["MOTCUA_AMQP_URI"]) as connection, connection.SimpleQueue(QUEUE) as queue:
        message = queue.get(timeout=10)
        message.ack()
        return str(message.payload)


def command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text().partition("\0")[0]


def save(stack: Stack, document: Mapping[str, Any], place: str = "tried.dossiers") -> None:
    client: MongoClient[dict[str, Any]]
    database, _, collection = place.partition(".")
    with MongoClient(stack.env["MOTCUA_MONGO_URI"], w="majority") as client:
        client[database][collection].replace_one({"_id": document["_id"]}, document, upsert=True)


def dossiers(stack: Stack) -> list[dict[str, Any]]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(stack.env["MOTCUA_MONGO_URI"]) as client:
        return list(client["tried"]["dossiers"].find())
