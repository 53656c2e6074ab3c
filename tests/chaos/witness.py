"""What the logs say of a scenario: which processes died, and of what; what services have met."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

_EXIT: Final = re.compile(r"^(\S+ [\d:]+),\d+ WARN exited: (\S+) \((.+); not expected\)")
_KILLED: Final = "terminated by SIGKILL"


class Witness:
    """Reads the logs of one stack from a moment on."""

    def __init__(self, logs: Path) -> None:
        self._logs, self.since = logs, datetime.now(UTC)
        self._pardoned: set[str] = set()
        self._before = {stat.st_ino: stat.st_size for stat in (log.stat() for log in logs.glob("*.log*"))}

    def deaths(self) -> int:
        """How many processes were killed with SIGKILL, as their supervisor saw it."""
        return sum(how == _KILLED for _, how in self._exits())

    def crashes(self) -> list[str]:
        """Who ended without being told to."""
        return [
            f"{name} ended by itself: {how}"
            for name, how in self._exits()
            if how != _KILLED and _program(name) not in self._pardoned
        ]

    def pardon(self, program: str) -> None:
        """It may end by itself."""
        self._pardoned.add(program)

    def ended(self, program: str) -> int:
        """How often a program ended by itself."""
        return sum(_program(name) == program and how != _KILLED for name, how in self._exits())

    def wrote(self, program: str, words: str) -> int:
        """How often a server has logged these words."""
        return sum(self._later(log).count(words) for log in self._logs.glob(f"{program}.log*"))

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

    def _later(self, log: Path) -> str:
        """What was written into a log since then."""
        with log.open(errors="replace") as file:
            file.seek(self._before.get(log.stat().st_ino, 0))
            return file.read()

    def _exits(self) -> Iterator[tuple[str, str]]:
        local = self.since.astimezone().replace(tzinfo=None, microsecond=0)
        for log in self._logs.glob("supervisord.log*"):
            for line in log.read_text(errors="replace").splitlines():
                if (found := _EXIT.match(line)) and datetime.fromisoformat(found[1]) >= local:
                    yield found[2], found[3]

    def _lines(self, program: str) -> Iterator[dict[str, Any]]:
        since = self.since.isoformat()
        for log in self._logs.glob(f"{program}.log*"):
            for text in log.read_text(errors="replace").splitlines():
                line = _object(text)
                if str(line.get("timestamp", "")) >= since:
                    yield line


def children(pid: int) -> list[int]:
    """The processes that a process has started itself."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _program(process: str) -> str:
    """`intake` for supervisor's `intake-2`."""
    return process.rpartition("-")[0]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
