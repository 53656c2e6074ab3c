"""The base of every nameko service: the use cases as an attribute, and a health question anyone may ask."""

from typing import Any

from nameko.extensions import DependencyProvider

from services.chassis import operations, spans
from services.chassis.rpc import Call, command, query
from services.contracts.fields import Strict

WIRED = "MOTCUA_WIRED"


class WiredParts(DependencyProvider):
    """Gives a worker what the runner has wired. No I/O: whatever is raised in a hook would kill the container."""

    def get_dependency(self, worker_ctx: Any) -> Any:
        """The wired service."""
        return self.container.config[WIRED]

    def worker_setup(self, worker_ctx: Any) -> None:
        """Whatever the worker now does belongs to what it was given."""
        spans.enter(worker_ctx.args[0])


class Service:
    """Subclass with a `name`, and methods marked `@command`, `@query` or `@subscribe`."""

    name = ""
    wired: Any = WiredParts()

    @property
    def cases(self) -> Any:
        """The use cases of this service."""
        return self.wired.cases

    @query(Strict, needs_actor=False)
    def health(self, _call: Call) -> dict[str, Any]:
        """Whether this process can work: it answers, so the broker is there; the store and the relay report."""
        return {"service": self.name, **self.wired.health(heard=True)}

    @query(Strict, operators=True)
    def list_queues(self, call: Call) -> dict[str, Any]:
        """How many messages wait in each queue of the service, and how many consumers take from it, as of now."""
        operations.require_operator(call.actor, self.name)
        return operations.list_queues(self)

    @query(operations.ListDeadLetters, operators=True)
    def list_dead_letters(self, call: Call) -> dict[str, Any]:
        """The messages that failed to the end and rest, the oldest first, each with what it blocks."""
        operations.require_operator(call.actor, self.name)
        return operations.list_dead_letters(self, **call.args)

    @command(operations.ReplayDeadLetters, operators=True)
    def replay_dead_letters(self, call: Call) -> dict[str, Any]:
        """Send dead letters back to the queue they failed in."""
        operations.require_operator(call.actor, self.name)
        return operations.replay_dead_letters(self, **call.args)
