"""A share of a core for each of some processes, by the kernel's control groups (version 1 or 2); needs root."""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from deploy.local.waiting import wait_until
from tests.bench.outcome import NotMeasured

_ROOT: Final = Path("/sys/fs/cgroup")
_PERIOD: Final = 20_000  # microseconds: short, so that a process that is held back does not stand still for long
_LEAST: Final = 1_000  # the kernel takes no quota below a millisecond
_LEAVE_SECONDS: Final = 5.0


class Quota:
    """While it holds, each of these processes gets `share` of one core at most."""

    def __init__(self, pids: Collection[int], share: float) -> None:
        self._pids, self._quota = tuple(pids), max(_LEAST, round(share * _PERIOD))
        self._base, self._is_second = hierarchy()
        self._homes: dict[int, Path] = {}
        self._groups: list[Path] = []

    @property
    def share(self) -> float:
        """What each process gets, as the kernel counts it."""
        return self._quota / _PERIOD

    def __enter__(self) -> Self:
        try:
            for pid in self._pids:
                self._hold(pid)
        except OSError as error:
            self._let_go()
            raise NotMeasured(f"processes cannot be held to a share of a core here: {error}") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._let_go()

    def _hold(self, pid: int) -> None:
        group = self._base / f"motcua-bench-{os.getpid()}-{pid}"
        group.mkdir()
        self._groups.append(group)
        if self._is_second:
            (group / "cpu.max").write_text(f"{self._quota} {_PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD))
            (group / "cpu.cfs_quota_us").write_text(str(self._quota))
        self._homes[pid] = self._base / home_of(Path(f"/proc/{pid}/cgroup").read_text(), second=self._is_second)
        (group / "cgroup.procs").write_text(str(pid))

    def _let_go(self) -> None:
        for pid, home in self._homes.items():
            with suppress(OSError):  # it has ended
                (home / "cgroup.procs").write_text(str(pid))
        for group in self._groups:
            wait_until(lambda group=group: _removed(group), _LEAVE_SECONDS)  # type: ignore[misc]
        self._homes, self._groups = {}, []


def hierarchy() -> tuple[Path, bool]:
    """Where groups for processor time are made, and whether that is version 2. Raises NotMeasured."""
    if "cpu" in _words(_ROOT / "cgroup.subtree_control"):
        return _ROOT, True
    for base in (_ROOT / "cpu", _ROOT / "cpu,cpuacct"):
        if (base / "cpu.cfs_quota_us").exists() or (base / "cgroup.procs").exists():
            return base, False
    raise NotMeasured("this machine offers no control groups for processor time")


def home_of(said: str, *, second: bool) -> str:
    """The group that a process is in, from /proc/<pid>/cgroup, relative to the hierarchy."""
    for line in said.splitlines():
        _, controllers, path = line.split(":", 2)
        if (second and not controllers) or (not second and "cpu" in controllers.split(",")):
            return path.lstrip("/")
    return ""


def _words(path: Path) -> list[str]:
    try:
        return path.read_text().split()
    except OSError:
        return []


def _removed(group: Path) -> bool:
    try:
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
