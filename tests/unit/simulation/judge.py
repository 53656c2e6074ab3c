"""Plays, put on and judged, by their kind and seed. What is wrong is told with the seed and all that happened."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple

from tests.differences import differences
from tests.unit.simulation.chance import ROUGH, TICKING
from tests.unit.simulation.invariants import broken
from tests.unit.simulation.known import RACES, write_known
from tests.unit.simulation.picture import Picture, comparable, picture, to_the_minute
from tests.unit.simulation.play import Script, improvise, replay, write, write_race
from tests.unit.simulation.races import after_a_race
from tests.unit.simulation.run import Run, versions

_HEARD_LATE: Final = ("routing", "payment", "notify")
_EVERY_THIRD, _EVERY_SO_OFTEN = 3, 30


class Judged(NamedTuple):
    """How many histories were found sound, each of one whole run, and how many aggregates these runs made.

    (Dossiers, cases, orders, records, notices.)
    """

    histories: int
    aggregates: int


def judge(kind: str, seed: int) -> Judged:
    """Play and judge all that a seed of a kind stands for. Raises AssertionError."""
    try:
        return KINDS[kind](seed)
    except AssertionError as error:
        raise AssertionError(f"play «{kind}» {seed}: {error}") from error


def _in_any_order(seed: int) -> Judged:
    """A script quietly, then twice with every event twice and shuffled: the same at every rest, and all of it sound.

    In the second of these every handler takes its time, and times are compared to the minute. Every third time all
    events come once more in the end; now and then the catalogue itself is still on its way to three of the services.
    """
    script, quiet = write(seed)
    expected, late = _told(script, quiet), _HEARD_LATE if seed % _EVERY_SO_OFTEN == 0 else ()
    rough, ticking = replay(script, f"{seed}", ROUGH, late), replay(script, f"ticking {seed}", TICKING)
    if seed % _EVERY_THIRD == 0:
        rough.send_everything_again()
    _insist(quiet, broken(quiet.stage))
    _insist(rough, [*differences(expected, _told(script, rough)), *broken(rough.stage)])
    minutes = to_the_minute(expected), to_the_minute(_told(script, ticking))
    _insist(ticking, [*differences(*minutes), *broken(ticking.stage)])
    return _judged(quiet, rough, ticking)


def _race(seed: int) -> Judged:
    """People act on one dossier at once: whoever is heard first, it ends the same but for what was begun."""
    return _in_two_weathers(*write_race(seed), f"{seed}")


def _known_race(name: str, seed: int) -> Judged:
    """The same for one that was written by hand."""
    return _in_two_weathers(*write_known(name), f"{name} {seed}")


def _in_two_weathers(script: Script, quiet: Run, name: str) -> Judged:
    _insist(quiet, broken(quiet.stage))
    expected = after_a_race(picture(quiet.world, crowded=False))
    others = [replay(script, f"{name} {number}", ROUGH) for number in range(2)]
    for again in others:
        found = differences(expected, after_a_race(picture(again.world, crowded=False)))
        _insist(again, [*found, *broken(again.stage)])
    return _judged(quiet, *others)


def _wild(seed: int) -> Judged:
    """People act at any moment, workers die and overtake each other: what comes of it is sound."""
    run = improvise(seed)
    _insist(run, broken(run.stage))
    return _judged(run)


KINDS: Final[Mapping[str, Callable[[int], Judged]]] = {
    "any order": _in_any_order,
    "race": _race,
    "wild": _wild,
    **{name: partial(_known_race, name) for name in RACES},
}


def _judged(*runs: Run) -> Judged:
    return Judged(len(runs), sum(len(versions(run.world)) for run in runs))


def _told(script: Script, run: Run) -> Picture:
    """What is compared of a run."""
    whole = picture(run.world, crowded=script.crowded)
    return {"outcomes": comparable(run.outcomes), "rests": run.rests, **whole}


def _insist(run: Run, found: Sequence[str]) -> None:
    assert not found, "\n".join([*found, "", run.story])
