"""The nameko door of intake."""

from typing import Any

from services.chassis.rpc import Call, command, query
from services.chassis.service import Service
from services.chassis.subscribe import Received, subscribe
from services.intake import schemas


class IntakeService(Service):
    """What applicants and officers ask of intake, and what it hears from the other services."""

    name = "intake"

    @query(schemas.ListProcedures, needs_actor=False)
    def list_procedures(self, call: Call) -> Any:
        """The procedures of a ministry."""
        return self.cases.list_procedures(**call.args)

    @query(schemas.GetProcedure, needs_actor=False)
    def get_procedure(self, call: Call) -> Any:
        """All about one procedure."""
        return self.cases.get_procedure(**call.args)

    @command(schemas.OpenUpload)
    def open_upload(self, call: Call) -> Any:
        """A ticket to send one file."""
        return self.cases.receiving.open_upload(call.actor, call.cause, **call.args)

    @command(schemas.SaveDraft)
    def save_draft(self, call: Call) -> Any:
        """Keep what was typed so far."""
        return self.cases.drafting.save(call.actor, call.cause, **call.args)

    @query(schemas.Draft)
    def get_draft(self, call: Call) -> Any:
        """All that was typed."""
        return self.cases.drafting.get(call.actor, **call.args)

    @query(schemas.Page)
    def list_drafts(self, call: Call) -> Any:
        """The caller's drafts, last saved first."""
        return self.cases.drafting.listed(call.actor, **call.args)

    @command(schemas.DiscardDraft)
    def discard_draft(self, call: Call) -> Any:
        """Leave nothing of a draft."""
        return self.cases.drafting.discard(call.actor, call.cause, **call.args)

    @query(schemas.Check)
    def check(self, call: Call) -> Any:
        """What a submission would be refused for, as `errors`, and what it would cost, as `fees`."""
        return self.cases.checking.check(call.actor, **call.args)

    @command(schemas.Submit)
    def submit(self, call: Call) -> Any:
        """Submit a dossier."""
        return self.cases.submit(call.actor, call.cause, **call.args)

    @command(schemas.Supplement)
    def supplement(self, call: Call) -> Any:
        """Answer a request for a supplement."""
        return self.cases.supplement(call.actor, call.cause, **call.args)

    @command(schemas.Withdraw)
    def withdraw(self, call: Call) -> Any:
        """Take a dossier back."""
        return self.cases.withdraw(call.actor, call.cause, **call.args)

    @command(schemas.ReturnResult)
    def return_result(self, call: Call) -> Any:
        """Hand over the result."""
        return self.cases.return_result(call.actor, call.cause, **call.args)

    @query(schemas.Get)
    def get(self, call: Call) -> Any:
        """Everything of one dossier."""
        return self.cases.get(call.actor, **call.args)

    @query(schemas.Get)
    def find_owner(self, call: Call) -> Any:
        """Whose a dossier is: for our own services."""
        return self.cases.find_owner(call.actor, **call.args)

    @query(schemas.Get)
    def get_contact(self, call: Call) -> Any:
        """Whom to write to about a dossier: for our own services."""
        return self.cases.get_contact(call.actor, **call.args)

    @query(schemas.Nothing)
    def find_last_applicant(self, call: Call) -> Any:
        """The applicant as the caller's latest dossier states him, for the next one; null without any."""
        return self.cases.find_last_applicant(call.actor)

    @query(schemas.Track, needs_actor=False)
    def track(self, call: Call) -> Any:
        """The public status of one dossier."""
        return self.cases.track(**call.args)

    @query(schemas.ListDossiers)
    def list_dossiers(self, call: Call) -> Any:
        """The dossiers that the caller may see."""
        return self.cases.list_dossiers(call.actor, **call.args)

    @query(schemas.ListRegister)
    def list_register(self, call: Call) -> Any:
        """The register of the caller's unit: what was submitted in a period and is the unit's, the oldest first."""
        return self.cases.list_register(call.actor, **call.args)

    @query(schemas.FindCodes)
    def find_codes(self, call: Call) -> Any:
        """Codes of the caller's unit's dossiers by name or number of the applicant, the newest; whether there are more.

        Marks, capitals and the place of a tone do not matter; all words have to fit, the last one may be begun only.
        """
        return self.cases.find_codes(call.actor, **call.args)

    @query(schemas.CountDossiers, operators=True)
    def count_dossiers(self, call: Call) -> Any:
        """How many dossiers there are, by status, unit, channel, level, month and day; as of a few seconds ago."""
        return self.cases.counting.counts(call.actor, **call.args)

    @subscribe(
        "routing",
        "case_accepted",
        "case_rejected",
        "case_assigned",
        "case_transferred",
        "case_fee_noted",
        "case_decided",
        "case_stopped",
        "supplement_requested",
        "supplement_received",
    )
    def note_case(self, message: Received) -> None:
        """What the unit did."""
        self.cases.note(message.event, message.cause, message.envelope.sequence)

    @subscribe("payment", "fee_requested", "fee_waived", "fee_paid", "fee_expired", "fee_cancelled", "receipt_issued")
    def note_fee(self, message: Received) -> None:
        """What became of a fee."""
        self.cases.note(message.event, message.cause, message.envelope.sequence)

    @subscribe("registry", "record_issued", "record_revoked")
    def note_record(self, message: Received) -> None:
        """What became of the result."""
        self.cases.note(message.event, message.cause, message.envelope.sequence)

    @subscribe("registry", "catalogue_published")
    def project_catalogue(self, message: Received) -> None:
        """Keep the catalogue at hand."""
        self.cases.project(message.event.data)
