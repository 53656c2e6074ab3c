"""A department that listens while dossiers are taken through: a stock nameko service in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from kombu import Connection

from deploy.local.waiting import wait_until
from tests.bench.books import Entry
from tests.bench.outcome import NotMeasured
from tests.bench.rig import ROOT

DEPARTMENT: Final = "intake.dossier_resolved → a department (stock @event_handler)"
HEARD: Final = "dossier_resolved"
_QUEUE: Final = f"evt-intake-{HEARD}--bench_department.note"
_PATIENCE_SECONDS: Final = 30.0


class Listening:
    """Its process, and what it has written down."""

    def __init__(self, env: Mapping[str, str], folder: Path) -> None:
        self._uri, self._book, self._log = env["MOTCUA_AMQP_URI"], folder / "heard", folder / "logs" / "department.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._book.unlink(missing_ok=True)
        command = [sys.executable, "-m", "tests.bench.department", self._uri, str(self._book)]
        env = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA")}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        if not wait_until(self._book.exists, _PATIENCE_SECONDS):
            self.__exit__()
            raise NotMeasured(f"the department does not listen: see {self._log}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(_PATIENCE_SECONDS)
        with Connection(self._uri) as connection, suppress(Exception):
            connection.channel().queue_delete(_QUEUE)

    @property
    def pids(self) -> dict[str, int]:
        """Its process, which is none of the stack's."""
        return {"department": self._process.pid} if self._process else {}

    def seconds(self, entries: Sequence[Entry]) -> list[float]:
        """From each result in its history until it was heard of, once all are. Raises NotMeasured."""
        said = {str(one.data["dossier_code"]): one.at.timestamp() for one in entries if one.type == HEARD}
        if not wait_until(lambda: said.keys() <= self._heard().keys(), _PATIENCE_SECONDS):
            raise NotMeasured(f"the department has not heard of {len(said.keys() - self._heard().keys())} results")
        heard = self._heard()
        return [heard[code] - at for code, at in said.items()]

    def _heard(self) -> dict[str, float]:
        """When it first heard of each."""
        lines = [line.split() for line in self._book.read_text(encoding="utf-8").splitlines()]
        return {code: float(at) for code, at in reversed(lines)}
