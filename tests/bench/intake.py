"""Submissions alone: how many one process of intake accepts a second, by each door, beside whoever competes.

A contestant is a world that clients can stand before, the door they use, and the collection that keeps what was
accepted. One more (an HTTP create in another framework, say) is one more contestant: it starts its own processes,
says which door of `client.Client` speaks to it, and is measured by the same clients in the same way (`peer`).

Stock's `submit` answers when its event is confirmed by the broker; ours leaves that to a relay. So what we accepted has
to be published before a run is over: what that takes of the processor is counted with it, and how long after the last
answer it was is shown. A run whose events are not all published has no figures.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pymongo import MongoClient

from tests.bench.client import SUBMIT, Lived
from tests.bench.crew import Crew
from tests.bench.flushes import Flushes
from tests.bench.ours import each_for, insist_asked_once, seconds_at
from tests.bench.outcome import Accepted, NotMeasured, Sum
from tests.bench.plan import NO_FEE, Plan
from tests.bench.rig import Rig, queue_names
from tests.bench.sampling import Look, others_percent, stolen_percent, used
from tests.bench.stats import Spread, over_time, spread
from tests.bench.track import Track
from tests.bench.world import World, offers, ours

Count = Callable[[Sequence[str]], int]
OURS_BY_RPC, OURS_BY_HTTP = "ours, RPC", "ours, HTTP"
_WARM_EACH: Final = 4


@dataclass(frozen=True)
class Contestant:
    """Who takes submissions: `count` says how many of some codes it has kept; what it publishes later, and so can owe,
    stands in `journals`.
    """

    name: str
    world: World
    door: str  # "rpc" or "http", as `Client.hand_in` takes it
    count: Count
    pids: Mapping[str, int] = field(default_factory=dict)
    queues: Mapping[str, list[str]] = field(default_factory=dict)
    journals: Sequence[str] = ()
    alone: bool = False  # it needs none of the stack's programs, so that none is counted with it


def of_ours(rig: Rig) -> list[Contestant]:
    """Our intake at both its doors; nobody else of ours runs."""
    world, count = ours(rig.env), kept_in(rig.env["MOTCUA_MONGO_URI"], "motcua_intake")
    doors = ((OURS_BY_RPC, "rpc"), (OURS_BY_HTTP, "http"))
    return [
        Contestant(name, world, door, count, queues=queue_names(), journals=("motcua_intake.dossiers",))
        for name, door in doors
    ]


def kept_in(mongo_uri: str, database: str) -> Count:
    """Counts the dossiers of these codes in a database."""

    def count(codes: Sequence[str]) -> int:
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            return client[database]["dossiers"].count_documents({"_id": {"$in": list(codes)}})

    return count


@dataclass(frozen=True)
class Run:
    """One run, whose sum has closed and whose events have been published."""

    lived: Sequence[Lived]
    ends: tuple[Look, Look]
    track: Track
    owed_seconds: float  # from its last answer until its last event was published

    @property
    def rate(self) -> float:
        """Accepted a second, from the first that was begun to the last that was answered."""
        began = min(one.intended for one in self.lived)
        return len(self.lived) / (max(one.submitted for one in self.lived) - began)

    @property
    def took(self) -> Spread:
        """How long a submission took."""
        said = spread(one.took[SUBMIT] for one in self.lived)
        if said is None:
            raise NotMeasured("nothing was submitted")
        return said

    @property
    def cpu_ms(self) -> dict[str, float]:
        """Processor time of each program for one submission."""
        return {name: round(1000 * seconds / len(self.lived), 2) for name, seconds in used(*self.ends).items()}


@dataclass(frozen=True)
class Stand:
    """One contestant and the clients before it."""

    rig: Rig
    plan: Plan
    one: Contestant
    crew: Crew

    def maximum(self, seconds: float) -> Run:
        """Every client hands in one after the other, for about so long. Raises Unclosed."""
        rate = self._closed(_WARM_EACH).rate
        return self._closed(each_for(rate, seconds, self.crew.clients, least=1))

    def half(self, rate: float) -> Run:
        """At that rate, which is half of the maximum. Raises Unclosed."""
        seconds = seconds_at(rate, self.plan.intake_seconds, self.plan.open_least)
        self.crew.prepare(-(-round(rate * seconds) // self.crew.clients) or 1)
        return self._run(lambda: self.crew.open(rate, seconds, self.one.door))

    def _closed(self, each: int) -> Run:
        self.crew.prepare(each)
        return self._run(lambda: self.crew.closed(each, self.one.door))

    def _run(self, submit: Callable[[], list[Lived]]) -> Run:
        """What is still owed when the last was answered is part of the work."""
        one = self.one
        with self.rig.sampler({**self.crew.pids, **one.pids}, one.queues, one.journals, alone=one.alone) as sampler:
            lived, answered = submit(), time.monotonic()
            if one.journals:
                self.rig.await_published(self.plan.drain_seconds, one.journals)
            owed_seconds = time.monotonic() - answered if one.journals else 0.0
        return Run(_insist(one, lived), sampler.ends, sampler.track(), round(owed_seconds, 3))


def measure(rig: Rig, plan: Plan, one: Contestant) -> Accepted:
    """The maximum of one contestant, then its latency at half of that. Raises Unclosed."""
    with _hire(plan, one) as crew:
        stand = Stand(rig, plan, one, crew)
        most = stand.maximum(plan.intake_seconds)
        with Flushes(None if one.alone else rig.env["MOTCUA_MONGO_URI"]) as flushes:
            half = stand.half(most.rate / 2)
    return replace(_accepted(one, plan.intake_clients, most, half), flush_ms=flushes.over_time())


def tried(rig: Rig, plan: Plan, one: Contestant, seconds: float) -> float:
    """How many a second it accepts, about. Raises Unclosed."""
    with _hire(plan, one) as crew:
        return Stand(rig, plan, one, crew).maximum(seconds).rate


def _hire(plan: Plan, one: Contestant) -> Crew:
    return Crew(one.world, offers((NO_FEE,))[NO_FEE], plan.intake_clients, plan.drivers)


def _accepted(one: Contestant, clients: int, most: Run, half: Run) -> Accepted:
    began = min(lived.intended for lived in half.lived)
    return Accepted(
        door=one.name,
        clients=clients,
        accepted=len(most.lived),
        rate=round(most.rate, 1),
        closed=most.took,
        open_rate=round(most.rate / 2, 1),
        open=half.took,
        open_over_time=over_time([(lived.intended - began, lived.took[SUBMIT]) for lived in half.lived], 1),
        cpu_ms=most.cpu_ms,
        others_percent=others_percent(*most.ends),
        open_cpu_ms=half.cpu_ms,
        stolen_percent=stolen_percent(*most.ends),
        open_stolen_percent=stolen_percent(*half.ends),
        open_others_percent=others_percent(*half.ends),
        owed_seconds=max(most.owed_seconds, half.owed_seconds),
        track=most.track,
        open_track=half.track,
    )


def _insist(one: Contestant, lived: list[Lived]) -> list[Lived]:
    """What was answered with a code is kept under it, once. Raises Unclosed, NotMeasured."""
    codes = [done.code for done in lived if done.code]
    failures = [done.failure for done in lived if done.failure]
    if len(set(codes)) < len(codes):
        failures.append("a code was given twice")
    Sum(len(lived), one.count(codes), 0, 0, tuple(failures)).insist()
    insist_asked_once(lived)
    return lived
