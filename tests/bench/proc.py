"""What the kernel says of processes: time on the processor and memory, of a process and all it started."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")
_BUSY: Final = (0, 1, 2, 5, 6)  # user, nice, system, irq, softirq of the first line of /proc/stat
_STOLEN: Final = (7,)
Children = Mapping[int, list[int]]
Size = Callable[[int], int]


def children() -> Children:
    """Who started whom, of all processes."""
    found: dict[int, list[int]] = defaultdict(list)
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError, IndexError, ValueError):
                found[int(_fields(int(entry.name))[1])].append(int(entry.name))
    return found


def family(pid: int, known: Children) -> Iterator[int]:
    """A process and everything below it."""
    yield pid
    for child in known.get(pid, ()):
        yield from family(child, known)


def cpu_seconds(pid: int) -> float:
    """Processor time of a process since it began, with that of children that have ended; 0 for one that is gone."""
    try:
        fields = _fields(pid)
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) * _TICK  # utime, stime, and of children waited for cutime, cstime


def rss_bytes(pid: int) -> int:
    """Resident memory, what it shares with others included; 0 for one that is gone."""
    try:
        return int((_PROC / str(pid) / "statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def pss_bytes(pid: int) -> int:
    """Resident memory, of what is shared its part only; 0 for one that is gone."""
    try:
        lines = (_PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def machine_cpu_seconds() -> float:
    """Processor time that anybody has used on this machine, over all cores."""
    return _machine_seconds(_BUSY)


def stolen_seconds() -> float:
    """Processor time that this machine wanted and its host gave to others, over all cores."""
    return _machine_seconds(_STOLEN)


def _machine_seconds(kinds: Sequence[int]) -> float:
    numbers = (_PROC / "stat").read_text().splitlines()[0].split()[1:]
    return sum(int(numbers[index]) for index in kinds) * _TICK


def _fields(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name, which may hold anything."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
