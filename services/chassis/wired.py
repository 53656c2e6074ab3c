"""What a service is made of once it is wired, whichever door is opened on it."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from pymongo.database import Database

from services.chassis import metrics
from services.chassis.errors import Unavailable
from services.chassis.health import Health
from services.chassis.journal import Aggregate, Journal
from services.chassis.lateness import LATENESS
from services.chassis.logs import log
from services.chassis.publish import Publisher
from services.chassis.relay import Relay
from services.chassis.settings import Settings
from services.chassis.store import Document, open_database, outages_named
from services.chassis.timers import Timer, keep

Cases = TypeVar("Cases")
State = TypeVar("State")
_TRIES = 60
_SECONDS_TO_END = 5.0


class Indexed(Protocol):
    """Anything that keeps indexes."""

    def ensure_indexes(self) -> None:
        """Create what is missing."""


class Base:
    """The parts every service has: settings, its own database, a relay over its journals."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database: Database[Document] = open_database(settings.mongo_uri, settings.database_name)
        self.relay = Relay(settings.service, Publisher(settings.amqp_uri), settings.relay_batch)
        self.health = Health(settings, self.database, self.relay)

    def journal(self, aggregate: Aggregate[State], collection: str) -> Journal[State]:
        """A journal in this database, watched by this relay."""
        journal = Journal(aggregate, self.database[collection], self.relay.wake)
        self.relay.add(journal)
        return journal


@dataclass(slots=True)
class Wired(Generic[Cases]):
    """A wired service: its use cases, and what must run beside them."""

    base: Base
    cases: Cases
    indexed: Sequence[Indexed] = ()
    timers: Sequence[Timer] = ()
    closers: Sequence[Callable[[], None]] = ()
    _stopping: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self, *, timers: bool) -> None:
        """Create indexes (waiting for the database), start the relay, and the timers where asked."""
        metrics.tell(metrics.READY, False)  # as of no look yet
        self._ensure_indexes()
        self._spawn("relay", self.base.relay.run)
        self._spawn("health", partial(self.base.health.keep_looking, self._stopping))
        self._spawn("lateness", partial(LATENESS.keep_ticking, self._stopping))
        for timer in self.timers if timers else ():
            self._spawn(timer.name, partial(keep, timer, self._stopping))

    def stop(self) -> None:
        """Stop the timers, publish what is left, close every connection."""
        self._stopping.set()
        self.base.relay.stop()
        until = time.monotonic() + _SECONDS_TO_END
        for thread in self._threads:  # one that is stuck may not hold up the stop: what it does is safe to cut off
            thread.join(max(0.0, until - time.monotonic()))
        for close in self.closers:
            close()

    def health(self, *, heard: bool = False) -> dict[str, Any]:
        """Whether work can be done, and what waits to be published; `heard` through the broker."""
        return self.base.health.report(heard=heard)

    def _ensure_indexes(self) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                with outages_named():
                    for part in self.indexed:
                        part.ensure_indexes()
            except Unavailable:
                log.warning("database_awaited", attempt=attempt)
                if attempt == _TRIES or self._stopping.wait(1):
                    raise
            else:
                return

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)
