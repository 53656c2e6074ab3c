"""The nameko door of notify."""

from typing import Any

from services.chassis.operations import require_operator
from services.chassis.rpc import Call, command, query
from services.chassis.service import Service
from services.chassis.subscribe import Received, subscribe
from services.contracts.fields import Strict
from services.notify import schemas
from services.notify.usecases import NotifyCases
from services.notify.webhook_cases import WebhookCases


class NotifyService(Service):
    """Writes to citizens and units; answers what was written."""

    name = "notify"

    @property
    def cases(self) -> NotifyCases:
        """The use cases of notices."""
        cases: NotifyCases = self.wired.cases.notices
        return cases

    @subscribe("registry", "catalogue_published")
    def project_catalogue(self, message: Received) -> None:
        """Keep a catalogue document."""
        self.cases.project(message.event.data)

    @subscribe(
        "intake",
        "dossier_submitted",
        "dossier_supplemented",
        "dossier_withdrawn",
        "dossier_resolved",
        "dossier_returned",
    )
    def tell_of_dossier(self, message: Received) -> None:
        """Write about what the applicant did, and about the result."""
        self.cases.tell(message.event, message.cause)

    @subscribe(
        "routing",
        "case_accepted",
        "case_rejected",
        "supplement_requested",
        "case_transferred",
        "case_stopped",
        "deadline_slipped",
    )
    def tell_of_case(self, message: Received) -> None:
        """Write about what the unit did, or did not do in time."""
        self.cases.tell(message.event, message.cause)

    @subscribe("payment", "fee_requested", "receipt_issued", "fee_expired", "fee_failed")
    def tell_of_fee(self, message: Received) -> None:
        """Write about what is to be paid and what was paid."""
        self.cases.tell(message.event, message.cause)

    @subscribe("registry", "record_revoked")
    def tell_of_record(self, message: Received) -> None:
        """Write about a result that is no longer valid."""
        self.cases.tell(message.event, message.cause)

    @subscribe("notify", "notice_requested")
    def deliver(self, message: Received) -> None:
        """Hand a notice to the mail server."""
        data = message.event.data
        self.cases.deliver(data["notice_id"], data["round"], message.cause)

    @query(schemas.ListNotices)
    def list_notices(self, call: Call) -> dict[str, Any]:
        """What was written about a dossier."""
        return self.cases.list_notices(call.actor, **call.args)

    @query(schemas.ListFailedNotices, operators=True)
    def list_failed_notices(self, call: Call) -> dict[str, Any]:
        """What could not be delivered, of all dossiers, the first to fail first; the recipients are left out."""
        require_operator(call.actor, self.name)
        return self.cases.list_failed_notices(call.actor, **call.args)

    @query(schemas.GetNotice)
    def get_notice(self, call: Call) -> dict[str, Any]:
        """One notice."""
        return self.cases.get_notice(call.actor, **call.args)

    @command(schemas.Resend)
    def resend(self, call: Call) -> dict[str, Any]:
        """Another attempt at a failed notice."""
        return self.cases.resend(call.actor, call.cause, **call.args)

    @command(schemas.AddWebhook, operators=True)
    def add_webhook(self, call: Call) -> dict[str, Any]:
        """Tell an address of what happens from now on; the answer alone holds the secret that signs."""
        return self._webhooks_for(call).add(call.cause, **call.args)

    @query(Strict, operators=True)
    def list_webhooks(self, call: Call) -> dict[str, Any]:
        """Who is told, whether still, what waits for each and what was given up."""
        return self._webhooks_for(call).listed()

    @command(schemas.RotateWebhook, operators=True)
    def rotate_webhook(self, call: Call) -> dict[str, Any]:
        """A new secret of a webhook; for a day the one before signs too."""
        return self._webhooks_for(call).rotate(call.cause, **call.args)

    @command(schemas.SwitchWebhook, operators=True)
    def switch_webhook(self, call: Call) -> dict[str, Any]:
        """Tell a webhook no more, or again, from where it stood."""
        return self._webhooks_for(call).switch(**call.args)

    @command(schemas.OfWebhook, operators=True)
    def remove_webhook(self, call: Call) -> dict[str, Any]:
        """Forget a webhook and what was or would have been sent to it."""
        return self._webhooks_for(call).remove(**call.args)

    @query(schemas.ListDeliveries, operators=True)
    def list_webhook_deliveries(self, call: Call) -> dict[str, Any]:
        """What was and will be sent to a webhook, the newest first."""
        return self._webhooks_for(call).deliveries(**call.args)

    @command(schemas.OfWebhook, operators=True)
    def repeat_webhook(self, call: Call) -> dict[str, Any]:
        """Try once more what was given up of a webhook."""
        return self._webhooks_for(call).again(**call.args)

    def _webhooks_for(self, call: Call) -> WebhookCases:
        require_operator(call.actor, self.name)
        webhooks: WebhookCases = self.wired.cases.webhooks
        return webhooks
