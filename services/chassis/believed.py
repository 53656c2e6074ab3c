"""What was read a moment ago and is believed for a moment more: for what is large, asked for often and rarely changed.

Those who ask for the same when it is believed no longer share one look at the store.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from services.chassis.together import Together

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")
BELIEVED_SECONDS = 2.0
_MOST = 2000


class Believed(Generic[Key, Value]):
    """Values by key, as `read` found them at most `BELIEVED_SECONDS` ago. That nothing was found is never believed."""

    def __init__(self, read: Callable[[Key], Value | None]) -> None:
        self._read = read
        self._looks: Together[Key, Value | None] = Together(self._look)
        self._known: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value | None:
        """The value, which is not yours to change, or None. Raises what `read` raises."""
        now = time.monotonic()
        read_at, value = self._known.get(key, (0.0, None))
        if value is not None and now - read_at < BELIEVED_SECONDS:
            return value
        found = self._looks.do(key)
        if found is not None:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[key] = (now, found)
        return found

    def forget(self) -> None:
        """Something changed."""
        self._known.clear()

    def _look(self, keys: Sequence[Key]) -> list[Value | Exception | None]:
        found = {key: self._read(key) for key in set(keys)}
        return [found[key] for key in keys]
