"""Which processes belong to a stack, also when their supervisor is gone."""

import os
import signal
from pathlib import Path

from deploy.local.programs import StackError
from deploy.local.waiting import wait_until

_MARK = "MOTCUA_STACK"


def mark(run_dir: Path) -> dict[str, str]:
    """The environment variable that every process of the stack inherits."""
    return {_MARK: str(run_dir)}


def members(run_dir: Path) -> list[int]:
    """Process ids of the stack, by the mark they carry; never the caller's own."""
    wanted = b"\0" + f"{_MARK}={run_dir}".encode() + b"\0"
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and wanted in _environment(pid)]


def end_members(run_dir: Path, grace_s: float = 30) -> None:
    """Ends what is left of a stack: asks, waits, then kills; each by its process id."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in members(run_dir):
            send(pid, number)
        if wait_until(lambda: not members(run_dir), grace_s):
            return
    raise StackError(f"processes that cannot be ended: {members(run_dir)}")


def exists(pid: int) -> bool:
    """True while the process runs; one that only waits to be buried is gone."""
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def send(pid: int, number: signal.Signals) -> None:
    """Signals one process; one that is gone already is no mistake."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def send_group(leader: int, number: signal.Signals) -> None:
    """Signals a process that supervisor started, and its children: a web server's workers die with it."""
    try:
        os.killpg(leader, number)
    except ProcessLookupError:
        return


def _environment(pid: int) -> bytes:
    try:
        return b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # gone meanwhile, or somebody else's
        return b""
