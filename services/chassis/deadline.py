"""In a process of greenlets: an end to whatever goes on inside, and a place for what would stop all the others."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import eventlet
from eventlet import tpool

Result = TypeVar("Result")


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """Raises TimeoutError at the first wait that lasts longer than `seconds` from here."""
    with eventlet.Timeout(seconds, TimeoutError()):
        yield


def in_os_thread(call: Callable[..., Result], *given: Any) -> Result:
    """The result of a call that blocks all greenlets, such as the look-up of a name; its end is waited for in vain by
    whoever is ended before. It may take no lock and log nothing.
    """
    result: Result = tpool.execute(call, *given)
    return result
