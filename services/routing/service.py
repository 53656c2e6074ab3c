"""Routing's doors on the bus."""

from typing import Any, Final

from services.chassis.rpc import Call, command, query
from services.chassis.service import Service
from services.chassis.subscribe import Received, subscribe
from services.routing import schemas
from services.routing.usecases import RoutingCases

# event of payment: what it says of the fee, and the field that says when
FEE_FACTS: Final = {
    "fee_requested": ("required", "requested_at"),
    "fee_paid": ("settled", "paid_at"),
    "fee_waived": ("waived", "waived_at"),
}


class RoutingService(Service):
    """The officers' queue and actions, and the events that concern a case."""

    name = "routing"

    @property
    def cases(self) -> RoutingCases:
        """The use cases."""
        cases: RoutingCases = self.wired.cases
        return cases

    @query(schemas.ListCases)
    def list_cases(self, call: Call) -> dict[str, Any]:
        """A page of a queue."""
        return self.cases.list_cases(call.actor, **call.args)

    @query(schemas.OfUnit, operators=True)
    def count_cases(self, call: Call) -> dict[str, Any]:
        """The counters of a queue: by status, what is at risk or overdue, one's own, this month's decisions."""
        return self.cases.statistics.count_cases(call.actor, **call.args)

    @query(schemas.OfUnit, operators=True)
    def case_load(self, call: Call) -> dict[str, Any]:
        """How many open cases each officer has, and how many of these are at risk or overdue."""
        return self.cases.statistics.case_load(call.actor, **call.args)

    @query(schemas.DueCalendar, operators=True)
    def due_calendar(self, call: Call) -> dict[str, Any]:
        """How many running clocks run out on each local day, and how many did before."""
        return self.cases.statistics.due_calendar(call.actor, **call.args)

    @query(schemas.CountByUnit, operators=True)
    def count_by_unit(self, call: Call) -> dict[str, Any]:
        """What every unit has, and whether it decided in time between two local days."""
        return self.cases.statistics.count_by_unit(call.actor, **call.args)

    @query(schemas.GetCase)
    def get_case(self, call: Call) -> dict[str, Any]:
        """One case, in full."""
        return self.cases.get_case(call.actor, **call.args)

    @query(schemas.GetCase)
    def get_supplements(self, call: Call) -> dict[str, Any]:
        """What the applicant of a case was asked to supplement, in the officers' words, and until when."""
        return self.cases.requests.of(call.actor, **call.args)

    @query(schemas.GetCase)
    def get_reception(self, call: Call) -> dict[str, Any]:
        """When a dossier was received, in which unit, and by whom, by staff id: for its receipt."""
        return self.cases.requests.reception(call.actor, **call.args)

    @query(schemas.GetCase)
    def get_decision(self, call: Call) -> dict[str, Any]:
        """What was decided on a dossier, and on each row that was decided on by itself, with the reasons."""
        return self.cases.requests.decision(call.actor, **call.args)

    @command(schemas.Accept)
    def accept(self, call: Call) -> dict[str, Any]:
        """Receive the dossier."""
        return self.cases.accept(call.actor, call.cause, **call.args)

    @command(schemas.Reject)
    def reject(self, call: Call) -> dict[str, Any]:
        """Refuse to receive the dossier."""
        return self.cases.reject(call.actor, call.cause, **call.args)

    @command(schemas.RequestSupplement)
    def request_supplement(self, call: Call) -> dict[str, Any]:
        """Ask for all that is missing."""
        return self.cases.request_supplement(call.actor, call.cause, **call.args)

    @command(schemas.Assign)
    def assign(self, call: Call) -> dict[str, Any]:
        """Give the case to an officer."""
        return self.cases.assign(call.actor, call.cause, **call.args)

    @command(schemas.AssignMany)
    def assign_many(self, call: Call) -> dict[str, Any]:
        """Give up to a hundred cases to an officer; says of each what became of it."""
        return self.cases.assign_many(call.actor, call.cause, **call.args)

    @command(schemas.Transfer)
    def transfer(self, call: Call) -> dict[str, Any]:
        """Hand the case on to the unit that is competent."""
        return self.cases.transfer(call.actor, call.cause, **call.args)

    @command(schemas.Propose)
    def propose(self, call: Call) -> dict[str, Any]:
        """Say how the case should be decided: the officer in charge, for another to sign."""
        return self.cases.propose(call.actor, call.cause, **call.args)

    @command(schemas.ReturnProposal)
    def return_proposal(self, call: Call) -> dict[str, Any]:
        """Hand a proposal back to the officer in charge."""
        return self.cases.return_proposal(call.actor, call.cause, **call.args)

    @command(schemas.Decide)
    def decide(self, call: Call) -> dict[str, Any]:
        """Grant or refuse, or sign what another officer proposed."""
        return self.cases.decide(call.actor, call.cause, **call.args)

    @command(schemas.Stop)
    def stop(self, call: Call) -> dict[str, Any]:
        """End the case without a decision."""
        return self.cases.stop(call.actor, call.cause, **call.args)

    @subscribe("intake", "dossier_submitted")
    def open_case(self, message: Received) -> None:
        """Stand the dossier in the queue of its unit."""
        self.cases.open_case(message.cause, message.event.data)

    @subscribe("intake", "dossier_supplemented")
    def receive_supplement(self, message: Received) -> None:
        """Let the clock run again."""
        self.cases.receive_supplement(message.cause, message.event.data)

    @subscribe("intake", "dossier_withdrawn")
    def withdraw_case(self, message: Received) -> None:
        """Close the case."""
        self.cases.withdraw_case(message.cause, message.event.data)

    @subscribe("payment", *FEE_FACTS)
    def note_fee(self, message: Received) -> None:
        """Take down what payment says of a fee."""
        fee, when = FEE_FACTS[message.event.type]
        self.cases.note_fee(message.cause, fee, message.event.data, message.event.data[when])

    @subscribe("registry", "catalogue_published")
    def project_catalogue(self, message: Received) -> None:
        """Keep the catalogue."""
        self.cases.project_catalogue(message.event.data)
