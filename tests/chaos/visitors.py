"""Who asks a door: in one request after the other, each again where the line breaks: once, or as often as it takes."""

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from tests.chaos.ending import join
from tests.chaos.returns import MOST_SECONDS
from tests.integration.http_door import SECONDS, HttpDoor
from tests.integration.world import Actor

EVERY_SECONDS: Final = 0.25
# Until a door that died answers again, though it or a service that it asks first died meanwhile.
PATIENCE_SECONDS: Final = 3 * MOST_SECONDS
_THERE: Final = 200  # as every page is that they look at, where they are sent on in the end
_BUSY, _CONFLICT = 503, 409
_PAUSE: Final = 1.0


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


@dataclass(frozen=True)
class DoorAskedUntilServed(DoorAskedAgain):
    """A door for who asks again each second where he is refused, is told to come later, or hears nothing."""

    waits: list[float] = field(default_factory=list)  # seconds, of each request that had to be sent again

    def send(self, method: str, url: str, seconds: float = SECONDS, **how: Any) -> requests.Response:
        """As `HttpDoor.send`; the last that was said, or the last failure, when his patience has come to its end."""
        began, tries = time.monotonic(), 0
        while True:
            is_last, tries = time.monotonic() - began > PATIENCE_SECONDS, tries + 1
            try:
                answer = HttpDoor.send(self, method, url, seconds, **how)
            except requests.ConnectionError as error:
                self.again.append(repr(error))
                if is_last:
                    raise
            else:
                if answer.status_code != _BUSY or is_last:
                    self.waits.extend([time.monotonic() - began] * (tries > 1))
                    return answer
                self.again.append(answer.text[:200])
            time.sleep(_PAUSE)

    def upload(self, actor: Actor, name: str) -> str:
        """As `HttpDoor.upload`; under another ticket where the file was taken, and nobody said so."""
        asked = len(self.again)
        try:
            return super().upload(actor, name)
        except requests.HTTPError as error:
            if error.response.status_code != _CONFLICT or len(self.again) == asked:
                raise
            return super().upload(actor, name)


def pages_of(env: Mapping[str, str]) -> dict[str, str]:
    """What anybody may look at of each door that has pages or takes calls of others, by name."""
    return {
        "portal": f"{env['MOTCUA_PORTAL_URL']}/",
        "registry": f"{env['MOTCUA_REGISTRY_URL']}/registry/catalogue/mic/procedures",
        "payment": f"{env['MOTCUA_PAYMENT_URL']}/health/ready",
    }


def are_there(pages: Mapping[str, str]) -> bool:
    """Whether each of these pages is there now. A portal that was never asked has no catalogue to show on."""
    try:
        return all(DoorAskedAgain("").send("GET", url).status_code == _THERE for url in pages.values())
    except requests.RequestException:
        return False


class Visitors:
    """One person a page, who looks at it again and again."""

    accepted = 0

    def __init__(self, pages: Mapping[str, str], door: DoorAskedAgain | None = None) -> None:
        self.answered = dict.fromkeys(pages, 0)  # how often each was there
        self.failures: list[str] = []
        self._door = door or DoorAskedAgain("")
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
