"""Payment's doors on the bus."""

from typing import Any, Final

from services.chassis.operations import require_operator
from services.chassis.rpc import Call, command, query
from services.chassis.service import Service
from services.chassis.subscribe import Received, subscribe
from services.payment import schemas
from services.payment.refunds import Owed
from services.payment.usecases import PaymentCases

# what routing says that concerns fees: the field that says when
CASE_FACTS: Final = {
    "case_accepted": "accepted_at",
    "case_rejected": "rejected_at",
    "case_decided": "decided_at",
    "case_stopped": "stopped_at",
    "case_transferred": "transferred_at",
}


class PaymentService(Service):
    """Fee orders: looked at, paid, receipted, given back; and the events that make them."""

    name = "payment"

    @property
    def cases(self) -> PaymentCases:
        """The use cases."""
        cases: PaymentCases = self.wired.cases
        return cases

    @query(schemas.GetOrder)
    def get_order(self, call: Call) -> dict[str, Any]:
        """The order of a dossier that matters now."""
        return self.cases.get_order(call.actor, **call.args)

    @query(schemas.FindOrder)
    def find_order(self, call: Call) -> dict[str, Any]:
        """One order in full."""
        return self.cases.find_order(call.actor, **call.args)

    @query(schemas.ListOrders)
    def list_orders(self, call: Call) -> dict[str, Any]:
        """A page of orders."""
        return self.cases.list_orders(call.actor, **call.args)

    @query(schemas.CountFees, operators=True)
    def count_fees(self, call: Call) -> dict[str, Any]:
        """What was paid and given back, by unit and day."""
        return self.cases.count_fees(call.actor, **call.args)

    @command(schemas.StartPayment)
    def start_payment(self, call: Call) -> dict[str, Any]:
        """Go to the gateway."""
        return self.cases.start_payment(call.actor, call.cause, **call.args)

    @command(schemas.RecordCounterPayment)
    def record_counter_payment(self, call: Call) -> dict[str, Any]:
        """Money was taken at the counter."""
        return self.cases.record_counter_payment(call.actor, call.cause, **call.args)

    @command(schemas.ConfirmRefund, operators=True)
    def confirm_refund(self, call: Call) -> dict[str, Any]:
        """Whoever calls has seen at the gateway that a refund was made, or has paid it out at the counter."""
        require_operator(call.actor, self.name)
        return self.cases.refunds.record(call.actor, call.cause, **call.args)

    @subscribe("registry", "catalogue_published")
    def project_catalogue(self, message: Received) -> None:
        """Keep the catalogue."""
        self.cases.project_catalogue(message.event.data)

    @subscribe("intake", "dossier_submitted")
    def assess_fees(self, message: Received) -> None:
        """Price the dossier."""
        self.cases.assess(message.cause, message.event.data)

    @subscribe("intake", "dossier_withdrawn")
    def follow_withdrawal(self, message: Received) -> None:
        """Ask for nothing more."""
        self.cases.end(message.cause, message.dossier_code, message.event.data["withdrawn_at"])

    @subscribe("routing", *CASE_FACTS)
    def follow_case(self, message: Received) -> None:
        """Ask for what falls due with the case, or for nothing more when it ends without a result."""
        type_, data = message.event.type, message.event.data
        if type_ == "case_transferred":
            self.cases.transfer(message.cause, data)
            return
        if type_ == "case_accepted":
            self.cases.fall_due(message.cause, message.dossier_code, "on_acceptance")
        elif data.get("outcome") == "granted":
            self.cases.fall_due(message.cause, message.dossier_code, "before_result")
        else:
            self.cases.end(message.cause, message.dossier_code, data[CASE_FACTS[type_]])

    @subscribe("payment", "fee_paid")
    def issue_receipt(self, message: Received) -> None:
        """Give the receipt."""
        self.cases.issue_receipt(message.cause, message.event.data)

    @subscribe("payment", "refund_due")
    def give_back(self, message: Received) -> None:
        """Have the money given back."""
        said, id_ = message.event.data, message.envelope.id
        owed = Owed(said["order_id"], said["refund"], said["attempt"], said["amount_vnd"], id_, message.replay)
        self.cases.refunds.give_back(message.cause, owed)
