"""registry on the bus: its commands, its queries, and the events it follows."""

from typing import Any

from services.chassis.rpc import Call, command, query
from services.chassis.service import Service
from services.chassis.subscribe import Received, subscribe
from services.registry import schemas
from services.registry.usecases import RegistryCases


class RegistryService(Service):
    """The nameko door. Anybody may read the catalogue; records are for those concerned."""

    name = "registry"
    cases: RegistryCases

    @command(schemas.PublishCatalogue)
    def publish_catalogue(self, call: Call) -> dict[str, Any]:
        """Publish catalogue documents."""
        return self.cases.catalogue.publish_catalogue(call.actor, call.cause, **call.args)

    @query(schemas.ListTenants, needs_actor=False)
    def list_tenants(self, call: Call) -> dict[str, Any]:
        """The ministries."""
        return self.cases.catalogue.list_tenants(**call.args)

    @query(schemas.GetTenant, needs_actor=False)
    def get_tenant(self, call: Call) -> dict[str, Any]:
        """One ministry."""
        return self.cases.catalogue.get_tenant(**call.args)

    @query(schemas.ListProcedures, needs_actor=False)
    def list_procedures(self, call: Call) -> dict[str, Any]:
        """The procedures of a ministry."""
        return self.cases.catalogue.list_procedures(**call.args)

    @query(schemas.GetDocument, needs_actor=False)
    def get_procedure(self, call: Call) -> dict[str, Any]:
        """One procedure."""
        return self.cases.catalogue.get_document("procedure", **call.args)

    @query(schemas.ListUnits, needs_actor=False)
    def list_units(self, call: Call) -> dict[str, Any]:
        """The units of a ministry."""
        return self.cases.catalogue.list_units(**call.args)

    @query(schemas.GetDocument, needs_actor=False)
    def get_unit(self, call: Call) -> dict[str, Any]:
        """One unit; with `standing`, one that has ended as it last was."""
        return self.cases.catalogue.get_document("unit", **call.args)

    @query(schemas.GetDocument, needs_actor=False)
    def get_dataset(self, call: Call) -> dict[str, Any]:
        """One dataset: whose its records are, of which fields; with `standing`, one that has ended as it last was."""
        return self.cases.catalogue.get_document("dataset", **call.args)

    @query(schemas.GetCalendar, needs_actor=False)
    def get_calendar(self, call: Call) -> dict[str, Any]:
        """One calendar; with `standing`, one that has ended as it last was."""
        return self.cases.catalogue.get_document("calendar", **call.args)

    @query(schemas.OneRecord)
    def get_record(self, call: Call) -> dict[str, Any]:
        """One record."""
        return self.cases.records.get_record(call.actor, **call.args)

    @query(schemas.FindRecords)
    def find_records(self, call: Call) -> dict[str, Any]:
        """Records of a dataset."""
        return self.cases.records.find_records(call.actor, **call.args)

    @query(schemas.OneRecord)
    def history(self, call: Call) -> dict[str, Any]:
        """The versions of a record."""
        return self.cases.records.history(call.actor, **call.args)

    @query(schemas.OneRecord, needs_actor=False)
    def look_up(self, call: Call) -> dict[str, Any]:
        """Whether there is such a record, and whether it is in force."""
        return self.cases.records.look_up(**call.args)

    @query(schemas.Verify, needs_actor=False)
    def verify(self, call: Call) -> dict[str, Any]:
        """Is it valid, and this holder's?"""
        return self.cases.records.verify(**call.args)

    @command(schemas.Amend)
    def amend(self, call: Call) -> dict[str, Any]:
        """A new version of a record."""
        return self.cases.records.amend(call.actor, call.cause, **call.args)

    @command(schemas.Revoke)
    def revoke(self, call: Call) -> dict[str, Any]:
        """End a record."""
        return self.cases.records.revoke(call.actor, call.cause, **call.args)

    @subscribe("routing", "case_decided")
    def note_decision(self, message: Received) -> None:
        """A unit decided."""
        self.cases.issuing.note_decision(message)

    @subscribe("payment", "fee_paid", "fee_waived")
    def note_fee(self, message: Received) -> None:
        """A fee is out of the way."""
        self.cases.issuing.note_fee(message)

    @subscribe("intake", "dossier_withdrawn")
    def note_withdrawal(self, message: Received) -> None:
        """An applicant took his dossier back."""
        self.cases.issuing.note_withdrawal(message)

    @subscribe("routing", "case_stopped")
    def note_stop(self, message: Received) -> None:
        """A unit stopped, after it had granted or before."""
        self.cases.issuing.note_stop(message)

    @subscribe("registry", "issuance_ready")
    def issue_record(self, message: Received) -> None:
        """Our own word that everything is there."""
        self.cases.issuing.issue_record(message)
