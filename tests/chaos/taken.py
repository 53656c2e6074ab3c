"""How many messages services have taken from their queues and settled, by what each process counts of itself."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from deploy.local.composition import SERVICES
from deploy.local.waiting import wait_until
from services.cli.top import scraping
from services.cli.top.scraping import Seen

_SETTLED: Final = "motcua_message_seconds_count"
_ANSWER_SECONDS: Final = 20.0
_NO_QUEUE: Final = ""
Counts = Mapping[tuple[int, str], float]  # of each process, from each queue


class Taken:
    """From a moment on. Raises TimeoutError where a service does not tell."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._before = self._look()

    def since(self) -> Counter[str]:
        """How many, by queue, of processes that live since then: what others have taken nobody can tell."""
        return growth(self._before, self._look())

    def _look(self) -> Counts:
        """What is told once every process that is there has told: a busy one may be slow to."""
        seen: list[Seen] = []

        def all_tell() -> bool:
            seen[:] = [one for one in scraping.look(self._folder) if one.name in SERVICES]
            return {one.name for one in seen} == set(SERVICES) and all(one.samples for one in seen)

        if not wait_until(all_tell, _ANSWER_SECONDS):
            raise TimeoutError("not every service tells what it has taken")
        return counts(seen)


def counts(seen: Iterable[Seen]) -> Counts:
    """What each process says of each queue, whatever became of the messages; who has just begun has settled none."""
    found = Counter[tuple[int, str]]()
    for one in seen:
        found[one.pid, _NO_QUEUE] = 0
        for (name, labels), value in one.samples.items():
            if name == _SETTLED:
                found[one.pid, dict(labels)["queue"]] += int(value)
    return found


def growth(before: Counts, after: Counts) -> Counter[str]:
    """By queue, of the processes that are in both."""
    known, found = {pid for pid, _ in before}, Counter[str]()
    for (pid, queue), value in after.items():
        if pid in known and queue != _NO_QUEUE:
            found[queue] += int(value - before.get((pid, queue), 0))
    return found
