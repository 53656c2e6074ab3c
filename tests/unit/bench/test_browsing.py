"""Whoever opens pages meanwhile is counted, and what he is not shown refuses the figures."""

import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.bench.browsing import Browsing, Glance
from tests.bench.outcome import NotMeasured
from tests.bench.targets import LOOKED_AT

PORTAL, REGISTRY = LOOKED_AT
_A_SECOND = 40.0


def glance(door: str, text: str = "A-1", seconds: float = 0.0) -> Glance:
    def open_(_path: str) -> Any:
        time.sleep(seconds)
        return SimpleNamespace(text=text)

    return Glance(door, cast("Any", SimpleNamespace(open=open_)), "/x", "A-1")


def browsed(*glances: Glance) -> Browsing:
    with Browsing(glances, _A_SECOND) as people:
        time.sleep(0.3)
    return people


def test_pages_are_opened_in_turns_and_counted_by_door() -> None:
    began = time.monotonic()
    opened = browsed(glance(PORTAL), glance(REGISTRY), glance(PORTAL)).insist()
    assert set(opened) == {PORTAL, REGISTRY}
    assert opened[PORTAL] >= opened[REGISTRY] > 1
    assert sum(opened.values()) <= 1 + _A_SECOND * (time.monotonic() - began)


def test_a_page_without_what_it_must_show_refuses_the_figures() -> None:
    with pytest.raises(NotMeasured, match="/x: without A-1"):
        browsed(glance(PORTAL), glance(REGISTRY, "nothing at all")).insist()


def test_too_few_visits_are_no_load() -> None:
    with pytest.raises(NotMeasured, match="pages and look-ups came"):
        browsed(glance(PORTAL, seconds=0.2), glance(REGISTRY)).insist()
