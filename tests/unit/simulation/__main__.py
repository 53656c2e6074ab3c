"""Plays on all cores: `python -m tests.unit.simulation [seeds [first seed [kind …]]]`, or `make simulate`.

Says how many a minute were played, and the kind and seed of each that failed; exits with 1 if any did.
`judge(kind, seed)` plays one of them again and tells all that happened.
"""

import argparse
import gc
import logging
import multiprocessing
import sys
import time
from collections.abc import Iterator
from typing import Final

import structlog

from tests.unit.simulation.judge import KINDS, Judged, judge
from tests.unit.simulation.people import procedures

_LONGEST: Final = 300  # letters of what is wrong
Outcome = tuple[Judged, str]


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.unit.simulation")
    parser.add_argument("seeds", type=int, nargs="?", default=1000)
    parser.add_argument("first", type=int, nargs="?", default=0)
    parser.add_argument("kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--processes", type=int, help="instead of one a core")
    asked = parser.parse_args()
    began, plays, histories, wrong = time.monotonic(), 0, 0, 0
    for sound, failure in _outcomes(asked):
        plays, histories = plays + sound.plays, histories + sound.histories
        if failure:
            wrong += 1
            print(failure, flush=True)
    seconds = time.monotonic() - began
    a_minute = f"{60 * plays / seconds:,.0f} plays and {60 * histories / seconds:,.0f} histories a minute"
    print(f"{plays} plays with {histories} histories in {seconds:.0f} s: {a_minute}; {wrong} failed")
    return 1 if wrong else 0


def _outcomes(asked: argparse.Namespace) -> Iterator[Outcome]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    procedures()  # read by all that are forked from here
    gc.freeze()
    each = [(kind, seed) for seed in range(asked.first, asked.first + asked.seeds) for kind in asked.kinds]
    with multiprocessing.get_context("fork").Pool(asked.processes) as pool:
        yield from pool.imap_unordered(_outcome, each, chunksize=10)


def _outcome(asked: tuple[str, int]) -> Outcome:
    try:
        return judge(*asked), ""
    except Exception as error:  # noqa: BLE001 – whatever it is, the others are played too
        said = str(error) if isinstance(error, AssertionError) else f"play {asked}: {error!r}"
        return Judged(1, 0), said.partition("\n")[0][:_LONGEST]


if __name__ == "__main__":
    sys.exit(main())
