"""An aggregate for tests: the tally of the sample service."""

from dataclasses import dataclass

from services.chassis.actor import Actor
from services.chassis.cause import Cause, of_request
from services.chassis.errors import Refused
from services.chassis.journal import Aggregate
from services.contracts.event import Event

# Two events of intake serve: any publisher's schemas would do, the journal reads no meaning into them.


@dataclass(frozen=True)
class Tally:
    """How often a dossier was withdrawn, and how it was returned."""

    dossier_code: str
    asked: int = 0
    ways: tuple[str, ...] = ()


def evolve(state: Tally | None, event: Event) -> Tally:
    """Count."""
    state = state or Tally(event.data["dossier_code"])
    if event.type == "dossier_returned":
        return Tally(state.dossier_code, state.asked, (*state.ways, event.data["method"]))
    return Tally(state.dossier_code, state.asked + 1, state.ways)


TALLY = Aggregate("intake", "tally", Tally, evolve)


def cause(request_id: str, content: object = "same") -> Cause:
    """The cause that a request is."""
    return of_request("intake.count", Actor("system", "t"), request_id, content)


def refuse(_state: Tally | None) -> list[Event]:
    """A rule that says no."""
    raise Refused("intake.no", "No.", "Không.")
