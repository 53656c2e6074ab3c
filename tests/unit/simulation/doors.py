"""The doors of the services without the wire: every call passes the strict schema of its method, and is JSON."""

import inspect
from collections.abc import Mapping
from typing import Any, Protocol

from marshmallow import Schema

from services.chassis import codec
from services.chassis.actor import Actor
from services.chassis.rpc import Method, read_call
from services.chassis.service import Service
from tests.unit.simulation.chance import Chance

_LONGEST = 16_000_000


class Door:
    """One service as its callers see it."""

    def __init__(self, service: Service, schemas: Mapping[str, Schema]) -> None:
        self.service, self._schemas = service, schemas

    def call(self, actor: Actor, method: str, /, **content: Any) -> Any:
        """The answer of a method. Raises what a caller would be told."""
        call = read_call(f"{self.service.name}.{method}", self._schemas[method], actor, _over_the_wire(content))
        return _over_the_wire(getattr(self.service, method)(call))


class Town(Protocol):
    """Where the doors are."""

    chance: Chance

    def call(self, service: str, actor: Actor, method: str, /, **content: Any) -> Any:
        """The answer of a service."""

    def let_others_work(self) -> None:
        """Time passes while an answer is awaited."""


class Line:
    """`chassis.remote.Remote` as one service holds it."""

    def __init__(self, town: Town, actor: Actor) -> None:
        self._town, self._actor = town, actor

    def call(self, service: str, method: str, /, **arguments: Any) -> Any:
        """Ask another service."""
        self._town.chance.maybe_fail(f"{service} (asked by {self._actor.id})")
        answer = self._town.call(service, self._actor, method, **arguments)
        self._town.let_others_work()
        return answer

    def close(self) -> None:
        """Nothing is open."""


def schemas_of(kind: type[Service]) -> dict[str, Schema]:
    """What each method of a service class can be called with."""
    return {
        name: entrypoint._schema  # noqa: SLF001
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        for entrypoint in getattr(method, "nameko_entrypoints", ())
        if isinstance(entrypoint, Method)
    }


def _over_the_wire(value: Any) -> Any:
    return codec.decode(codec.encode(value), _LONGEST)
