"""Says which plays of each kind show the mistakes: `python -m tests.unit.simulation.find_teeth [name …]`.

To be asked when a mistake is new, or is not caught any more because scripts are written in another way.
"""

import logging
import re
import sys
from collections.abc import Iterable, Iterator
from typing import Final

import structlog

from tests.unit.simulation.judge import KINDS, judge
from tests.unit.simulation.mistakes import MISTAKES, Mistake, made

_SEEDS: Final = range(100)


def showing(mistake: Mistake, kind: str, seeds: Iterable[int]) -> Iterator[int]:
    """The seeds whose histories show a mistake."""
    for seed in seeds:
        with made(mistake):
            try:
                judge(kind, seed)
            except AssertionError as error:
                shown = re.search(mistake.said, str(error)) is not None
            else:
                shown = False
        if shown:
            yield seed


def main() -> None:
    """Print them."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    for name in sys.argv[1:] or MISTAKES:
        for kind in KINDS:
            print(f"{name} / {kind}: {list(showing(MISTAKES[name], kind, _SEEDS))}", flush=True)


if __name__ == "__main__":
    main()
