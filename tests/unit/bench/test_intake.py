"""What intake accepted has to be published before the run is over, as what stock accepted is when it answers."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.bench import intake
from tests.bench.client import SUBMIT, Lived
from tests.bench.intake import OURS_BY_RPC, Contestant, Stand, of_ours
from tests.bench.outcome import Unclosed
from tests.bench.plan import QUICK
from tests.bench.rig import queue_names
from tests.bench.sampling import Look
from tests.bench.track import Track
from tests.unit.bench.figures import a_world

_JOURNALS = ("motcua_intake.dossiers",)


class _Rig:
    """Notes when its sampler looks, and when all is published; what is never published it says."""

    def __init__(self, owed: bool = False) -> None:
        self.noted: list[object] = []
        self._owed = owed

    def sampler(self, _pids: object, queues: object, journals: Sequence[str], *, alone: bool) -> Any:
        self.noted.append(("watched", queues, tuple(journals), alone))
        return self

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.noted.append("looked for the last time")

    ends = (Look(0, {"intake": 1.0}, {}, 0, 0), Look(9, {"intake": 1.5}, {}, 0, 0))

    def track(self) -> Track:
        return Track()

    def await_published(self, _seconds: float, journals: Sequence[str]) -> None:
        self.noted.append(("published", tuple(journals)))
        if self._owed:
            raise Unclosed("7 histories are not published after 60 s")


class _Crew:
    """Two clients whose submissions are all accepted."""

    clients, pids = 2, dict[str, int]()

    def prepare(self, each: int) -> None:
        """They have their papers."""

    def closed(self, each: int, _door: str) -> list[Lived]:
        numbers = range(each * self.clients)
        return [Lived(0.0, f"c{number}", submitted=1.0 + number, took={SUBMIT: 0.01}) for number in numbers]


def stand(rig: _Rig, **own: Any) -> Stand:
    one = Contestant("ours, RPC", a_world(), "rpc", len, **own)
    return Stand(cast("Any", rig), QUICK, one, cast("Any", _Crew()))


def test_what_is_published_after_the_last_answer_is_counted_with_the_run() -> None:
    rig = _Rig()
    run = stand(rig, journals=_JOURNALS).maximum(0.1)
    assert rig.noted == 2 * [
        ("watched", {}, _JOURNALS, False),
        ("published", _JOURNALS),
        "looked for the last time",
    ]
    assert run.cpu_ms == {"intake": 250.0}


def test_a_run_whose_events_are_not_all_published_has_no_figures() -> None:
    with pytest.raises(Unclosed, match="7 histories"):
        stand(_Rig(owed=True), journals=_JOURNALS).maximum(0.1)


def test_who_publishes_before_he_answers_owes_nothing() -> None:
    rig = _Rig(owed=True)
    assert stand(rig).maximum(0.1).owed_seconds == 0
    assert ("published", _JOURNALS) not in rig.noted


def test_of_ours_the_histories_and_the_queues_are_watched_at_both_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "ours", lambda _env: a_world())
    both = of_ours(cast("Any", SimpleNamespace(env={"MOTCUA_MONGO_URI": ""})))
    assert [(one.journals, one.queues) for one in both] == 2 * [(_JOURNALS, queue_names())]
    assert both[0].name == OURS_BY_RPC
