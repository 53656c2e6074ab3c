"""How long MongoDB's journal took to reach the disk, second by second: no acknowledged write can be faster.

A disk that stands still for a moment keeps everybody waiting who has handed something in, whoever made it do so: the
store's checkpoint, the broker, or the machine's own writing back. A latency is told beside it, so that it can be seen
whether the software was slow or the disk.
"""

import statistics
import threading
import time
from itertools import pairwise
from typing import Any, Final, Self

from pymongo import MongoClient
from pymongo.errors import PyMongoError

EVERY_SECONDS: Final = 1.0
_ASKED: Final = {"serverStatus": 1, "metrics": 0, "repl": 0, "locks": 0, "tcmalloc": 0}
Flush = tuple[float, int, int]  # when, how many flushes there had been, and how many microseconds all of them took


class Flushes:
    """Asks the server while a run is on; nobody is asked where there is no such server."""

    def __init__(self, mongo_uri: str | None) -> None:
        self._uri, self._looks = mongo_uri, list[Flush]()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="flushes", daemon=True)

    def __enter__(self) -> Self:
        if self._uri:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        if self._uri:
            self._thread.join()

    def over_time(self) -> list[tuple[float, float]]:
        """Seconds since the first look, and the mean of a flush in the second that began then, in milliseconds."""
        return means(self._looks)

    def _watch(self) -> None:
        with MongoClient[dict[str, Any]](self._uri) as client:
            while True:
                self._look(client)
                if self._done.wait(EVERY_SECONDS):
                    return self._look(client)

    def _look(self, client: MongoClient[dict[str, Any]]) -> None:
        try:
            told = client.admin.command(_ASKED)["wiredTiger"]["log"]
        except PyMongoError:  # too busy to be asked: the next look tells of a longer while
            return
        self._looks.append((time.time(), told["log sync operations"], told["log sync time duration (usecs)"]))


def means(looks: list[Flush]) -> list[tuple[float, float]]:
    """What lies between two looks each; where nothing was flushed, nothing is told."""
    return [
        (round(one[0] - looks[0][0], 2), round((two[2] - one[2]) / (two[1] - one[1]) / 1000, 2))
        for one, two in pairwise(looks)
        if two[1] > one[1]
    ]


def in_words(over_time: list[tuple[float, float]]) -> str:
    """The middle second and the slowest one: `0.5 / 60.0`; empty where nobody was asked."""
    told = [mean for _, mean in over_time]
    return f"{statistics.median(told):.1f} / {max(told):.1f}" if told else "–"
