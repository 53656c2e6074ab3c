"""Whoever goes on meanwhile comes to an end: who does not is named, and nobody else waits for him for ever."""

import os
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, wait
from typing import Any, Final

LONGEST: Final = 7_200.0  # seconds; the longest scenario takes a quarter of that
HOME_SECONDS: Final = 300.0  # whoever was told to stop has by then: nothing that he may be waiting for takes longer

_HUNG: Final[list[str]] = []  # whoever was named


class Hung(Exception):
    """Somebody came to no end; the message says who."""


def await_futures(running: Mapping[Future[Any], str], seconds: float) -> None:
    """Until these have ended or were called off; each with its name. Raises Hung."""
    left = wait([one for one in running if not one.done()], seconds).not_done
    _insist([running[one] for one in left], seconds)


def join(threads: Iterable[threading.Thread], seconds: float = HOME_SECONDS) -> None:
    """Until these have ended. Raises Hung."""
    threads, until = list(threads), time.monotonic() + seconds
    for one in threads:
        one.join(max(0.0, until - time.monotonic()))
    _insist([one.name for one in threads if one.is_alive()], seconds)


def leave(code: int) -> None:
    """End the process, also where somebody has hung, for whom the interpreter would wait."""
    if _HUNG:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _insist(hung: list[str], seconds: float) -> None:
    _HUNG.extend(hung)
    if hung:
        raise Hung(f"came to no end within {seconds:.0f} s: {', '.join(sorted(hung))}")
