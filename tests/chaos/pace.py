"""Dossiers that begin when they are let in, so that some are under way at each step of something that takes long."""

import threading
from typing import Any, Final

from services.cli.demo.town import DemoError
from tests.chaos.load import FolkStory

_LOOK_SECONDS: Final = 0.5


class Pace:
    """So many dossiers, let in a share a step; `begin` is how a crowd begins each of its stories."""

    def __init__(self, dossiers: int, steps: int, over: threading.Event) -> None:
        self._left, self._steps, self.over = dossiers, steps, over
        self._turns = threading.Semaphore(0)

    def begin(self, *of_whom: Any) -> FolkStory:
        """A story, when its turn has come. Raises DemoError where all are sent home before."""
        while not self._turns.acquire(timeout=_LOOK_SECONDS):
            if self.over.is_set():
                raise DemoError("sent home")
        return FolkStory(*of_whom)

    def step(self) -> None:
        """Let in a share of those that are left, one at least."""
        self._let_in(max(1, self._left // max(1, self._steps)))
        self._steps -= 1

    def all(self) -> None:
        """Let in whoever is left."""
        self._let_in(self._left)

    def _let_in(self, count: int) -> None:
        count = min(count, self._left)
        self._left -= count
        if count:
            self._turns.release(count)
