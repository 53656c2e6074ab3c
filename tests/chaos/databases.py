"""What may be done to a database from outside: its primary steps down, its disk is slow."""

import contextlib
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from tests.chaos.missing import NotHere

STEPPED_DOWN_SECONDS: Final = 20  # in which who has stepped down is not elected again
_END_SECONDS: Final = 20


def step_down(uri: str) -> None:
    """Let the primary be one no longer, for a while. Raises OperationFailure where it stays one."""
    client = MongoClient[dict[str, Any]](uri, serverSelectionTimeoutMS=15_000)
    with client, contextlib.suppress(AutoReconnect):  # it may hang up on whoever asks for it
        client.admin.command("replSetStepDown", STEPPED_DOWN_SECONDS, secondaryCatchUpPeriodSecs=5)


class SlowFlushes:
    """A tracer that holds up every flush of a process to its disk. Raises NotHere without strace."""

    def __init__(self, pid: int, seconds: float, log: Path) -> None:
        found = shutil.which("strace")
        if found is None:
            raise NotHere("strace is not installed; on Debian: apt-get install strace")
        self._log = log
        calls = "fsync,fdatasync"
        inject = f"inject={calls}:delay_enter={round(seconds * 1_000_000)}"
        command = [found, "-f", "-p", str(pid), "-e", f"trace={calls}", "-e", inject, "-o", str(log)]
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)

    def count(self) -> int:
        """How many flushes were held up, as the tracer says of each."""
        return self._log.read_text().count("(DELAYED)") if self._log.exists() else 0

    def end(self) -> None:
        """Let the process go."""
        self._process.terminate()
        self._process.wait(_END_SECONDS)
