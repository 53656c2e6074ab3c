"""Real servers for the tests that need them: one private RabbitMQ and one private MongoDB for the whole session."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from deploy.local.composition import SERVERS
from deploy.local.stack import Stack
from services.cli.demo.command import TENANTS, await_catalogue
from services.cli.demo.town import Town
from services.cli.stack import declare_topology, is_ready

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0
hypothesis.settings.register_profile("untimed", deadline=None)  # no test may fail because the machine is busy
hypothesis.settings.load_profile("untimed")
# What takes minutes in service takes seconds in a test.
IMPATIENT = {
    "MOTCUA_RETRY_LADDER": "0.2,0.5,1",
    "NOTIFY_CLAIM_SECONDS": "5",
    "PAYMENT_QUERY_AFTER_SECONDS": "3",
    "PAYMENT_TIMER_SECONDS": "1",
}


def eventually(question: Callable[[], Any], seconds: float = PATIENCE, every: float = 0.05) -> Any:
    """Ask until the answer is true, or fail with the last answer when the deadline passes."""
    until = time.monotonic() + seconds
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < until, f"not within {seconds} s; the last answer was {answer!r}"
        time.sleep(every)


@pytest.fixture(scope="session")
def servers() -> Iterator[Stack]:
    """A private RabbitMQ and a private MongoDB; `stack` adds the services to them."""
    run_dir = ROOT / ".run" / f"test-{os.getpid()}"
    failpoints = run_dir / "failpoints"
    failpoints.mkdir(parents=True)
    env = {**IMPATIENT, "MOTCUA_FAILPOINTS": str(failpoints)}
    stack = Stack(run_dir, env=env, before_services=declare_topology, ready=is_ready, test_commands=True)
    try:
        stack.up(SERVERS)
        yield stack
    finally:
        stack.wipe()
        shutil.rmtree(run_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(servers: Stack) -> Stack:
    """The whole system: servers, services, doors, gateway and mailbox, the catalogue loaded."""
    servers.up()
    town = Town(servers.env)
    for tenant in TENANTS:
        await_catalogue(town, tenant)
    town.close()
    return servers


@pytest.fixture
def town(stack: Stack) -> Iterator[Town]:
    """Stock clients, a payer and a mailbox in front of the whole system."""
    town = Town(stack.env)
    yield town
    town.close()


@dataclass
class Process:
    """A program under test, started anew as often as a test needs it."""

    module: str
    env: dict[str, str]
    log: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, **env: str) -> subprocess.Popen[bytes]:
        """One more process of it."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", self.module], env={**self.env, **env}, stdout=log, stderr=log, cwd=ROOT
            )
        self.running.append(process)
        return process

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the last started process and wait for its end; returns its exit code."""
        process = self.running.pop()
        process.send_signal(number)
        return process.wait(PATIENCE)

    def end(self) -> None:
        """Leave nothing behind."""
        while self.running:
            self.stop(signal.SIGKILL)
