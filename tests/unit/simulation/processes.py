"""The processes of the services, as many of each as the weather has. One that is killed starts anew."""

from collections.abc import Iterator
from typing import Any, Final, Protocol, cast

from services.chassis.actor import Actor
from services.chassis.service import Service
from tests.unit.simulation.bus import handlers_of
from tests.unit.simulation.chance import Chance, Killed
from tests.unit.simulation.doors import Door, schemas_of
from tests.unit.simulation.ground import KINDS, Awake, Surroundings, wire

HANDLERS: Final = [handler for kind in KINDS for handler in handlers_of(kind)]
_SCHEMAS: Final = {kind.name: schemas_of(kind) for kind in KINDS}
_KINDS: Final = {kind.name: kind for kind in KINDS}


class Around(Surroundings, Protocol):
    """Where processes run."""

    chance: Chance


class Process:
    """One process of a service."""

    def __init__(self, name: str, around: Around) -> None:
        self.name = name
        self.wired = wire(name, around)
        self.relay = cast("Awake", self.wired.base.relay)
        self.service: Service = _KINDS[name]()
        self.service.wired = self.wired
        self._door = Door(self.service, _SCHEMAS[name])

    def call(self, actor: Actor, method: str, /, **content: Any) -> Any:
        """The answer of a method."""
        return self._door.call(actor, method, **content)


class Processes:
    """All of them."""

    def __init__(self, around: Around) -> None:
        self._around = around
        several = range(around.chance.weather.processes)
        self._running = {name: [Process(name, around) for _ in several] for name in _KINDS}

    def all(self) -> Iterator[Process]:
        """Every process, service by service."""
        for several in self._running.values():
            yield from tuple(several)

    def one_of(self, service: str) -> "Working":
        """A process of a service to work in."""
        several = self._running[service]
        return self.working(several[self._around.chance.draw(len(several))])

    def working(self, process: Process) -> "Working":
        """While this process does something: whoever dies at it takes it along."""
        return Working(self, process)

    def bury(self, process: Process) -> None:
        """It has died, and another takes its place."""
        several = self._running[process.name]
        if process in several:
            several[several.index(process)] = Process(process.name, self._around)


class Working:
    """See `Processes.working`. A class, because this is entered for every message and every look of a relay."""

    def __init__(self, processes: Processes, process: Process) -> None:
        self._processes, self._process = processes, process

    def __enter__(self) -> Process:
        return self._process

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, Killed):
            self._processes.bury(self._process)
