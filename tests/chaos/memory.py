"""A limit on the memory of one process, kept by the kernel: whoever wants more is ended by it."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.chaos.missing import NotHere

_ROOT: Final = Path("/sys/fs/cgroup")
# By the version of the kernel's control groups: where they are, the file of the limit, and the one that counts ends.
_VERSIONS: Final = (
    (_ROOT / "memory", "memory.limit_in_bytes", "memory.oom_control"),
    (_ROOT, "memory.max", "memory.events"),
)


class Ration:
    """So many bytes for what one process asks for from now on; what it has is not counted. Raises NotHere."""

    def __init__(self, pid: int, size: int) -> None:
        base, limit, self._events = next((one for one in _VERSIONS if (one[0] / "cgroup.procs").exists()), _VERSIONS[1])
        self._base, self._group = base, base / f"motcua-chaos-{os.getpid()}-{pid}"
        try:
            self._group.mkdir()
            (self._group / limit).write_text(str(size))
            (self._group / "cgroup.procs").write_text(str(pid))
        except OSError as error:
            self.end()
            raise NotHere(f"no control group for memory can be made here: {error}") from None

    def has_ended(self) -> bool:
        """Whether the kernel has ended it for want of memory."""
        counts = dict(line.split() for line in (self._group / self._events).read_text().splitlines())
        return counts.get("oom_kill", "0") != "0"

    def end(self) -> None:
        """No limit any more; who is still in it goes on."""
        with suppress(OSError):
            for pid in (self._group / "cgroup.procs").read_text().split():
                (self._base / "cgroup.procs").write_text(pid)
            self._group.rmdir()
