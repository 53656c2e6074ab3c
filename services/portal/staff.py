"""Who works in a unit, as far as its cases tell: kept for some minutes, for counting them takes a while."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from services.chassis.errors import Unavailable

_KEPT_SECONDS: Final = 600.0
_ASKED_AGAIN_SECONDS: Final = 5.0  # where nobody answered


class Staff:
    """The staff ids of each unit that somebody asked for."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, Sequence[str]]] = {}
        self._told: set[str] = set()
        self._turn = threading.Lock()

    def of(self, unit: str, ask: Callable[[], Sequence[str]]) -> Sequence[str]:
        """What `ask` answered not long ago; while nobody answers, what it answered last, or nobody."""
        at, kept = self._kept.get(unit, (float("-inf"), ()))
        if time.monotonic() - at < _KEPT_SECONDS:
            return kept
        with self._turn:
            self._kept[unit] = (time.monotonic(), kept)  # the others need not wait for the answer
        try:
            found = ask()
        except Unavailable:
            with self._turn:
                kept = self._kept[unit][1]  # with whoever was noted meanwhile
                self._kept[unit] = (time.monotonic() - _KEPT_SECONDS + _ASKED_AGAIN_SECONDS, kept)
            return kept
        with self._turn:
            self._kept[unit] = (time.monotonic(), found)
            self._told.add(unit)
        return found

    def is_told(self, unit: str) -> bool:
        """Whether it was ever answered who works there."""
        return unit in self._told

    def note(self, unit: str, officer: str) -> None:
        """One more works there."""
        with self._turn:
            at, kept = self._kept.get(unit, (float("-inf"), ()))
            self._kept[unit] = (at, [*kept, officer])
