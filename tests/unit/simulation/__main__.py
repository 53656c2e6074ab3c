"""Plays on all cores: `python -m tests.unit.simulation [seeds [first seed [kind …]]]`, or `make simulate`.

A history is all that happened in one run of the five services, from the first move to the last rest, and is judged as a
whole, however many dossiers, cases, orders, records and notices it makes. A seed of a kind stands for one to three of
them: the same script in several weathers. Says how many were found sound, how many a minute that is, and the kind and
seed of each that failed; exits with 1 if any did, or if fewer histories than `--least` were sound. `--within` seconds
it ends, however many seeds are left; without a number of seeds, or with 0, it plays on until then.
`judge(kind, seed)` plays one of them again and tells all that happened.
"""

import argparse
import gc
import logging
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import structlog

from tests.unit.simulation.judge import KINDS, Judged, judge
from tests.unit.simulation.people import procedures

_LONGEST: Final = 300  # letters of what is wrong
_SEEDS: Final = 250  # 10,000 histories
Outcome = tuple[Judged, str]


@dataclass
class Played:
    """How many histories were played and found sound, what they made, and how many plays failed."""

    histories: int = 0
    aggregates: int = 0
    wrong: int = 0

    def exit_code(self, least: int) -> int:
        """1 where a play failed, or fewer histories were sound."""
        return 1 if self.wrong or self.histories < least else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code."""
    asked = arguments_of(arguments)
    began = time.monotonic()
    done = played(_outcomes(asked), lambda: bool(asked.within) and time.monotonic() - began >= asked.within)
    seconds = time.monotonic() - began
    a_minute = f"{60 * done.histories / seconds:,.0f} a minute"
    sound = f"{done.histories} histories of {done.aggregates} aggregates were sound"
    print(f"{sound}, in {seconds:.0f} s: {a_minute}; {done.wrong} plays failed")
    if done.histories < asked.least:
        print(f"fewer than the {asked.least} histories asked for")
    return done.exit_code(asked.least)


def arguments_of(arguments: Sequence[str] | None) -> argparse.Namespace:
    """What was asked for. Exits with 2 where that has no end."""
    parser = argparse.ArgumentParser(prog="python -m tests.unit.simulation")
    parser.add_argument("seeds", type=int, nargs="?")
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
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
        done.histories, done.aggregates = done.histories + sound.histories, done.aggregates + sound.aggregates
    return done


def _outcomes(asked: argparse.Namespace) -> Iterator[Outcome]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    procedures()  # read by all that are forked from here
    gc.freeze()
    seeds = range(asked.first, asked.first + asked.seeds) if asked.seeds else count(asked.first)
    each = ((kind, seed) for seed in seeds for kind in asked.kinds)
    with multiprocessing.get_context("fork").Pool(asked.processes) as pool:
        yield from pool.imap_unordered(_outcome, each, chunksize=10)


def _outcome(asked: tuple[str, int]) -> Outcome:
    try:
        return judge(*asked), ""
    except Exception as error:  # noqa: BLE001 – whatever it is, the others are played too
        said = str(error) if isinstance(error, AssertionError) else f"play {asked}: {error!r}"
        return Judged(0, 0), said.partition("\n")[0][:_LONGEST]


if __name__ == "__main__":
    sys.exit(main())
