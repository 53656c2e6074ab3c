"""The five services in one process, and how their events travel."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final
from unittest.mock import patch

import uuid_utils

from services.chassis import journal, retelling, tracing
from services.chassis.actor import Actor
from services.chassis.errors import ServiceError
from services.chassis.journal import Journal
from services.contracts import events
from services.contracts.catalogue.worktime import Calendar
from services.notify import letters
from services.registry.folder import publish_folder
from tests.unit.simulation import faults
from tests.unit.simulation.bus import Bus, Delivery, Handler, Stuck
from tests.unit.simulation.chance import QUIET, Chance, Killed
from tests.unit.simulation.doors import Line
from tests.unit.simulation.mongo import Database
from tests.unit.simulation.outside import Clock, Gateway, MailServer, envelope
from tests.unit.simulation.processes import HANDLERS, Process, Processes
from tests.unit.simulation.reading import Readings, calendar_of

CATALOGUE: Final = Path(__file__).parents[3] / "catalogue"
_SOON: Final = 0.3  # how likely a relay runs before the next message is handled
_RUNG_SECONDS: Final = 3
_ONLY_COUNTS: Final = "count_dossiers"  # by the server's own aggregation: it changes nothing that anybody else reads
_RUNGS: Final = 8
PATIENCE: Final = 40  # rounds in which nothing that waits gets on


class World:
    """Five services that hear each other.

    `catalogued` is a world whose catalogue this one begins with; those in `unaware` have it all still to hear.
    """

    def __init__(self, chance: Chance, catalogued: "World | None" = None, unaware: Collection[str] = ()) -> None:
        self.chance, self.clock = chance, Clock()
        self.gateway, self.mail = Gateway(chance), MailServer(chance)
        self.story: list[str] = []
        chance.note = self.story.append
        self.bus = Bus(HANDLERS, chance)
        self.databases: dict[str, Database] = {}
        self.journals: dict[str, Journal[Any]] = {}
        self.processes = Processes(self)
        self.readings = Readings()
        self._depth = self._events = 0
        self._taken: set[tuple[Handler, str]] = set()
        if catalogued:
            self._begin_with(catalogued, unaware)

    def database(self, service: str) -> Database:
        """The database of a service."""
        return self.databases.setdefault(service, Database(self))

    def line(self, actor: Actor) -> Line:
        """A line to the other services."""
        return Line(self, actor)

    def call(self, service: str, actor: Actor, method: str, /, **content: Any) -> Any:
        """The answer of a method of a service."""
        with self.processes.one_of(service) as process:
            return process.call(actor, method, **content)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While this lasts, the chassis has the clock and the ids of this world, and whatever is slow is done once."""
        ids = patch.object(uuid_utils, "uuid7", self._next_id)
        spans = patch.object(tracing, "secrets", SimpleNamespace(token_hex=lambda bytes_: "1" * 2 * bytes_))
        letters_, events_ = patch.object(letters, "written", envelope), patch.object(events, "read", self.readings.read)
        states = patch.object(journal, "_CONVERTER", self.readings)
        calendars = patch.object(Calendar, "from_document", calendar_of)
        with self.clock.in_force(), ids, spans, letters_, events_, states, calendars:
            yield

    def states(self, kind: str) -> dict[str, Any]:
        """All aggregates of a kind, by id."""
        documents = self.journals[kind].collection.look()
        return {one["_id"]: self._state(kind, one) for one in documents}

    def state(self, kind: str, id_: str) -> Any:
        """One aggregate, or None."""
        found = self.journals[kind].collection.kept(id_)
        return self._state(kind, found) if found else None

    # work

    def settle(self) -> None:
        """Let everything happen that is on its way. Raises Stuck when something never can."""
        fruitless = 0
        while True:
            if not self.bus.ready or (self.chance.weather.shuffled and self.chance.random.random() < _SOON):
                self.relay()
            if self.bus.ready:
                fruitless = 0 if self._work() else fruitless
            elif self.bus.waiting or self.unpublished:
                fruitless += 1
                self._wait(fruitless)
            else:
                return
            if fruitless > PATIENCE:
                raise Stuck("; ".join(str(one) for one in self.bus.waiting) or "something is never published")

    def work(self, steps: int) -> None:
        """Let some of it happen."""
        for _ in range(steps):
            if self.chance.random.random() < 0.5:
                self.relay()
            if self.bus.waiting and self.chance.random.random() < 0.1:
                self._wait(1)
            if self.bus.ready:
                self._work()

    def lose_broker(self) -> None:
        """Its disk is lost: nothing that was on its way arrives."""
        self.story.append("the broker has lost everything")
        self.chance.felt[faults.LOST_BY_THE_BROKER] += len(self.bus.ready) + len(self.bus.waiting)
        self.bus.ready, self.bus.waiting = [], []

    def tell_again(self) -> None:
        """Everything is to be published again, while all goes on."""
        self.story.append("everything is to be told again")
        with self.chance.calmed():
            for kind, kept in self.journals.items():
                if kind != "publication":
                    self.chance.felt[faults.TOLD_AGAIN] += retelling.tell_again(kept.collection)
        for process in self.processes.all():
            process.relay.awake = True

    def ring_timers(self) -> None:
        """Every timer of every service that acts on something, once."""
        for process in self.processes.all():
            for timer in process.wired.timers:
                if timer.name != _ONLY_COUNTS:
                    self._survive(process, timer.act)

    def relay(self) -> None:
        """Every relay, once."""
        for process in self.processes.all():
            if process.relay.awake:
                self._survive(process, process.relay.run_all)

    @property
    def unpublished(self) -> bool:
        """Whether anybody has something to say yet."""
        return any(journal.collection.has_pending for kind, journal in self.journals.items() if kind != "publication")

    def deliver(self, delivery: Delivery) -> bool:
        """Give one message to its handler; whether it took it."""
        self.story.append(f"{'  ' * self._depth}→ {delivery}")
        if self.chance.weather.ticking:
            self.clock.pass_(milliseconds=self.chance.random.randint(1, 9))
        try:
            with self.processes.one_of(delivery.handler.service) as process:
                getattr(process.service, delivery.handler.verb)(self.bus.read(delivery.message))
        except Killed:
            self.bus.waiting.append(delivery)
        except Exception as error:  # noqa: BLE001 – what becomes of it is the ladder's affair
            self.bus.put_off(delivery, error)
        else:
            self._note_taken(delivery)
            return True
        return False

    def _note_taken(self, delivery: Delivery) -> None:
        what = delivery.handler, delivery.message.id
        self.chance.felt[faults.SAID_TWICE] += what in self._taken and not self.chance.calm
        self._taken.add(what)

    # interrupts

    def after_read(self) -> None:
        """Another worker may be faster with what we just read; or the answer never comes."""
        self.let_others_work()
        self.chance.maybe_lose_answer(faults.NO_ANSWER_TO_A_READ)

    def around_write(self, *, made: bool) -> None:
        """The process may die here, or the database go away."""
        self.chance.maybe_die(faults.KILLED_AFTER_A_WRITE if made else faults.KILLED_BEFORE_A_WRITE)
        self.chance.maybe_lose_answer(faults.NO_ANSWER_TO_A_WRITE if made else faults.NO_WRITE)

    def outrun(self) -> None:
        """Whoever made the change looks again."""
        self.chance.felt[faults.OUTRUN] += 1

    def let_others_work(self) -> None:
        """Now and then another message is handled in the middle of this one."""
        if self._depth < 2 and self.bus.ready and self.chance.happens(self.chance.weather.overtaken):
            self._depth += 1
            self.chance.felt[faults.OVERTAKEN] += 1
            try:
                self.deliver(self.bus.next())
            finally:
                self._depth -= 1

    def _state(self, kind: str, document: Any) -> Any:
        return self.readings.structure(document["state"], self.journals[kind].aggregate.state)

    def _begin_with(self, other: "World", unaware: Collection[str]) -> None:
        for name, database in other.databases.items():
            for kept in ("catalogue", "publications"):
                if name not in unaware:
                    self.databases[name][kept].share(database[kept])
        self._events = other._events  # no id twice  # noqa: SLF001
        if unaware:
            self.bus.hear_late(other.bus.published.values(), unaware)

    def _work(self) -> bool:
        return self.deliver(self.bus.next())

    def _wait(self, rung: int) -> None:
        """Seconds pass: what waits on its ladder is ready again, and relays look for what dead workers left behind.

        Where workers die they pass on every clock: what one of them had claimed is free after a while.
        """
        seconds = _RUNG_SECONDS * 2 ** min(rung, _RUNGS)
        self.clock.idle(seconds)
        if self.chance.weather.killed:
            self.clock.pass_(seconds=seconds)
        for process in self.processes.all():
            process.relay.awake = True
        self.bus.come_back()

    def _survive(self, process: Process, act: Callable[[], object]) -> None:
        """A loop that goes on whatever one round meets."""
        try:
            with self.processes.working(process):
                act()
        except (ServiceError, Killed) as error:
            self.story.append(f"  put off: {error!r}")

    def _next_id(self) -> str:
        self._events += 1
        return f"{self._events:08}-0000-7000-8000-000000000000"


@cache
def catalogued() -> World:
    """A world in which nothing happened yet but the publication of the catalogue folder."""
    world = World(Chance(0, QUIET))
    with world.running():
        with world.processes.one_of("registry") as registry:
            publish_folder(registry.wired.cases.catalogue, CATALOGUE)
        world.settle()
    return world
