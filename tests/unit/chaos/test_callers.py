"""Who asks a door again, and for how long; what becomes of those who handed in."""

from collections.abc import Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
import requests

from tests.chaos import carried, visitors
from tests.chaos.carried import Carried, HandedIn
from tests.chaos.chance import Chance
from tests.chaos.load import Handed, Submissions, Townsfolk
from tests.chaos.visitors import DoorAskedUntilServed
from tests.integration.crowd import Offer
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


PROCEDURE = {
    "tenant": "mic",
    "key": "x",
    "unit": "u",
    "example": {"applicant": {"kind": "citizen", "id_number": "001801000001"}},
}


class Told:
    """A crowd whose stories come to their ends at once, but for those of some."""

    def __init__(self, breaks_off: Sequence[str], _: Any, plots: Sequence[tuple[Offer, str]], begin: Any) -> None:
        self.stories = [(begin(None, offer.tenant, offer.procedure, "y"), end) for offer, end in plots]
        ended = [(one.code, end) for one, end in self.stories if one.code not in breaks_off]
        self.ended = [SimpleNamespace(dossier_code=code, outcome=end) for code, end in ended]
        self.accepted, self._lost = len(self.ended), len(self.stories) - len(ended)

    def finish(self, _seconds: float) -> None:
        """They have."""

    def broken(self) -> list[str]:
        """One line for each of the others."""
        return ["a dossier broke off"] * self._lost


Stories = list[tuple[Any, str]]
Tell = Callable[..., tuple[Carried, Stories]]


@pytest.fixture
def tell(monkeypatch: pytest.MonkeyPatch) -> Tell:
    """Seven are handed in, of whom one is refused; some of the others are carried on."""

    def those(most: int, breaks_off: Sequence[str] = ()) -> tuple[Carried, Stories]:
        told = list[Told]()

        def begin(*how: Any) -> Told:
            told.append(Told(breaks_off, *how))
            return told[-1]

        monkeypatch.setattr(carried, "Crowd", begin)
        load = Submissions(HttpDoor("http://nobody"), PROCEDURE, rate=1)
        load.handed = [Handed(0, code, name=f"t-{code}", procedure=PROCEDURE) for code in "ABCDEF"]
        load.handed.append(Handed(0, failure="x", name="t-7", procedure=PROCEDURE))
        monkeypatch.setattr(Submissions, "finish", lambda *_: None)
        found = Carried(Townsfolk({}), load, Chance(1, "x"), most)
        found.finish()
        return found, [story for one in told for story in one.stories]

    return those


def kept(stories: Stories, **others: str) -> dict[str, tuple[str, str]]:
    """What intake's books say after it: as it was told, but for some."""
    ends = {story.code: {"granted": "resolved"}.get(end, end) for story, end in stories}
    return {code: ("", others.get(code, ends.get(code, "submitted"))) for code in "ABCDEF"}


def test_some_of_those_who_handed_in_are_carried_to_every_end_and_the_others_wait(tell: Tell) -> None:
    one, stories = tell(4)
    assert sorted(end for _, end in stories) == ["granted", "granted", "rejected", "withdrawn"]
    assert {story.applicant["email"] for story, _ in stories} < {f"x.t-{code}@example.vn" for code in "ABCDEF"}
    assert all(isinstance(story, HandedIn) for story, _ in stories)
    assert (one.count(), one.wrong(kept(stories))) == (4, [])
    one.finish()
    assert one.count() == 4


def test_who_did_not_end_as_told_or_did_not_wait_is_named(tell: Tell) -> None:
    one, stories = tell(3)
    granted = next(story.code for story, end in stories if end == "granted")
    waits = min(set("ABCDEF") - {story.code for story, _ in stories})
    wrong = one.wrong(kept(stories, **{granted: "submitted", waits: "accepted"}))
    assert sorted(wrong) == sorted([f"{granted} is submitted, not resolved", f"{waits} is accepted, not submitted"])


def test_who_breaks_off_is_no_end(tell: Tell) -> None:
    one, stories = tell(6, breaks_off=["A"])
    assert (one.count(), one.wrong(kept(stories, A="accepted"))) == (5, ["a dossier broke off"])
