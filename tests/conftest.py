"""Real servers for the tests that need them: one private RabbitMQ and one private MongoDB for the whole session."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from deploy.local.composition import SERVERS
from deploy.local.stack import Stack
from deploy.local.waiting import growing_pauses
from services.chassis.pauses import begin_without, spare_what_stays
from services.cli.demo.command import TENANTS, await_catalogue
from services.cli.demo.town import Town
from services.cli.stack import declare_topology, is_ready

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 30.0
hypothesis.settings.register_profile("untimed", deadline=None)  # no test may fail because the machine is busy
hypothesis.settings.load_profile("untimed")
# Folders whose tests share a stack, and so go on in one process, in an order that is always the same: what one leaves
# behind is what the next one finds. All other files go wherever there is room.
_TOGETHER = {
    "integration": "system",
    "integration/apart": "apart",
    "integration/chassis": "faults",
    "integration/faults": "faults",
    "e2e": "browsers",
}
# What takes minutes in service takes seconds in a test.
IMPATIENT = {
    "MOTCUA_RETRY_LADDER": "0.2,0.5,1",
    "NOTIFY_CLAIM_SECONDS": "5",
    "NOTIFY_WEBHOOK_LOOPBACK": "true",
    "NOTIFY_WEBHOOK_SCHEDULE": "0,0.2,0.5,1",
    "NOTIFY_WEBHOOK_TIMEOUT_SECONDS": "2",
    "PAYMENT_QUERY_AFTER_SECONDS": "3",
    "PAYMENT_TIMER_SECONDS": "1",
}


def pytest_configure() -> None:
    """What comes with thousands of tests stays, and Python need not look through it again and again."""
    begin_without()


def pytest_collection_finish() -> None:
    """All tests are there."""
    spare_what_stays()


class _TogetherScheduling(LoadScopeScheduling):  # type: ignore[misc]  # without types
    """Whoever shares a stack goes on in one process; xdist's own groups are read from where pytest 9.2 has none."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return _TOGETHER.get(Path(file).parent.relative_to("tests").as_posix(), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """With `--dist loadgroup` by what they share."""
    return _TogetherScheduling(config, log) if config.getoption("dist") == "loadgroup" else None


def eventually(question: Callable[[], Any], seconds: float = PATIENCE, every: float = 0.05) -> Any:
    """Ask until the answer is true, ever less often, or fail with the last answer when the deadline passes."""
    until = time.monotonic() + seconds
    pauses = growing_pauses(every, 10 * every)
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < until, f"not within {seconds} s; the last answer was {answer!r}"
        time.sleep(next(pauses))


@contextmanager
def whole_stack(name: str) -> Iterator[Stack]:
    """What a stack is made of, in a run directory of this name; nothing of it runs yet."""
    run_dir = ROOT / ".run" / f"{name}-{os.getpid()}"
    failpoints = run_dir / "failpoints"
    failpoints.mkdir(parents=True)
    env = {**IMPATIENT, "MOTCUA_FAILPOINTS": str(failpoints)}
    stack = Stack(run_dir, env=env, before_services=declare_topology, ready=is_ready, test_commands=True)
    try:
        yield stack
    finally:
        stack.wipe()
        shutil.rmtree(run_dir, ignore_errors=True)


def await_offers(stack: Stack) -> None:
    """Until every ministry's procedures can be applied for."""
    town = Town(stack.env)
    for tenant in TENANTS:
        await_catalogue(town, tenant)
    town.close()


@pytest.fixture(scope="session")
def servers() -> Iterator[Stack]:
    """A private RabbitMQ and a private MongoDB; `stack` adds the services to them."""
    with whole_stack("test") as stack:
        stack.up(SERVERS)
        yield stack


@pytest.fixture(scope="session")
def stack(servers: Stack) -> Stack:
    """The whole system: servers, services, doors, gateway and mailbox, the catalogue loaded."""
    servers.up()
    await_offers(servers)
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
