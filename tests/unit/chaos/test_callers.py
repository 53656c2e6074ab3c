"""Who asks a door again, and for how long."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests

from tests.chaos import visitors
from tests.chaos.visitors import DoorAskedUntilServed
from tests.integration.http_door import HttpDoor


def answer(status: int) -> requests.Response:
    found = requests.Response()
    found.status_code = status
    return found


class Line:
    """Says one thing after the other; the clock goes on by a second each time that somebody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, said: Iterator[Any]) -> None:
        self.now, self._said = 0.0, said
        monkeypatch.setattr(HttpDoor, "send", self.send)
        monkeypatch.setattr(visitors, "time", SimpleNamespace(monotonic=lambda: self.now, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def send(self, *_: Any, **__: Any) -> requests.Response:
        said = next(self._said)
        if isinstance(said, Exception):
            raise said
        return cast("requests.Response", said)


def test_who_is_refused_or_told_to_come_later_asks_until_he_is_served(monkeypatch: pytest.MonkeyPatch) -> None:
    Line(monkeypatch, iter([requests.ConnectionError("refused"), answer(503), answer(200), answer(200)]))
    door = DoorAskedUntilServed("")
    assert [door.send("GET", "x").status_code for _ in range(2)] == [200, 200]
    assert (len(door.again), door.waits) == (2, [2.0])


def test_who_is_told_of_a_defect_does_not_ask_again(monkeypatch: pytest.MonkeyPatch) -> None:
    Line(monkeypatch, iter([answer(500), answer(200)]))
    assert DoorAskedUntilServed("").send("GET", "x").status_code == 500


@pytest.mark.parametrize("last", [requests.ConnectionError("refused"), answer(503)])
def test_nobody_asks_for_ever(monkeypatch: pytest.MonkeyPatch, last: Any) -> None:
    line = Line(monkeypatch, iter([last] * 1_000))
    try:
        assert DoorAskedUntilServed("").send("GET", "x").status_code == 503
    except requests.ConnectionError:
        assert isinstance(last, Exception)
    assert visitors.PATIENCE_SECONDS < line.now < visitors.PATIENCE_SECONDS + 3


def conflict() -> requests.HTTPError:
    return requests.HTTPError("used", response=answer(409))


@pytest.mark.parametrize("had_to_ask_again", [True, False])
def test_a_ticket_is_used_up_only_by_a_try_of_which_nobody_heard(
    monkeypatch: pytest.MonkeyPatch, had_to_ask_again: bool
) -> None:
    door, tries = DoorAskedUntilServed(""), list[str]()

    def upload(_: HttpDoor, __: Any, name: str) -> str:
        tries.append(name)
        if len(tries) == 1:
            door.again.extend(["reset"] * had_to_ask_again)
            raise conflict()
        return "taken"

    monkeypatch.setattr(HttpDoor, "upload", upload)
    if had_to_ask_again:
        assert door.upload({}, "x") == "taken"
    else:
        with pytest.raises(requests.HTTPError):
            door.upload({}, "x")
    assert len(tries) == 1 + had_to_ask_again
