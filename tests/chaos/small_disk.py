"""A stack whose database and broker have small disks of their own, that can be filled."""

import errno
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.chaos.stage import Stage

_SIZE: Final = "640m"  # a new database takes half of it
_WRITES_TO: Final = {"mongodb": "mongodb", "rabbitmq": "rabbitmq/mnesia"}
_CHUNK: Final = bytes(65_536)
_SECONDS: Final = 30


class SmallDisk:
    """A file system in memory, mounted over one folder; where it cannot be, `missing` says why."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._ballast = folder, folder / "ballast"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0700", "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        except OSError as error:
            self.missing = f"mount: {error}"
        else:
            self.missing = done.stderr.strip() if done.returncode else ""

    def fill(self) -> int:
        """Leave no byte free; how many bytes that took."""
        with self._ballast.open("ab", buffering=0) as ballast:
            for chunk in (_CHUNK, _CHUNK[:4_096]):
                try:
                    while ballast.write(chunk):
                        pass
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
            return ballast.tell()

    def free(self) -> None:
        """Take the ballast away."""
        self._ballast.unlink(missing_ok=True)


def unmount(folder: Path) -> None:
    """Take a disk away, with all it holds; where there is none, nothing."""
    if folder.is_mount():
        subprocess.run(["umount", "--lazy", str(folder)], timeout=_SECONDS, check=True)


class SmallDiskStage(Stage):
    """A stack whose database and broker have such disks."""

    def __init__(self, run_dir: Path, env: Mapping[str, str] | None = None) -> None:
        _unmount_all(run_dir.resolve())  # those that a broken-off run has left
        super().__init__(run_dir, env)
        self.disks = {name: SmallDisk(self.run_dir / folder) for name, folder in _WRITES_TO.items()}

    def close(self) -> None:
        """Leave nothing behind, no mount either."""
        try:
            self.stack.down()
        finally:
            _unmount_all(self.run_dir)
        super().close()


def _unmount_all(run_dir: Path) -> None:
    for folder in _WRITES_TO.values():
        unmount(run_dir / folder)
