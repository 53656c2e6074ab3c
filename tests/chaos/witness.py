"""What the logs say of a scenario: which processes died, and of what; what services have met."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_EXIT: Final = re.compile(r"^(\S+ [\d:]+,\d+) WARN (exited|stopped): (\S+) \((.+?)(?:; not expected)?\)$")
_WORKER: Final = re.compile(r"^\[(\S+ \S+ \S+)\] .*\) was sent SIGKILL!", re.MULTILINE)  # as gunicorn says
# What gunicorn says of its workers, and of its master's own end and beginning.
_GUNICORN: Final = re.compile(
    r"^\[\S+ \S+ \S+\] \[\d+\] \[\w+\] (?:(?P<ends>Handling signal: (?:term|int|quit))|(?P<begins>Starting gunicorn)"
    r"|WORKER (?P<timeout>TIMEOUT) \(pid:(?P<late>\d+)\)|Worker (?P<exits>exiting) \(pid: (?P<exited>\d+)\)"
    r"|Worker \(pid:(?P<gone>\d+)\) (?P<how>was sent \w+|exited with code [^.\s]+))",
    re.MULTILINE,
)
_BY_ITSELF, _WHEN_TOLD = "exited", "stopped"
_KILLED: Final = "terminated by SIGKILL"


class Witness:
    """Reads the logs of one stack, in one folder or in several, from a moment on."""

    def __init__(self, *folders: Path) -> None:
        self._folders, self.since = folders, datetime.now(UTC)
        self._pardoned: set[str] = set()
        self._before = {stat.st_ino: stat.st_size for stat in (log.stat() for log in self._logs("*"))}

    def deaths(self) -> int:
        """How many processes were killed with SIGKILL, as their supervisors saw it."""
        return sum(how == _KILLED for _, _, how in self._exits())

    def died(self, program: str) -> list[datetime]:
        """When a program was killed with SIGKILL, or one of its workers was (to the second)."""
        own = [at for at, name, how in self._exits() if how == _KILLED and _program(name) == program]
        workers = [found for log in self._logs(program) for found in _WORKER.findall(self._later(log))]
        return own + [datetime.strptime(at, "%Y-%m-%d %H:%M:%S %z") for at in workers]

    def deaths_by_program(self) -> dict[str, list[datetime]]:
        """When each program was killed with SIGKILL while nobody was stopping it, as their supervisors saw it."""
        found: dict[str, list[datetime]] = {}
        for at, name, how in self._exits():
            if how == _KILLED:
                found.setdefault(_program(name), []).append(at)
        return found

    def workers_gone(self, door: str) -> list[tuple[int, str]]:
        """Each worker of a door that ended while its master was not being stopped, by its pid, and how it did.

        `exited`, `exited with code 3`, `was sent SIGSEGV`; `TIMEOUT`, which its master gives up and ends.
        """
        logs = [*self._logs(door), *self._logs(f"{door}-[0-9]*")]
        return [gone for log in logs for gone in _workers_gone(self._later(log))]

    def moments(self, program: str, *events: str) -> list[datetime]:
        """When a program has logged one of these events."""
        lines = self._lines(program)
        return [datetime.fromisoformat(line["timestamp"]) for line in lines if line.get("event") in events]

    def killed(self) -> set[str]:
        """Which programs were, be it while they were being stopped."""
        return {_program(name) for _, name, how in self._exits(_BY_ITSELF, _WHEN_TOLD) if how == _KILLED}

    def crashes(self) -> list[str]:
        """Who ended without being told to."""
        return [
            f"{name} ended by itself: {how}"
            for _, name, how in self._exits()
            if how != _KILLED and _program(name) not in self._pardoned
        ]

    def pardon(self, program: str) -> None:
        """It may end by itself."""
        self._pardoned.add(program)

    def ended(self, program: str) -> int:
        """How often a program ended by itself."""
        return sum(_program(name) == program and how != _KILLED for _, name, how in self._exits())

    def wrote(self, program: str, words: str) -> int:
        """How often a server has logged these words."""
        return sum(self._later(log).count(words) for log in self._logs(program))

    def said(self, program: str, *events: str) -> int:
        """How often a program has logged one of these events."""
        return sum(1 for line in self._lines(program) if line.get("event") in events)

    def failures(self) -> list[str]:
        """Each time that a message failed: when, of which dossier, where, how often by then, and why."""
        failed = [line for line in self._lines("*") if line.get("event") == "message_failed"]
        return [
            f"{one['timestamp']} {one.get('dossier', '')} failed in {one['queue']}"
            f" ({one['attempt']} times, {one['outages']} for an outage): {one['reason']}"
            for one in sorted(failed, key=lambda one: str(one["timestamp"]))
        ]

    def _logs(self, program: str) -> Iterator[Path]:
        for folder in self._folders:
            yield from folder.glob(f"{program}.log*")

    def _later(self, log: Path) -> str:
        """What was written into a log since then."""
        with log.open(errors="replace") as file:
            file.seek(self._before.get(log.stat().st_ino, 0))
            return file.read()

    def _exits(self, *words: str) -> Iterator[tuple[datetime, str, str]]:
        for log in self._logs("supervisord"):
            for line in log.read_text(errors="replace").splitlines():
                if (found := _EXIT.match(line)) and found[2] in (words or (_BY_ITSELF,)):
                    at = datetime.fromisoformat(found[1]).astimezone()
                    if at >= self.since:
                        yield at, found[3], found[4]

    def _lines(self, program: str) -> Iterator[dict[str, Any]]:
        since = self.since.isoformat()
        for log in self._logs(program):
            for text in log.read_text(errors="replace").splitlines():
                line = _object(text)
                if str(line.get("timestamp", "")) >= since:
                    yield line


def children(pid: int) -> list[int]:
    """The processes that a process has started itself."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def name_of(pid: int) -> str:
    """What the program of a process is called."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _workers_gone(log: str) -> Iterator[tuple[int, str]]:
    is_ending = False
    for found in _GUNICORN.finditer(log):
        if found["ends"] or found["begins"]:
            is_ending = bool(found["ends"])
        elif found["timeout"]:
            yield int(found["late"]), found["timeout"]
        elif found["gone"]:
            if not (is_ending and found["how"].endswith(" SIGTERM")):
                yield int(found["gone"]), found["how"]
        elif not is_ending:
            yield int(found["exited"]), "exited"


def _program(process: str) -> str:
    """`intake` for supervisor's `intake-2`."""
    return process.rpartition("-")[0]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
