"""The stack of a rolling upgrade: who runs which release, and one process after the other that begins with another."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Final

from deploy.local.composition import DOORS, SERVICES
from deploy.local.programs import StackError, http_answers
from deploy.local.stack import Stack
from deploy.local.waiting import wait_until
from services.cli.stack import declare_topology, is_ready
from tests.chaos.releases import Releases
from tests.chaos.stage import Stage
from tests.chaos.witness import children

# A service with one process is missed for a moment only by who asks it something; a door would be by everybody.
SCALE: Final = {"intake": 2, "routing": 2, **dict.fromkeys(DOORS, 2)}
_READY_SECONDS: Final = 60.0
_VERIFY_SECONDS: Final = 300


class UpgradeStage(Stage):
    """A stack whose processes run the release that they find when they start."""

    def __init__(self, run_dir: Path, env: Mapping[str, str] | None = None) -> None:
        self.stopped: dict[str, datetime] = {}  # when each process was last gone
        super().__init__(run_dir, env)
        self.releases = Releases(self.run_dir / "releases")

    def up(self) -> None:
        """As `Stage.up`, with two processes of each door."""
        self.stack.up(scale=SCALE)

    def processes(self) -> list[str]:
        """All that run a release, such as `intake:2`: the first of each program before the second of any."""
        known = [label.partition(":") for label in self.stack.pids()]
        ours = [(number, name) for name, _, number in known if name in (*SERVICES, *DOORS)]
        return [f"{name}:{number}" for number, name in sorted(ours)]

    def rounds(self) -> list[list[str]]:
        """The same, the first processes and the second ones apart."""
        return [list(some) for _, some in groupby(self.processes(), lambda one: one.partition(":")[2])]

    def running(self) -> dict[str, str]:
        """The release that each process runs; of a door, its workers too."""
        found = {}
        for label in self.processes():
            master = self.stack.pid(label)
            own = {self.releases.of(pid) for pid in (master, *children(master))}
            found[label] = " and ".join(sorted(own))
        return found

    def replace(self, process: str, release: str) -> None:
        """End one process in order, and start one of this release in its place. Raises StackError if it is not ready.

        The others keep the release that they were started with.
        """
        self.releases.begin(release)
        self.stack.stop(process)
        self.stopped[process] = datetime.now(UTC)
        self.stack.start(process)
        if not wait_until(lambda: self._is_ready(process), _READY_SECONDS):
            raise StackError(f"{process} is not ready {_READY_SECONDS:.0f} s after it was started as {release}")

    def verify(self) -> list[str]:
        """As `Stage.verify`, by the checker of the release that runs now: an earlier one cannot read all there is."""
        command = [sys.executable, "-m", "services.cli", "verify", "--files", "--json"]
        done = subprocess.run(
            command,
            cwd=self.releases.link,
            env={**os.environ, **self.stack.env},
            capture_output=True,
            text=True,
            timeout=_VERIFY_SECONDS,
            check=False,
        )
        said = [json.loads(line) for line in done.stdout.splitlines()]
        total = next((one for one in said if one["kind"] == "sum"), None)
        if total is None:
            return [f"motcua verify could not look: {done.stderr.strip()}"]
        wrong = [f"{one['dossier']} {one['where']}: {one['wrong']}" for one in said if one["kind"] == "exception"]
        wrong += [f"{count} {name}" for name, count in total["noted"].items()]
        return wrong if total["closes"] else [*wrong, f"the sum does not close: {total}"]

    def _is_ready(self, process: str) -> bool:
        """Whether this very process can work, as its own operators' door says: elsewhere another may answer for it."""
        name, _, _ = process.partition(":")
        try:
            pid = self.stack.pid(process)
            ports = [port for one in (children(pid) if name in DOORS else [pid]) for port in self._ports(name, one)]
        except (StackError, FileNotFoundError):  # it has not come as far
            return False
        return bool(ports) and all(http_answers(port, "/health/ready")() for port in ports)

    def _ports(self, name: str, pid: int) -> Iterator[int]:
        """Where a process listens to operators. Raises FileNotFoundError while it does not."""
        file = Path(self.stack.env["MOTCUA_METRICS_DIR"]) / f"{name}.{pid}.json"
        for one in json.loads(file.read_text(encoding="utf-8")):
            yield from (int(target.rpartition(":")[2]) for target in one["targets"])

    def _stack(self, env: Mapping[str, str]) -> Stack:
        code = self.run_dir / "release"
        return Stack(self.run_dir, env=env, before_services=declare_topology, ready=is_ready, code=code)
