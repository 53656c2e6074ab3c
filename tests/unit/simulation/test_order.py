"""Events come twice, late and in any order, workers die, people act at once: the five services tell one story.

The default is what fits into a build. `MOTCUA_SIMULATION_SEEDS=500` plays more, `MOTCUA_SIMULATION_FROM=500` others,
`python -m tests.unit.simulation` thousands on all cores. A failure names its kind and seed and tells all that happened;
`judge("wild", 103)` puts that play on again, for as long as neither the scripts nor what the services read change. A
batch in which a fault that was meant was never felt fails too.
"""

import os

import pytest

from tests.unit.simulation.judge import judge_all
from tests.unit.simulation.known import RACES

SEEDS = int(os.environ.get("MOTCUA_SIMULATION_SEEDS", "24"))
FROM = int(os.environ.get("MOTCUA_SIMULATION_FROM", "0"))
AT_ONCE = 12


def batches() -> list[range]:
    """Seeds for one test each, so that none runs long."""
    last = FROM + SEEDS
    return [range(first, min(first + AT_ONCE, last)) for first in range(FROM, last, AT_ONCE)]


def named(seeds: range) -> str:
    """The name of a batch."""
    return f"{seeds.start}-{seeds.stop - 1}"


@pytest.mark.parametrize("seeds", batches(), ids=named)
def test_every_event_twice_and_shuffled_ends_as_in_the_quiet_run(seeds: range) -> None:
    judge_all(("any order", seed) for seed in seeds)


@pytest.mark.parametrize("seeds", batches(), ids=named)
def test_people_who_act_at_once_end_the_same_whoever_is_heard_first(seeds: range) -> None:
    judge_all(("race", seed) for seed in seeds)


@pytest.mark.parametrize("seeds", batches(), ids=named)
def test_whatever_happens_at_any_moment_the_services_agree_in_the_end(seeds: range) -> None:
    judge_all(("wild", seed) for seed in range(2 * seeds.start, 2 * seeds.stop))


@pytest.mark.parametrize("seeds", batches(), ids=named)
def test_a_known_race_ends_the_same_whoever_is_heard_first(seeds: range) -> None:
    judge_all((race, seed) for seed in seeds[::6] for race in RACES)
