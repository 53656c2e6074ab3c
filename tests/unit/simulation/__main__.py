"""Plays on all cores: `python -m tests.unit.simulation [seeds [first seed [kind …]]]`, or `make simulate`.

A history is all that happened in one run of the five services in which things went wrong on purpose, from the first
move to the last rest, and is judged as a whole, whatever dossiers, cases, orders, records and notices it makes. A seed
stands for ten: five in which workers die and the database and the broker fail, two in which a race is run, two in which
a script is played in any order, and one of a race that was written by hand. Quiet runs, which these are compared with,
are not counted. Says how many were found sound, how many a minute that is, how often each fault was felt, and the kind
and seed of each play that failed; exits with 1 if any did, if a fault that was meant was never felt, or if fewer
histories than `--least` were sound. `--within` seconds it ends, however many seeds are left; without a number of seeds,
or with 0, it plays on until then. `judge(kind, seed)` plays one of them again and tells all that happened.
"""

import argparse
import gc
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Final

import structlog

from tests.unit.simulation.judge import KNOWN, SHARES, Judged, judge, known_yardstick, plays
from tests.unit.simulation.known import RACES
from tests.unit.simulation.people import procedures

_COLLECTED_AFTER: Final = 200_000  # objects: some worlds
_LONGEST: Final = 300  # letters of what is wrong
_SEEDS: Final = 1000  # 10,000 histories
Outcome = tuple[Judged, str]


@dataclass
class Played:
    """What was played and found sound, and how many plays failed."""

    sound: Judged = field(default_factory=Judged)
    wrong: int = 0

    def exit_code(self, least: int) -> int:
        """1 where a play failed, a fault was never felt, or fewer histories were sound."""
        return 1 if self.wrong or self.sound.unfelt or self.sound.histories < least else 0

    def told(self, seconds: float) -> str:
        """All this in words."""
        sound = self.sound
        felt = [f"{times:>9,}  {fault}" for fault, times in sorted(sound.felt.items())]
        made = f"{sound.dossiers:,} dossiers ({sound.aggregates:,} aggregates)"
        a_minute = f"{60 * sound.histories / seconds:,.0f} a minute"
        last = f"{sound.histories} histories of {made} were sound, in {seconds:.0f} s: {a_minute}"
        return "\n".join([*felt, f"{last}; {self.wrong} plays failed"])


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    asked = arguments_of(arguments)
    began = time.monotonic()
    done = played(_outcomes(asked), lambda: bool(asked.within) and time.monotonic() - began >= asked.within)
    print(done.told(time.monotonic() - began))
    if done.sound.unfelt:
        print("meant and never felt, so play more seeds:", *done.sound.unfelt, sep="\n  ")
    if done.sound.histories < asked.least:
        print(f"fewer than the {asked.least} histories asked for")
    return done.exit_code(asked.least)


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for. Exits with 2 where that has no end."""
    parser = argparse.ArgumentParser(prog="python -m tests.unit.simulation")
    parser.add_argument("seeds", type=int, nargs="?")
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("kinds", nargs="*", default=list(SHARES))
    parser.add_argument("--processes", type=int, help="instead of one a core")
    parser.add_argument("--least", type=int, default=0, help="fail where fewer histories were sound")
    parser.add_argument("--within", type=float, default=0.0, help="end after so many seconds")
    asked = parser.parse_args(arguments)
    if asked.seeds is None:
        asked.seeds = 0 if asked.within else _SEEDS
    if not asked.seeds and not asked.within:
        parser.error("without a number of seeds it ends only --within some seconds")
    return asked


def played(outcomes: Iterable[Outcome], is_over: Callable[[], bool]) -> Played:
    """What came until time was over; a failure that comes just then is told all the same."""
    done = Played()
    for sound, failure in outcomes:
        if failure:
            done.wrong += 1
            print(failure, flush=True)
        if is_over():
            break
        done.sound = done.sound.plus(sound)
    return done


def _outcomes(asked: argparse.Namespace) -> Iterator[Outcome]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    procedures()  # read by all that are forked from here, as are the yardsticks of what is the same at every seed
    for name in RACES if KNOWN in asked.kinds else ():
        known_yardstick(name)
    seldom_collect()
    seeds = range(asked.first, asked.first + asked.seeds) if asked.seeds else count(asked.first)
    with multiprocessing.get_context("fork").Pool(asked.processes) as pool:
        yield from pool.imap_unordered(_outcome, plays(seeds, asked.kinds), chunksize=10)


def seldom_collect() -> None:
    """A world is garbage as a whole, when it has been judged: who looks for it more often finds nothing."""
    gc.freeze()
    gc.set_threshold(_COLLECTED_AFTER, 5, 5)


def _outcome(asked: tuple[str, int]) -> Outcome:
    try:
        return judge(*asked), ""
    except Exception as error:  # noqa: BLE001 – whatever it is, the others are played too
        said = str(error) if isinstance(error, AssertionError) else f"play {asked}: {error!r}"
        return Judged(), said.partition("\n")[0][:_LONGEST]


if __name__ == "__main__":
    sys.exit(main())
