"""What scenarios themselves count and insist on, without a server: it must be able to fail."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.chaos.cluster import DATABASES, Nodes
from tests.chaos.diary import Bite
from tests.chaos.rig import Rig
from tests.chaos.scenarios import broker, cluster, lines

OWNED = [("routing", "routing.open_case"), ("notify", "notify.tell")]


class Play:
    """A rig that writes down what is done to whom, what is insisted on and what must be counted."""

    def __init__(self, waiting: list[dict[str, int]]) -> None:
        self.told, self.wrong, self.bites = list[str](), list[str](), list[Bite]()
        self.env = {"MOTCUA_METRICS_DIR": "x"}
        self.alarms = SimpleNamespace(waiting=lambda: waiting.pop(0))
        self.chance = SimpleNamespace(pick=lambda _: "routing")

    def insist(self, true: bool, otherwise: str) -> None:
        self.wrong += [] if true else [otherwise]

    def must_bite(self, what: str, count: float, least: float = 1) -> None:
        self.bites.append(Bite(what, lambda: count, least))

    def insist_ready(self, *names: str) -> None:
        self.told.append(f"{' and '.join(sorted(names))} ready")

    def insist_not_ready(self, *names: str) -> None:
        self.told.append(f"{' and '.join(names)} not")

    def insist_flow(self, *names: str, soon: float) -> None:
        self.told.append(f"{' and '.join(sorted(names))} flow within {soon:.0f} s")

    @contextmanager
    def paused(self, name: str) -> Iterator[None]:
        self.told.append(f"{name} stands still")
        yield
        self.told.append(f"{name} goes on")

    @contextmanager
    def alarm(self, resource: str) -> Iterator[None]:
        self.told.append(f"no {resource}")
        yield
        self.told.append(f"{resource} enough")


@pytest.fixture
def owned(monkeypatch: pytest.MonkeyPatch) -> None:
    """There are two queues, of two services."""
    for module in (broker, lines):
        monkeypatch.setattr(module, "queues_of_work", lambda: OWNED)


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize(
    ("left", "early", "wrong"),
    [
        (0, 0, []),
        (2, 2, []),
        (2, 1, ["for want of memory 2 events waited for routing, 1 to be put off"]),
    ],
)
def test_what_piled_up_before_an_alarm_is_settled_before_it_is_over_but_for_what_came_too_early(
    left: int, early: int, wrong: list[str]
) -> None:
    counts, failed = [4, 5, 10, 11, left], iter([7, 7 + early])
    play = Play([{"routing.open_case": count, "notify.tell": 99} for count in counts])
    vars(play)["witness"] = SimpleNamespace(said=lambda *_: next(failed))
    with broker.alarm_upon_a_pile(cast("Rig", play), "memory"):
        play.told.append("…")
    order = ["routing stands still", "no memory", "routing goes on", "…", "memory enough"]
    assert (play.told, play.wrong) == (order, wrong)
    assert [(one.count(), one.least) for one in play.bites] == [(11 - left, 5)]


@pytest.mark.usefixtures("owned")
def test_only_what_the_others_settled_counts_as_their_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "SERVICES", ("routing", "notify"))
    play, settled = Play([]), Counter({"routing.open_case": 7, "notify.tell": 2})
    taken: Any = SimpleNamespace(since=lambda: settled)
    lines.insist_that_others_work(cast("Rig", play), "routing", taken, least=3)
    assert play.told == ["routing not", "notify ready", "notify flow within 20 s"]
    assert [(one.count(), one.least) for one in play.bites] == [(2, 3)]


@pytest.mark.parametrize(
    ("primaries", "order"),
    [
        (["mongodb2", "mongodb3", "mongodb"], ["mongodb2", "mongodb3", "mongodb"]),
        (["mongodb2", "mongodb2", "mongodb2"], ["mongodb2", "mongodb", "mongodb3"]),
        (["", "mongodb3", "mongodb3"], ["mongodb", "mongodb3", "mongodb2"]),
    ],
)
def test_each_database_is_killed_once_and_while_it_is_primary_if_it_can_be(
    primaries: list[str], order: list[str]
) -> None:
    nodes: Any = SimpleNamespace(primary=iter(primaries).__next__)
    assert list(cluster.primaries_first(nodes)) == order


@pytest.mark.parametrize(
    ("states", "terms", "whole"),
    [
        (("SECONDARY", "PRIMARY", "SECONDARY"), (4, 4, 4), True),
        (("PRIMARY", "SECONDARY", "SECONDARY"), (4, 4, 3), False),
        (("PRIMARY", "SECONDARY", "RECOVERING"), (4, 4, 4), False),
        (("SECONDARY", "SECONDARY", "SECONDARY"), (4, 4, 4), False),
    ],
)
def test_databases_are_together_whichever_of_them_leads(
    monkeypatch: pytest.MonkeyPatch, states: tuple[str, ...], terms: tuple[int, ...], whole: bool
) -> None:
    members = [{"stateStr": state, "optime": {"t": term}} for state, term in zip(states, terms, strict=True)]
    monkeypatch.setattr(Nodes, "_set_status", lambda _: {"term": 4, "members": members})
    monkeypatch.setattr(Nodes, "_brokers_run", lambda _: True)
    assert Nodes.__new__(Nodes).is_whole(within=0) == whole
    assert len(states) == len(DATABASES)
