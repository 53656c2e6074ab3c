"""Who asks a door: in one request after the other, each once more where the line breaks, and no more than that."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from tests.chaos.ending import join
from tests.integration.http_door import SECONDS, HttpDoor

EVERY_SECONDS: Final = 0.25
_THERE: Final = 200  # as every page is that they look at, where they are sent on in the end


@dataclass(frozen=True)
class DoorAskedAgain(HttpDoor):
    """Intake's door for who asks once more, at once, where a connection is refused or breaks off without an answer."""

    again: list[str] = field(default_factory=list)

    def send(self, method: str, url: str, seconds: float = SECONDS, **how: Any) -> requests.Response:
        """As `HttpDoor.send`."""
        try:
            return super().send(method, url, seconds, **how)
        except requests.ConnectionError as error:
            self.again.append(repr(error))
            return super().send(method, url, seconds, **how)


def are_there(pages: Mapping[str, str]) -> bool:
    """Whether each of these pages is there now. A portal that was never asked has no catalogue to show on."""
    try:
        return all(DoorAskedAgain("").send("GET", url).status_code == _THERE for url in pages.values())
    except requests.RequestException:
        return False


class Visitors:
    """One person a page, who looks at it again and again."""

    accepted = 0

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.answered = dict.fromkeys(pages, 0)  # how often each was there
        self.failures: list[str] = []
        self._door = DoorAskedAgain("")
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._look, args=one, name=f"who looks at {one[0]}", daemon=True)
            for one in pages.items()
        ]
        for thread in self._threads:
            thread.start()

    @property
    def again(self) -> list[str]:
        """Why they had to look once more."""
        return self._door.again

    def finish(self) -> None:
        """Look no more. Raises Hung."""
        self._stop.set()
        join(self._threads)

    abandon = finish

    def wrong(self, _kept: Mapping[str, tuple[str, str]]) -> list[str]:
        """What was not answered, or otherwise than with the page."""
        return self.failures

    def _look(self, name: str, url: str) -> None:
        while not self._stop.wait(EVERY_SECONDS):
            try:
                answer = self._door.send("GET", url)
            except requests.RequestException as error:
                self.failures.append(f"{name} did not answer: {error!r}")
            else:
                self.answered[name] += answer.status_code == _THERE
                if answer.status_code != _THERE:
                    self.failures.append(f"{name} answered {answer.status_code}: {answer.text[:200]}")
