"""Places where a test may kill this process with SIGKILL, to show that nothing is lost there. Inert otherwise.

`MOTCUA_FAIL_AT=<point>:<n>:<file>` kills the process when it passes `point` for the n-th time, once only: the file is
made first, and where it exists already nothing happens.
"""

import os
import signal
from pathlib import Path
from typing import Final

VARIABLE: Final = "MOTCUA_FAIL_AT"
POINTS: Final = (
    "journal.before_write",
    "journal.after_write",
    "relay.before_publish",
    "relay.after_publish",
    "subscribe.before_ack",
    "rpc.before_reply",
)
_passed: dict[str, int] = {}


def failpoint(point: str) -> None:
    """Die here if a test asked for it."""
    wish = os.environ.get(VARIABLE)
    if wish:
        _maybe_die(point, wish)


def _maybe_die(point: str, wish: str) -> None:
    name, count, file = wish.split(":", 2)
    if name not in POINTS:
        raise ValueError(f"{VARIABLE} names no point of {', '.join(POINTS)}")
    if name != point:
        return
    _passed[point] = _passed.get(point, 0) + 1
    if _passed[point] == int(count):
        try:
            Path(file).touch(exist_ok=False)
        except FileExistsError:
            return
        os.kill(os.getpid(), signal.SIGKILL)
