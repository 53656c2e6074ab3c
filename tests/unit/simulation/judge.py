"""Plays, put on and judged, by their kind and seed. What is wrong is told with the seed and all that happened.

What is judged and counted are runs in which something went wrong on purpose. A run in which nothing did is the
yardstick of those that play its script again: it must be sound too, is made once for a script, and counts for nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial, reduce
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
KNOWN: Final = "known race"
_EVERY_THIRD, _EVERY_SO_OFTEN = 3, 30


class Judged(NamedTuple):
    """How many histories were found sound, what they made, and which faults were felt in them how often.

    A history is one whole run with faults, from the first move to the last rest. Its aggregates are dossiers, cases,
    orders, issuances, records and notices. A fault that was meant and never felt stands at 0.
    """

    histories: int = 0
    dossiers: int = 0
    aggregates: int = 0
    felt: Counter[str] = Counter()

    def plus(self, other: "Judged") -> "Judged":
        """Both together."""
        felt = Counter(self.felt)
        felt.update(other.felt)  # keeps those at 0, which `+` does not
        histories, dossiers = self.histories + other.histories, self.dossiers + other.dossiers
        return Judged(histories, dossiers, self.aggregates + other.aggregates, felt)

    @property
    def unfelt(self) -> list[str]:
        """The faults that were meant and never felt: what was played then is not what was to be played."""
        return sorted(fault for fault, times in self.felt.items() if not times)


def judge(kind: str, seed: int) -> Judged:
    """Play and judge all that a seed of a kind stands for. Raises AssertionError."""
    try:
        judged = KINDS[kind](seed)
    except AssertionError as error:
        raise AssertionError(f"play «{kind}» {seed}: {error}") from error
    group = KNOWN if kind in RACES else kind
    return judged._replace(felt=Counter({f"{group}: {fault}": times for fault, times in judged.felt.items()}))


def judge_all(plays: Iterable[tuple[str, int]]) -> Judged:
    """All of them, by kind and seed. Raises AssertionError, also where a fault was meant and never felt."""
    judged = reduce(Judged.plus, (judge(*play) for play in plays), Judged())
    assert not judged.unfelt, f"never felt: {judged.unfelt}"
    return judged


def plays(seeds: Iterable[int], kinds: Sequence[str]) -> Iterator[tuple[str, int]]:
    """What these seeds stand for: of each kind as many plays a seed as is its share."""
    return (
        (kind, seed * share + number)
        for seed in seeds
        for kind in kinds
        for share in [SHARES.get(kind, 1)]
        for number in range(share)
    )


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
    return _judged(rough).plus(_judged(ticking))


def _race(seed: int) -> Judged:
    """People act on one dossier at once: whoever is heard first, it ends the same but for what was begun."""
    script, quiet = write_race(seed)
    expected = _yardstick(quiet)
    return _raced(script, f"{seed} 0", expected).plus(_raced(script, f"{seed} 1", expected))


def _known_race(name: str, seed: int) -> Judged:
    """The same for one that was written by hand."""
    script, expected = known_yardstick(name)
    return _raced(script, f"{name} {seed}", expected)


def _one_after_the_other(seed: int) -> Judged:
    """One of those that were written by hand."""
    names = sorted(RACES)
    return _known_race(names[seed % len(names)], seed)


@cache
def known_yardstick(name: str) -> tuple[Script, Picture]:
    """The script of a known race, and what comes of it quietly: the same for every seed."""
    script, quiet = write_known(name)
    return script, _yardstick(quiet)


def _yardstick(quiet: Run) -> Picture:
    _insist(quiet, broken(quiet.stage))
    return after_a_race(picture(quiet.world, crowded=False))


def _raced(script: Script, name: str, expected: Picture) -> Judged:
    again = replay(script, name, ROUGH)
    found = differences(expected, after_a_race(picture(again.world, crowded=False)))
    _insist(again, [*found, *broken(again.stage)])
    return _judged(again)


def _wild(seed: int) -> Judged:
    """People act at any moment, workers die and overtake each other: what comes of it is sound."""
    run = improvise(seed)
    _insist(run, broken(run.stage))
    return _judged(run)


KINDS: Final[Mapping[str, Callable[[int], Judged]]] = {
    "wild": _wild,
    "race": _race,
    "any order": _in_any_order,
    KNOWN: _one_after_the_other,
    **{name: partial(_known_race, name) for name in RACES},
}
SHARES: Final[Mapping[str, int]] = {"wild": 5, "race": 1, "any order": 1, KNOWN: 1}  # plays a seed: ten histories


def _judged(run: Run) -> Judged:
    made = versions(run.world)
    dossiers = sum(name.startswith("dossier ") for name in made)
    return Judged(1, dossiers, len(made), Counter(run.world.chance.felt))


def _told(script: Script, run: Run) -> Picture:
    """What is compared of a run."""
    whole = picture(run.world, crowded=script.crowded)
    return {"outcomes": comparable(run.outcomes), "rests": run.rests, **whole}


def _insist(run: Run, found: Sequence[str]) -> None:
    assert not found, "\n".join([*found, "", run.story])
