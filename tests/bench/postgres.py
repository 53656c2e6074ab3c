"""A private PostgreSQL on loopback for the peer: its own data directory, ended by its process id."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Self

from deploy.local import ports, processes
from deploy.local.ports import LOOPBACK
from deploy.local.waiting import wait_until
from tests.bench.outcome import NotMeasured

_USER: Final = "peer"
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 30
_PACKAGED: Final = Path("/usr/lib/postgresql")
# As much cache as mongod has on this bench; the rest as Debian ships it, and every commit is on the disk.
_SETTINGS: Final = (
    *("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=100"),
    *("shared_buffers=256MB", "max_wal_size=2GB", "wal_compression=on"),
    *("fsync=on", "synchronous_commit=on", "full_page_writes=on"),
)


class Postgres:
    """One server over an empty data directory beside the stack's; it never runs as root."""

    def __init__(self, folder: Path, mark: Path) -> None:
        self._folder, self._mark = folder, mark
        self._programs = find_programs()
        self._port = ports.choose(("postgres",), {})["postgres"]
        self._password = secrets.token_urlsafe(24)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True)
        try:
            self._initialize()
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def pid(self) -> int:
        """Its first process; the others are below it."""
        return self._server.pid if self._server else 0

    @property
    def env(self) -> dict[str, str]:
        """How clients find it."""
        return {"PGHOST": LOOPBACK, "PGPORT": str(self._port), "PGUSER": _USER, "PGPASSWORD": self._password}

    def ask(self, sql: str) -> str:
        """What psql prints for a question. Raises NotMeasured."""
        command = [str(self._programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", "postgres"]
        environment = {**os.environ, **self.env}
        done = subprocess.run(command, input=sql, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotMeasured(f"psql: {done.stderr.strip()}")
        return str(done.stdout.strip())

    def version(self) -> str:
        """Such as 15.18."""
        return self.ask("SHOW server_version").partition(" ")[0]

    def _initialize(self) -> None:
        secret = self._folder / "password"
        secret.touch(0o600)
        secret.write_text(self._password)
        for path in (self._folder, secret):
            os.chown(path, *_ids())
        self._run("initdb", "-U", _USER, "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", "--locale=C.UTF-8")
        secret.unlink()

    def _run(self, program: str, *arguments: Any) -> None:
        command = [str(one) for one in (self._programs / program, "-D", self._folder / "data", *arguments)]
        done = subprocess.run(command, **self._as_owner(), capture_output=True, text=True, check=False)
        if done.returncode:
            raise NotMeasured(f"{program}: {done.stderr.strip()[-300:]}")

    def _start(self) -> None:
        settings = [word for one in _SETTINGS for word in ("-c", one)]
        data = str(self._folder / "data")
        command = [str(self._programs / "postgres"), "-D", data, "-p", str(self._port), *settings]
        with (self._folder / "log").open("ab") as sink:
            self._server = subprocess.Popen(command, **self._as_owner(), stdout=sink, stderr=sink)
        if not wait_until(self._answers, _START_SECONDS):
            raise NotMeasured(f"postgres does not start: {(self._folder / 'log').read_text()[-300:]}")

    def _answers(self) -> bool:
        try:
            return self.ask("SELECT 1") == "1"
        except NotMeasured:
            return False

    def _as_owner(self) -> dict[str, Any]:
        """Without root's rights, in a folder it may enter, and marked as a part of the stack."""
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", **processes.mark(self._mark)}
        given: dict[str, Any] = {"env": environment, "cwd": self._folder}
        if os.getuid() == 0:
            user, group = _ids()
            given |= {"user": user, "group": group, "extra_groups": []}
        return given

    def _end(self) -> None:
        if self._server:
            self._server.send_signal(signal.SIGINT)  # whoever is connected is sent away
            try:
                self._server.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._server.send_signal(signal.SIGQUIT)
                self._server.wait(_STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)


def find_programs() -> Path:
    """The folder of postgres, initdb and psql, of the newest version that is here. Raises NotMeasured."""
    packaged = sorted(_PACKAGED.glob("*/bin"), key=lambda path: _number(path.parent.name))
    on_path = shutil.which("postgres")
    folders: Iterable[Path] = [*reversed(packaged), *([Path(on_path).parent] if on_path else [])]
    for folder in folders:
        if all((folder / name).exists() for name in ("postgres", "initdb", "psql")):
            return folder
    raise NotMeasured("PostgreSQL is not here: deploy/local/setup.sh peer")


def _number(name: str) -> int:
    return int(name) if name.isdigit() else 0


def _ids() -> tuple[int, int]:
    """User and group of the server: ourselves, but never root."""
    if os.getuid() != 0:
        return os.getuid(), os.getgid()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    raise NotMeasured("there is no user that PostgreSQL could run as")
