"""Answers of services, kept for a minute, and shown on while nobody answers."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Final

from services.chassis.errors import NotFound, ServiceError

KEPT_SECONDS: Final = 60.0


class Kept:
    """Answers by what was asked for; of more than `most` those go that were asked for anew the longest ago."""

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._answers: dict[Hashable, tuple[float, Any]] = {}
        self._turn = threading.Lock()

    def __len__(self) -> int:
        """How many answers are kept."""
        return len(self._answers)

    def get(
        self, name: Hashable, ask: Callable[[], Any], seconds: Callable[[Any], float] = lambda _: KEPT_SECONDS
    ) -> Any:
        """What was asked for a moment ago; what is older is asked for anew, and stays good while nobody answers.

        `seconds` tells how long an answer is good. Raises what `ask` raises where nothing is kept, and NotFound: what
        is there no more is not shown on.
        """
        good_until, kept = self._answers.get(name, (0.0, None))
        if kept is None or time.monotonic() > good_until:
            try:
                kept = ask()
            except ServiceError as error:
                if kept is None or isinstance(error, NotFound):
                    raise
            self._put(name, (time.monotonic() + seconds(kept), kept))
        return kept

    def last(self, name: Hashable, default: Any) -> Any:
        """What was answered last, however long ago."""
        return self._answers.get(name, (0.0, default))[1]

    def _put(self, name: Hashable, answer: tuple[float, Any]) -> None:
        with self._turn:
            self._answers.pop(name, None)
            self._answers[name] = answer
            while self._most is not None and len(self._answers) > self._most:
                del self._answers[next(iter(self._answers))]
