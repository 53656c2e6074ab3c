"""Places where a test may kill this process with SIGKILL, to show that nothing is lost there. Inert otherwise.

Where `MOTCUA_FAILPOINTS` names a folder, the process that passes `<point>` and finds the file `<process>@<point>` in it
removes the file and dies. The file is removed first, so it dies once. A number in the file is how often it may pass
before.
"""

import os
import signal
from pathlib import Path
from typing import Final

VARIABLE: Final = "MOTCUA_FAILPOINTS"
POINTS: Final = (
    "journal.before_write",
    "journal.after_write",
    "relay.before_publish",
    "relay.after_publish",
    "subscribe.before_ack",
    "rpc.before_reply",
)
_armed: list[tuple[Path, str]] = []


def arm(process: str) -> None:
    """Called once at start: whether this process minds failpoints at all, and under which name."""
    folder = os.environ.get(VARIABLE)
    if folder:
        _armed.append((Path(folder), process))


def failpoint(point: str) -> None:
    """Die here if a test asked for it."""
    for folder, process in _armed:
        if _is_burnt_down(folder / f"{process}@{point}"):
            os.kill(os.getpid(), signal.SIGKILL)


def _is_burnt_down(fuse: Path) -> bool:
    try:
        left = int(fuse.read_text() or "0")
        if left:
            fuse.write_text(str(left - 1))
        else:
            fuse.unlink()
    except FileNotFoundError:
        return False
    return not left
