"""An end to whatever goes on inside, in a process of greenlets: also to what is answered a byte at a time."""

from collections.abc import Iterator
from contextlib import contextmanager

import eventlet


@contextmanager
def ended_after(seconds: float) -> Iterator[None]:
    """Raises TimeoutError at the first wait that lasts longer than `seconds` from here."""
    with eventlet.Timeout(seconds, TimeoutError()):
        yield
