"""The control is judged fairly: nothing is lost while it may still come, and it must lose and double."""

import math
import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.chaos.control.flow import NO_CASE, TWICE, TWO_RECORDS, StockFlow, _doubled
from tests.chaos.control.services import PREFIX
from tests.chaos.rig import Rig
from tests.chaos.scenarios import control


@pytest.mark.parametrize(
    ("wrong", "missed"),
    [
        ({NO_CASE: 1, TWICE: 1}, []),
        ({NO_CASE: 3}, ["dossiers doubled in all of it"]),
        ({TWO_RECORDS: 3}, ["dossiers lost in all of it"]),
    ],
)
def test_stock_must_be_seen_to_lose_and_to_double(
    monkeypatch: pytest.MonkeyPatch, wrong: dict[str, int], missed: list[str]
) -> None:
    seen: dict[str, bool] = {}

    def must_bite(what: str, count: int, least: int = 1) -> None:
        seen[what] = count >= least

    monkeypatch.setattr(control, "_among_faults", lambda _: (Counter(wrong), 5))
    control.control(cast("Rig", SimpleNamespace(full=False, must_bite=must_bite)))
    assert [what for what, bites in seen.items() if not bites] == missed


class Waiting(StockFlow):
    """A flow of nobody: whoever waits asks so often in vain before nothing is in any queue, and then once more."""

    def __init__(self, in_vain: int, answer_at: float = math.inf) -> None:
        self._empty, self._over = [-math.inf] * 9, threading.Event()  # looks from before anybody waited
        self.asked, self._in_vain, self._answer_at = 0, in_vain, answer_at

    def wait(self) -> bool:
        return self._patiently(self._answer)

    def _answer(self) -> bool:
        self.asked += 1
        if self.asked == self._in_vain:
            self._empty += [math.inf] * 3
        return self.asked >= self._answer_at


def test_who_waits_goes_home_when_nothing_can_come_any_more_and_not_before() -> None:
    flow = Waiting(in_vain=3)
    assert not flow.wait()
    assert flow.asked == 4
    assert Waiting(in_vain=3, answer_at=4).wait()


def test_an_applicant_who_has_two_dossiers_has_one_too_many_and_who_has_none_has_none() -> None:
    kept = {"a": 3, "b": 1, "nobody": 0}
    dossiers = SimpleNamespace(count_documents=lambda wanted: kept[wanted["applicant"]])
    client = {f"{PREFIX}intake": SimpleNamespace(dossiers=dossiers)}
    assert _doubled(cast("Any", client), list(kept)) == {TWICE: 2}
