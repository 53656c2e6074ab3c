"""Whoever hangs is named, holds up nobody else, and loses nothing of what else was seen."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.chaos import play as playing
from tests.chaos.ending import Hung, join
from tests.chaos.load import Crowd, FolkStory, Townsfolk
from tests.chaos.missing import NotHere
from tests.chaos.rig import Rig
from tests.chaos.scenario import Outcome, Scenario
from tests.chaos.stage import Stage
from tests.integration.crowd import Offer

AT_ONCE = 0.0


@pytest.fixture
def way() -> Iterator[threading.Event]:
    """Whoever waits for this hangs until the test is over."""
    free = threading.Event()
    yield free
    free.set()


def test_a_dossier_that_hangs_is_named_and_waited_for_no_longer(way: threading.Event) -> None:
    town = Townsfolk({})

    def begin(*_: Any) -> FolkStory:
        return cast("FolkStory", SimpleNamespace(tell=lambda fate: fate == "granted" and way.wait()))

    crowd = Crowd(town, [(Offer("mic", {}), fate) for fate in ("granted", "rejected")], begin)
    crowd.await_told(1 / 2)
    with pytest.raises(Hung, match=r"^came to no end within 0 s: dossier 0 \(granted\)$"):
        crowd.finish(AT_ONCE)
    with pytest.raises(Hung, match="granted"):
        crowd.abandon(AT_ONCE)
    assert town.over.is_set()  # for whoever comes back later
    way.set()
    crowd.finish()
    crowd.abandon()
    assert not town.over.is_set()


def test_who_asks_and_hangs_is_named(way: threading.Event) -> None:
    quick, hanging = threading.Thread(target=int), threading.Thread(target=way.wait, name="who asks intake")
    for one in (quick, hanging):
        one.start()
    quick.join()
    with pytest.raises(Hung, match=r": who asks intake$"):
        join([quick, hanging], AT_ONCE)


def test_everybody_is_sent_home_though_one_cannot_be() -> None:
    sent: list[str] = []

    def fail() -> None:
        raise Hung("came to no end within 300 s: who asks intake")

    rig = SimpleNamespace(
        watch=SimpleNamespace(end=lambda: sent.append("watch")),
        loads=[SimpleNamespace(abandon=fail), SimpleNamespace(abandon=lambda: sent.append("load"))],
        _others=[SimpleNamespace(end=lambda: sent.append("department"))],
    )
    (failure,) = Rig.close(cast("Rig", rig))
    assert "who asks intake" in failure
    assert sent == ["watch", "load", "department"]


UNCLOSED = "could not be sent home: OSError()"


@pytest.mark.parametrize(
    ("raised", "unclosed", "violations"),
    [
        (Hung("dossier 3 hangs"), [], ["dossier 3 hangs", "seen before"]),
        (KeyError("x"), [], ["seen before"]),
        (KeyError("x"), [UNCLOSED], ["seen before", UNCLOSED]),
        (NotHere("no disk"), [UNCLOSED], [UNCLOSED]),
    ],
)
def test_who_hangs_is_a_violation_and_what_cannot_be_closed_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raised: Exception, unclosed: list[str], violations: list[str]
) -> None:
    def act(_: Rig) -> None:
        """Something."""
        raise raised

    rig = SimpleNamespace(
        watch=SimpleNamespace(start=lambda: None, told=dict),
        wrong=["seen before"],
        loads=[],
        steps=[],
        calls=list,
        returns=list,
        close=lambda: unclosed,
    )
    monkeypatch.setattr(playing, "Rig", lambda **_: rig)
    stage = cast("Stage", SimpleNamespace(run_dir=tmp_path))
    outcome: Outcome = playing.play(stage, Scenario("one", act, (1, 1)), 1, None, full=False, tell=lambda _: None)
    assert outcome.violations == violations
    assert [bool(outcome.broke_off), bool(outcome.not_here)] == [type(raised) is KeyError, type(raised) is NotHere]
