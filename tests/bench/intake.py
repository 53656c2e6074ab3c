"""Submissions alone: how many one process of intake accepts a second, by each door, beside whoever competes.

A contestant is a world that clients can stand before, the door they use, and the collection that keeps what was
accepted. One more (an HTTP create in another framework, say) is one more contestant: it starts its own processes,
says which door of `client.Client` speaks to it, and is measured by the same clients in the same way (`peer`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pymongo import MongoClient

from tests.bench.client import SUBMIT, Lived
from tests.bench.crew import Crew
from tests.bench.flushes import Flushes
from tests.bench.ours import each_for, insist_asked_once, seconds_at
from tests.bench.outcome import Accepted, Sum
from tests.bench.plan import NO_FEE, Plan
from tests.bench.rig import Rig
from tests.bench.sampling import Look, Sampler, others_percent, stolen_percent, used
from tests.bench.stats import over_time, spread
from tests.bench.world import World, offers, ours

Count = Callable[[Sequence[str]], int]
OURS_BY_RPC, OURS_BY_HTTP = "ours, RPC", "ours, HTTP"
_WARM_EACH: Final = 4


@dataclass(frozen=True)
class Contestant:
    """Who takes submissions: `count` says how many of some codes it has kept."""

    name: str
    world: World
    door: str  # "rpc" or "http", as `Client.hand_in` takes it
    count: Count
    pids: Mapping[str, int] = field(default_factory=dict)
    alone: bool = False  # it needs none of the stack's programs, so that none is counted with it


def of_ours(rig: Rig) -> list[Contestant]:
    """Our intake at both its doors; nobody else of ours runs."""
    world, count = ours(rig.env), kept_in(rig.env["MOTCUA_MONGO_URI"], "motcua_intake")
    return [Contestant(OURS_BY_RPC, world, "rpc", count), Contestant(OURS_BY_HTTP, world, "http", count)]


def kept_in(mongo_uri: str, database: str) -> Count:
    """Counts the dossiers of these codes in a database."""

    def count(codes: Sequence[str]) -> int:
        with MongoClient[dict[str, Any]](mongo_uri) as client:
            return client[database]["dossiers"].count_documents({"_id": {"$in": list(codes)}})

    return count


def measure(rig: Rig, plan: Plan, one: Contestant) -> Accepted:
    """The maximum of one contestant, then its latency at half of that. Raises Unclosed."""
    with _hire(plan, one) as crew:
        closed, ends = _maximum(rig, crew, one, plan.intake_seconds)
        half = _rate(closed) / 2
        seconds = seconds_at(half, plan.intake_seconds, plan.open_least)
        crew.prepare(-(-round(half * seconds) // crew.clients) or 1)
        with (
            _looked_at(rig, crew, one) as sampler,
            Flushes(None if one.alone else rig.env["MOTCUA_MONGO_URI"]) as flushes,
        ):
            opened = crew.open(half, seconds, one.door)
        _insist(one, opened)
    told = _accepted(one, plan.intake_clients, closed, opened, half, ends)
    return replace(
        told,
        open_cpu_ms=_each_ms(sampler.ends, opened),
        open_stolen_percent=stolen_percent(*sampler.ends),
        flush_ms=flushes.over_time(),
    )


def tried(rig: Rig, plan: Plan, one: Contestant, seconds: float) -> float:
    """How many a second it accepts, about. Raises Unclosed."""
    with _hire(plan, one) as crew:
        return _rate(_maximum(rig, crew, one, seconds)[0])


def _hire(plan: Plan, one: Contestant) -> Crew:
    return Crew(one.world, offers((NO_FEE,))[NO_FEE], plan.intake_clients, plan.drivers)


def _maximum(rig: Rig, crew: Crew, one: Contestant, seconds: float) -> tuple[list[Lived], tuple[Look, Look]]:
    crew.prepare(_WARM_EACH)
    rate = _rate(_insist(one, crew.closed(_WARM_EACH, one.door)))
    each = each_for(rate, seconds, crew.clients, least=1)
    crew.prepare(each)
    with _looked_at(rig, crew, one) as sampler:
        closed = _insist(one, crew.closed(each, one.door))
    return closed, sampler.ends


def _looked_at(rig: Rig, crew: Crew, one: Contestant) -> Sampler:
    return rig.sampler({**crew.pids, **one.pids}, {}, alone=one.alone)


def _each_ms(ends: tuple[Look, Look], lived: Sequence[Lived]) -> dict[str, float]:
    """Processor time of each program for one submission."""
    return {name: round(1000 * seconds / len(lived), 2) for name, seconds in used(*ends).items()}


def _accepted(
    one: Contestant,
    clients: int,
    closed: Sequence[Lived],
    opened: Sequence[Lived],
    half: float,
    ends: tuple[Look, Look],
) -> Accepted:
    began = min(lived.intended for lived in opened)
    took, took_open = (spread(lived.took[SUBMIT] for lived in run) for run in (closed, opened))
    if took is None or took_open is None:
        raise ValueError("nothing was submitted")
    return Accepted(
        door=one.name,
        clients=clients,
        accepted=len(closed),
        rate=round(_rate(closed), 1),
        closed=took,
        open_rate=round(half, 1),
        open=took_open,
        open_over_time=over_time([(lived.intended - began, lived.took[SUBMIT]) for lived in opened], 1),
        cpu_ms=_each_ms(ends, closed),
        others_percent=others_percent(*ends),
        stolen_percent=stolen_percent(*ends),
    )


def _rate(lived: Sequence[Lived]) -> float:
    """Accepted a second, from the first that was begun to the last that was answered."""
    return len(lived) / (max(one.submitted for one in lived) - min(one.intended for one in lived))


def _insist(one: Contestant, lived: list[Lived]) -> list[Lived]:
    """What was answered with a code is kept under it, once. Raises Unclosed, NotMeasured."""
    codes = [done.code for done in lived if done.code]
    failures = [done.failure for done in lived if done.failure]
    if len(set(codes)) < len(codes):
        failures.append("a code was given twice")
    Sum(len(lived), one.count(codes), 0, 0, tuple(failures)).insist()
    insist_asked_once(lived)
    return lived
