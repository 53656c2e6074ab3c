"""Questions that go on meanwhile: whether they are answered, or fail in time and clearly."""

import threading
import time
from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from deploy.local.composition import SERVICES
from services.chassis.remote import Remote
from tests.chaos.ending import join

DEADLINE_SECONDS: Final = 5.0
_GRACE: Final = 1.0  # for a busy machine
_OK: Final = "an answer"


class Questions:
    """Questions to services by RPC, each with a deadline, at an even rate; what became of each and after how long."""

    def __init__(self, uri: str, every: float = 0.5) -> None:
        self.answered: list[tuple[str, float, str]] = []
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
        late = [f"a question took {took:.1f} s" for _, took, _ in self.answered if took > DEADLINE_SECONDS + _GRACE]
        unclear = [f"a question ended in {how}" for _, _, how in self.answered if how not in {_OK, "Unavailable"}]
        return late + unclear

    def unavailable(self, *services: str) -> int:
        """How many were told that nobody is there to answer, of all services or of some."""
        return sum(how == "Unavailable" for name, _, how in self.answered if name in (services or SERVICES))

    def answers(self) -> int:
        """How many were answered."""
        return sum(how == _OK for _, _, how in list(self.answered))

    def in_vain(self, *services: str, since: int = 0) -> list[str]:
        """Those of these services that did not answer, and did not when they were asked once more.

        Of the questions behind the first `since`.
        """
        asked = self.answered[since:]
        answers = {service: [how == _OK for name, _, how in asked if name == service] for service in services}
        return [service for service, said in answers.items() if (False, False) in pairwise(said)]

    def _ask(self, service: str) -> None:
        while not self._stop.wait(self.every):
            remote = Remote(self._uri, most=1, deadline_seconds=DEADLINE_SECONDS)
            began, how = time.monotonic(), _OK
            try:
                remote.call(service, "health")
            except Exception as error:  # noqa: BLE001 – which one it was is what is looked at
                how = type(error).__name__
            self.answered.append((service, time.monotonic() - began, how))
            remote.close()
