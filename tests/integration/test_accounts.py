"""The accounts of docs/security.md, as printed: what they are for works, and nothing else does."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import methodcaller
from pathlib import Path
from typing import Any, Final

import pytest
from amqp import Message
from amqp.exceptions import AccessRefused
from nameko.standalone.rpc import ClusterRpcProxy

from deploy.local import rabbitmq
from deploy.local.identity import recall
from deploy.local.stack import Stack
from services.chassis.publish import connect
from services.cli.acting import Context
from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import SYSTEM, Town, fresh
from tests.conftest import ROOT, eventually

pytestmark = pytest.mark.servers
PAGE: Final = (ROOT / "docs/security.md").read_text(encoding="utf-8")
PASSWORD: Final = "only-for-this-test"
USERS: Final = ("statistics", "portal")
OWN: Final = "statistics.own"
Channel = Any


def control(stack: Stack, *words: str) -> None:
    """rabbitmqctl on the stack's own node."""
    identity = recall(stack.run_dir)
    assert identity
    env = {"PATH": os.environ["PATH"], **rabbitmq.rabbitmq(stack.run_dir, identity).env}
    tool = rabbitmq.find_script().with_name("rabbitmqctl")
    told = subprocess.run([str(tool), *words], env=env, capture_output=True, text=True, timeout=60)
    assert told.returncode == 0, told.stdout + told.stderr


def printed_commands() -> list[list[str]]:
    """Every rabbitmqctl line of the page."""
    text = PAGE.replace("$PASSWORD", PASSWORD)
    return [shlex.split(line)[1:] for line in text.splitlines() if line.startswith("rabbitmqctl ")]


@pytest.fixture(scope="module")
def accounts(stack: Stack) -> Iterator[dict[str, str]]:
    """The address of the broker for each account."""
    commands = printed_commands()
    assert len(commands) == 6
    for command in commands:
        control(stack, *command)
    own = stack.env["MOTCUA_AMQP_URI"]
    yield {user: re.sub(r"//.*@", f"//{user}:{PASSWORD}@", own) for user in USERS}
    for user in USERS:
        control(stack, "delete_user", user)
    with connect(own) as connection:
        for name in (OWN, "evt-intake-dossier_resolved--statistics.count"):
            connection.channel().queue_delete(name)


def refused(uri: str, act: Callable[[Channel], object]) -> bool:
    """Whether the broker refuses it for want of permission."""
    with connect(uri) as connection:
        try:
            act(connection.channel())
        except AccessRefused:
            return True
        return False


def publish(exchange: str, key: str, channel: Channel) -> None:
    """Publish, and wait for the broker's word."""
    channel.basic_publish_confirm(Message(b"{}"), exchange=exchange, routing_key=key)


def bind(exchange: str, key: str, channel: Channel) -> None:
    """A queue of the department's own, bound."""
    channel.queue_declare(OWN, durable=True, auto_delete=False)
    channel.queue_bind(OWN, exchange, key)


def onward(exchange: str, channel: Channel) -> None:
    """A queue of the department's own, whose dead letters go to an exchange."""
    arguments = {"x-dead-letter-exchange": exchange, "x-dead-letter-routing-key": "intake.submit"}
    channel.exchange_declare("statistics.dead", "fanout", auto_delete=True)
    channel.queue_declare(f"statistics.{fresh()}", exclusive=True, arguments=arguments)


def listen(key: str, channel: Channel) -> None:
    """A reply queue, bound to requests."""
    name = f"rpc.reply-{fresh()}"
    channel.queue_declare(name, exclusive=True)
    channel.queue_bind(name, "nameko-rpc", key)


def test_a_department_hears_with_an_account_of_its_own(accounts: dict[str, str], town: Town, tmp_path: Path) -> None:
    procedure = next(one for one in await_catalogue(town, "mic") if one["key"] == "gp-phu-truong")
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    with department(accounts["statistics"], program, tmp_path) as log:
        code = Story(town, "mic", procedure, fresh()).tell("refused").dossier_code
        heard = eventually(lambda: re.search(rf"^(\S+) {code} refused$", log.read_text(), re.MULTILINE))
    assert re.fullmatch(r"[0-9a-f-]{36}", heard[1]), heard[1]


@contextmanager
def department(uri: str, program: str, folder: Path) -> Iterator[Path]:
    """The page's program, listening; what it prints is in the file."""
    (folder / "statistics.py").write_text(program, encoding="utf-8")
    log = folder / "log"
    command = [str(Path(sys.executable).parent / "nameko"), "run", "--broker", uri, "statistics"]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, env=env)
    try:
        eventually(lambda: "Connected to amqp" in log.read_text())
        yield log
    finally:
        process.terminate()
        process.wait(30)


def test_a_department_can_do_nothing_else(accounts: dict[str, str], stack: Stack) -> None:
    uri = accounts["statistics"]
    assert not refused(uri, partial(bind, "intake.events", "dossier_submitted"))
    for key in ("dossier_withdrawn", "dossier_*", "#"):
        assert refused(uri, partial(bind, "intake.events", key)), key
    for exchange, key in (("nameko-rpc", "intake.get"), ("intake.events", "dossier_submitted"), ("", "routing.dead")):
        assert refused(uri, partial(publish, exchange, key)), exchange
    for queue in ("rpc-intake", "routing.open_case", "notify.dead", "events.log"):
        for verb in ("basic_get", "queue_purge", "queue_delete"):
            assert refused(uri, methodcaller(verb, queue)), (verb, queue)
    assert refused(uri, partial(bind, "nameko-rpc", "#"))
    assert not refused(uri, partial(onward, "statistics.dead"))
    for exchange in ("", "nameko-rpc", "intake.events"):
        assert refused(uri, partial(onward, exchange)), exchange
    assert refused(uri, methodcaller("exchange_delete", "intake.events"))
    assert refused(uri, methodcaller("exchange_declare", "intake.events", "topic", durable=True))


def test_a_portal_asks_and_hears_nobody_else(accounts: dict[str, str], town: Town) -> None:
    uri = accounts["portal"]
    with ClusterRpcProxy({"AMQP_URI": uri}, timeout=30, context_data=Context(town.issuer, SYSTEM)) as rpc:
        assert rpc.intake.list_procedures(tenant="mic", limit=1)["items"]
    for key in ("#", "intake.*", "intake.get"):
        assert refused(uri, partial(listen, key)), key
    for queue in ("rpc-intake", "routing.open_case", "events.log"):
        assert refused(uri, methodcaller("basic_get", queue)), queue
    assert refused(uri, partial(publish, "intake.events", "dossier_submitted"))
    assert refused(uri, partial(publish, "nameko-rpc", fresh()))
