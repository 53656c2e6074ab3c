"""Questions that go on meanwhile: whether they are answered, or fail in time and clearly."""

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf
from typing import Final

from deploy.local.composition import SERVICES
from services.chassis.remote import Remote
from tests.chaos.diary import Spell, within
from tests.chaos.ending import join

DEADLINE_SECONDS: Final = 5.0
_GRACE: Final = 1.0  # for a busy machine
_OK: Final = "an answer"
_EVER: Final = ((-inf, inf),)


@dataclass(frozen=True)
class Asked:
    """A question: when, by `time.monotonic`, whom, how many seconds it took and in what it ended."""

    at: float
    service: str
    seconds: float
    how: str = _OK

    @property
    def is_answered(self) -> bool:
        """Whether it was."""
        return self.how == _OK


class Questions:
    """Questions to services by RPC, each with a deadline, at an even rate; what became of each and after how long."""

    def __init__(self, uri: str, every: float = 0.5) -> None:
        self.asked: list[Asked] = []
        self._uri, self.every = uri, every
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(one,), name=f"who asks {one}", daemon=True) for one in SERVICES
        ]
        for thread in self._threads:
            thread.start()

    accepted = 0

    def finish(self) -> None:
        """Ask no more. Raises Hung."""
        self._stop.set()
        join(self._threads)

    abandon = finish

    def wrong(self, _kept: Mapping[str, tuple[str, str]]) -> list[str]:
        """What took longer than its deadline, or ended otherwise than in an answer or a clear word."""
        late = [f"a question took {one.seconds:.1f} s" for one in self.asked if one.seconds > DEADLINE_SECONDS + _GRACE]
        unclear = [f"a question ended in {one.how}" for one in self.asked if one.how not in {_OK, "Unavailable"}]
        return late + unclear

    def unavailable(self, *services: str, meanwhile: Sequence[Spell] = _EVER) -> int:
        """How many who asked meanwhile were told that nobody is there to answer, of all services or of some."""
        return sum(one.how == "Unavailable" for one in self._amid(meanwhile) if one.service in (services or SERVICES))

    def answers(self, meanwhile: Sequence[Spell]) -> int:
        """How many who asked meanwhile were answered."""
        return sum(one.is_answered for one in self._amid(meanwhile))

    def in_vain(self, *services: str, meanwhile: Sequence[Spell]) -> list[str]:
        """Those of these services that did not answer, and did not when they were asked once more meanwhile."""
        asked = self._amid(meanwhile)
        answers = {service: [one.is_answered for one in asked if one.service == service] for service in services}
        return [service for service, said in answers.items() if (False, False) in pairwise(said)]

    def least_asked(self, *services: str, meanwhile: Sequence[Spell]) -> int:
        """How many questions went to that of these services that was asked least meanwhile."""
        times = Counter(one.service for one in self._amid(meanwhile))
        return min(times[service] for service in services)

    def _amid(self, spells: Sequence[Spell]) -> list[Asked]:
        return [one for one in list(self.asked) if within(spells, one.at, one.at)]

    def _ask(self, service: str) -> None:
        while not self._stop.wait(self.every):
            remote = Remote(self._uri, most=1, deadline_seconds=DEADLINE_SECONDS)
            began, how = time.monotonic(), _OK
            try:
                remote.call(service, "health")
            except Exception as error:  # noqa: BLE001 – which one it was is what is looked at
                how = type(error).__name__
            self.asked.append(Asked(began, service, time.monotonic() - began, how))
            remote.close()
