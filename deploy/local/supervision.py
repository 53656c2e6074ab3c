"""Orders to supervisor, the process that keeps a stack's programs running."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import xmlrpc.client
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local import processes, supervisor_conf
from deploy.local.identity import write_private
from deploy.local.programs import ROOT, Program, StackError
from deploy.local.waiting import wait_until

AT_REST = frozenset({"STOPPED", "FATAL"})

_LONGEST_SOCKET = 107 - len(".4194304")  # supervisor first binds the name with its process id behind
_REPLY_SECONDS = 10
_STOP_SECONDS = 40  # supervisor itself kills after 30
# A clean start: what else the caller's shell holds (proxies, other stacks' addresses, secrets) stays there.
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH")
_FAULTS_OF_HASTE = frozenset({60, 70})  # already started, not running: what was asked for holds


@dataclass(frozen=True)
class ProcessState:
    """What supervisor says of one process: `RUNNING`, `BACKOFF`, `STOPPED`…; pid 0 when it has none."""

    key: str  # its name for supervisor: group and process
    program: str
    number: int
    state: str
    pid: int
    since: int

    @property
    def label(self) -> str:
        """The process's name for people, such as `intake:2`."""
        return f"{self.program}:{self.number}"


class Supervisor:
    """The supervisor of one run directory, whether it runs or not."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._conf = run_dir / "supervisord.conf"
        self._link = run_dir / "supervisord.sock"

    def running(self) -> bool:
        """True when it takes orders."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except StackError:
            return False

    def configure(self, programs: Iterable[Program]) -> None:
        """Writes the programs down; a supervisor that runs takes up what changed."""
        write_private(self._conf, supervisor_conf.render(self._run_dir, self._socket(), programs))
        if self.running():
            self._take_up_changes()

    def launch(self, deadline_s: float) -> None:
        """Starts it in the background and waits until it takes orders."""
        environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        started = subprocess.run(  # noqa: S603 - our own command, no shell
            [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._conf)],
            env=environment | processes.mark(self._run_dir),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=deadline_s,
            check=False,
        )
        if started.returncode or not wait_until(self.running, deadline_s):
            raise StackError(f"supervisord does not start:\n{started.stdout}{started.stderr}")

    def states(self) -> list[ProcessState]:
        """One entry a process, also for those that were never started."""
        return [
            ProcessState(
                key=f"{entry['group']}:{entry['name']}",
                program=entry["group"],
                number=int(entry["name"].rpartition("-")[2]),
                state=entry["statename"],
                pid=entry["pid"],
                since=entry["start"],
            )
            for entry in self._call("getAllProcessInfo")
        ]

    def start(self, keys: Iterable[str]) -> None:
        """Starts processes without waiting for them."""
        for key in keys:
            self._order("startProcess", key)

    def stop(self, keys: Collection[str]) -> None:
        """Stops processes side by side and waits until the last one is gone."""
        if not wait_until(lambda: self._stopped(keys), _STOP_SECONDS):
            raise StackError(f"these did not stop within {_STOP_SECONDS} s: {', '.join(keys)}")

    def shutdown(self) -> None:
        """Ends the supervisor and whatever it still runs."""
        pid = self._call("getPID")
        self._call("shutdown")
        wait_until(lambda: not processes.exists(pid), _STOP_SECONDS)

    def forget(self) -> None:
        """Removes the socket of a supervisor that is gone."""
        if self._link.is_symlink():
            target = self._link.readlink()
            target.unlink(missing_ok=True)
            with contextlib.suppress(FileNotFoundError):
                target.parent.rmdir()
        self._link.unlink(missing_ok=True)

    def _stopped(self, keys: Collection[str]) -> bool:
        """True when all rest; asks those that do not, again if one came back between two looks."""
        alive = [state for state in self.states() if state.key in keys and state.state not in AT_REST]
        for state in alive:
            if state.state != "STOPPING":
                self._order("stopProcess", state.key)
        return not alive

    def _take_up_changes(self) -> None:
        added, changed, removed = self._call("reloadConfig")[0]
        for group in (*changed, *removed):
            self.stop([state.key for state in self.states() if state.program == group])
            self._call("removeProcessGroup", group)
        for group in (*added, *changed):
            self._call("addProcessGroup", group)

    def _order(self, method: str, key: str) -> None:
        try:
            self._call(method, key, False)
        except xmlrpc.client.Fault as fault:
            if fault.faultCode not in _FAULTS_OF_HASTE:
                raise

    def _call(self, method: str, *arguments: Any) -> Any:
        transport = _UnixTransport(self._link)
        try:
            with xmlrpc.client.ServerProxy("http://supervisor/RPC2", transport=transport) as proxy:
                return getattr(proxy.supervisor, method)(*arguments)
        except (OSError, http.client.HTTPException) as failure:
            raise StackError(f"the stack in {self._run_dir} is not running ({failure})") from failure

    def _socket(self) -> Path:
        """The socket's path: in the run directory, or in a private short one where that is too long."""
        if len(bytes(self._link)) <= _LONGEST_SOCKET:
            return self._link
        if not (self._link.is_symlink() and self._link.readlink().parent.is_dir()):
            self._link.unlink(missing_ok=True)
            self._link.symlink_to(Path(tempfile.mkdtemp(prefix="motcua-")) / self._link.name)
        return self._link.readlink()


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_REPLY_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_REPLY_SECONDS)
        self.sock.connect(os.fspath(self._path))


class _UnixTransport(xmlrpc.client.Transport):
    def __init__(self, link: Path) -> None:
        super().__init__()
        self._link = link

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        return _UnixConnection(self._link.readlink() if self._link.is_symlink() else self._link)
