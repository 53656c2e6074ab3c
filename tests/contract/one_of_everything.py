"""What a scrape finds of a process that has counted one of everything: `python -m tests.contract.one_of_everything`.

A process of its own, because what is counted stays counted: other tests are not to meet it.
"""

import sys
from itertools import product
from typing import Final

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

from services.chassis import metrics

# Each stands for one kind of end: what is shown of requests and calls, of messages, and of guesses.
OUTCOMES: Final = ("ok", "Unavailable", "done", "ladder", "outage", "dead", "right", "wrong", "refused")

FROM_THE_BEGINNING: Final = (metrics.POOL, metrics.POOL_MOST, metrics.TIMER_OVERDUE, metrics.IN_HAND, metrics.QUEUED)


def count() -> None:
    """One under each label; a label that is no outcome has its own name for a value."""
    for one in list(vars(metrics).values()):
        if isinstance(one, Gauge):
            names = one._labelnames  # noqa: SLF001 – nowhere else to be had
            (one.labels(*names) if names else one).set(1)
            if one not in FROM_THE_BEGINNING:
                metrics.show(one)
        elif isinstance(one, (Counter, Histogram)):
            names = one._labelnames  # noqa: SLF001 – nowhere else to be had
            for labels in product(*(OUTCOMES if name == "outcome" else (name,) for name in names)):
                _count(one.labels(*labels) if labels else one)


def _count(one: Counter | Histogram) -> None:
    if isinstance(one, Counter):
        one.inc()
    else:
        one.observe(0.02)


if __name__ == "__main__":
    count()
    sys.stdout.write(generate_latest(REGISTRY).decode())
