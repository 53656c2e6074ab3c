"""A service with one aggregate, for tests of the chassis: a tally that counts, and an echo that follows its events."""

import os
import signal
from dataclasses import dataclass, replace
from typing import Any

from marshmallow import fields

from services.chassis.cause import Cause
from services.chassis.errors import NotFound, Refused
from services.chassis.journal import Aggregate, Journal
from services.chassis.rpc import Call, command, query
from services.chassis.service import Service
from services.chassis.settings import Settings
from services.chassis.subscribe import Received, subscribe
from services.chassis.wired import Base, Wired
from services.contracts.event import Event
from services.contracts.fields import Lenient, Strict, Text, Versions, Whole


class Counted(Lenient):
    """The tally grew."""

    name = Text(required=True)
    amount = Whole(required=True, low=-(10**9))


class Echoed(Lenient):
    """The echo heard it."""

    name = Text(required=True)
    amount = Whole(required=True, low=-(10**9))
    heard = fields.String(required=True)


EVENTS: dict[str, Versions] = {"counted": {1: Counted}, "echoed": {1: Echoed}}


@dataclass(frozen=True)
class Tally:
    """A name and a sum."""

    name: str
    total: int = 0
    heard: tuple[str, ...] = ()


def evolve(state: Tally | None, event: Event) -> Tally:
    """Both kinds of event add."""
    state = state or Tally(event.data["name"])
    heard = (*state.heard, event.data["heard"]) if event.type == "echoed" else ()
    return replace(state, total=state.total + event.data["amount"], heard=heard)


TALLY = Aggregate("sample", "tally", Tally, evolve, about="name")


class Cases:
    """Count, look, echo."""

    def __init__(self, tallies: Journal[Tally], echoes: Journal[Tally], faults: Any) -> None:
        self.tallies, self.echoes, self.faults = tallies, echoes, faults

    def add(self, cause: Cause, name: str, amount: int) -> dict[str, Any]:
        """Add `amount` to the tally; a tally never falls below nought."""

        def decide(state: Tally | None) -> list[Event]:
            if (state.total if state else 0) + amount < 0:
                raise Refused("sample.below_nought", "A tally never falls below nought.", "Không được âm.")
            return [Event("counted", {"name": name, "amount": amount})]

        stored = self.tallies.change(name, cause, decide, subject={"secret": f"of {name}"})
        return {"name": name, "total": stored.state.total, "version": stored.version}

    def get(self, name: str) -> dict[str, Any]:
        """The tally and its echo."""
        echo = self.echoes.find(name)
        return {"total": self.tallies.get(name).state.total, "echo": echo.state.total if echo else 0}

    def echo(self, message: Received) -> None:
        """Follow the tally."""
        data = message.event.data
        if self.faults.find_one({"_id": data["name"]}):
            raise RuntimeError("a bug of the handler")
        if self.faults.find_one({"_id": f"absent:{data['name']}"}):
            raise NotFound("sample.not_yet", "Not here yet.", "Chưa có.")
        if self.faults.find_one({"_id": f"fatal:{data['name']}"}):
            os.kill(os.getpid(), signal.SIGKILL)
        heard = {**data, "heard": message.envelope.id}
        self.echoes.change(data["name"], message.cause, lambda _state: [Event("echoed", heard)])


class Add(Strict):
    """Arguments of add."""

    name = Text(required=True, longest=50)
    amount = Whole(required=True, low=-1000, high=1000)
    request_id = Text(required=True, longest=100)


class Get(Strict):
    """Arguments of get."""

    name = Text(required=True)


class SampleService(Service):
    """The doors."""

    name = "sample"

    @command(Add)
    def add(self, call: Call) -> dict[str, Any]:
        """Count."""
        return self.cases.add(call.cause, **call.args)  # type: ignore[no-any-return]

    @query(Get)
    def get(self, call: Call) -> dict[str, Any]:
        """Look."""
        return self.cases.get(**call.args)  # type: ignore[no-any-return]

    @query(Get)
    def fail(self, call: Call) -> dict[str, Any]:
        """Meet a bug whose words must not reach the caller."""
        raise RuntimeError(f"secret of {call.args['name']}")

    @subscribe("sample", "counted")
    def echo(self, message: Received) -> None:
        """Follow."""
        self.cases.echo(message)


def wire(settings: Settings) -> Wired[Cases]:
    """Put the parts together."""
    base = Base(settings)
    tallies, echoes = base.journal(TALLY, "tallies"), base.journal(TALLY, "echoes")
    return Wired(base, Cases(tallies, echoes, base.database["faults"]), indexed=(tallies, echoes))
