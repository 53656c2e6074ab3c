"""The stack that is harmed: as in service but for its lines, and for what takes minutes there."""

import shutil
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from deploy.local import identity
from deploy.local.stack import Stack
from services.chassis.failpoint import VARIABLE as FAILPOINTS
from services.cli.demo.command import TENANTS, await_catalogue
from services.cli.stack import declare_topology, is_ready
from services.cli.verify.checker import verify
from tests.chaos.gateway import GatewayLedger
from tests.chaos.load import Townsfolk
from tests.chaos.stream import Stream
from tests.chaos.wires import Wires

# Two minutes of a silent gateway would be most of a short run. Everything else is as the product comes.
ENV: Final = {
    "PAYMENT_QUERY_AFTER_SECONDS": "5",
    "PAYMENT_TIMER_SECONDS": "1",
    "NOTIFY_WEBHOOK_LOOPBACK": "true",
    "NOTIFY_WEBHOOK_SCHEDULE": "0,1,2,5,10,20,30,45" + 12 * ",60",  # longer than ten minutes
}


class Stage:
    """One run directory with servers, services, doors, gateway and mailbox of its own."""

    has_lines = True
    of_cluster = False
    ahead = timedelta()  # of its clocks
    disks: Mapping[str, Any] = {}  # of its servers, those that can be filled

    def __init__(self, run_dir: Path, env: Mapping[str, str] | None = None) -> None:
        self.run_dir = run_dir.resolve()
        self.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        Stack(self.run_dir).wipe()
        self.logs = [self.run_dir / "logs"]  # of its supervisors and programs
        self.failpoints = self.run_dir / "failpoints"
        self.failpoints.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.known = identity.settle(self.run_dir)
        self.gateway = GatewayLedger(self.run_dir)
        self.wires = Wires(self.known, self.run_dir / "proxy.log")
        lines = self.wires.env if self.has_lines else {}
        self.chosen = {**ENV, FAILPOINTS: str(self.failpoints), **lines, **(env or {})}
        self.stack = self._stack(self.chosen)
        self.is_open = False

    def open(self) -> None:
        """Everything runs and the catalogue is loaded; the stream is read from its beginning."""
        self.up()
        self.is_open = True
        self.town = Townsfolk(self.stack.env, self.ahead)
        for tenant in TENANTS:
            await_catalogue(self.town, tenant)
        self.stream = Stream(self.stack.env)
        self.stream.read()

    def up(self) -> None:
        """Start what rests, and wait until all of it answers."""
        self.stack.up()

    def await_whole(self) -> None:
        """Until servers that belong together have found together; here each is alone."""

    def is_whole(self, within: float) -> bool:
        """Whether they do in so many seconds."""
        return True

    def keeper(self, program: str) -> Any:
        """Who keeps a program running: it can be told to `kill`, `stop` and `start` it."""
        return self.stack

    def verify(self) -> list[str]:
        """What the product's own checker finds wrong with its books, or notes beside: nobody here gives anything up."""
        report = verify(self.stack.env, reads_files=True)
        found = [*map(str, report.findings), *(f"{count} {name}" for name, count in report.account.notes.items())]
        return found if report.account.sum.closes else [*found, f"the sum does not close: {report.account.sum}"]

    def keep_logs(self, folder: Path) -> None:
        """Leave a copy of what every program said, whichever supervisor has it."""
        for logs in self.logs:
            shutil.copytree(logs, folder / logs.parent.relative_to(self.run_dir), dirs_exist_ok=True)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.is_open:
            self.town.close()
        self.stack.wipe()
        self.wires.close()
        shutil.rmtree(self.run_dir, ignore_errors=True)

    def _stack(self, env: Mapping[str, str]) -> Stack:
        return Stack(
            self.run_dir, env=env, before_services=declare_topology, ready=is_ready, of_cluster=self.of_cluster
        )
