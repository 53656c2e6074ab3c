"""From a decision to a record: facts are noted as they come, and what is ready is issued once, under its own number.

A withdrawal, or the stop of what was granted and not paid for, may overtake the issue at any point. Whoever comes
second puts it right: the end first writes its fact and then looks for the record; the issue first writes the record and
then looks for the fact. A number that has been taken is always used, so that none is missing, and the record is then
revoked.
"""

import uuid
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from services.chassis.cause import Cause
from services.chassis.errors import NotFound
from services.chassis.journal import Journal
from services.chassis.subscribe import Received
from services.contracts.catalogue.dates import local_day
from services.registry import contents
from services.registry import domain as rules
from services.registry.catalogue import unknown_document
from services.registry.clients import Intake
from services.registry.domain import Decision, Issuance, IssueOrder
from services.registry.store import Numbers, Publications, Records

_FOLLOW_UPS = uuid.UUID("0a3c2f0e-5a0b-5d53-9a86-1c1c0f1b6c55")


@dataclass(frozen=True)
class IssuingCases:
    """What events of others lead to."""

    issuances: Journal[Issuance]
    publications: Publications
    records: Records
    numbers: Numbers
    intake: Intake

    def note_decision(self, message: Received) -> None:
        """The unit decided on a dossier. Raises NotFound while the procedure is not in the catalogue."""
        code, decision = message.event.data["dossier_code"], self._decision(message.event.data)
        self.issuances.change(code, message.cause, lambda state: rules.note_decision(state, code, decision), opens=True)

    def note_fee(self, message: Received) -> None:
        """A fee was paid or came to nothing; only the one due before the result holds a record back."""
        data = message.event.data
        if data["when_due"] == rules.FEE_MOMENT:
            code, at = data["dossier_code"], data.get("paid_at") or data["waived_at"]
            self.issuances.change(code, message.cause, lambda state: rules.note_fee(state, code, at))

    def note_withdrawal(self, message: Received) -> None:
        """The applicant took a dossier back: nothing is issued, and what was issued is revoked."""
        code, at = message.event.data["dossier_code"], message.event.data["withdrawn_at"]
        self.issuances.change(code, message.cause, lambda state: rules.note_withdrawal(state, code, at))
        self._revoke_if_ended(code, message.cause)

    def note_stop(self, message: Received) -> None:
        """The unit stopped: what was granted is not issued, and what was issued is revoked."""
        data = message.event.data
        if data.get("granted"):
            code, at = data["dossier_code"], data["stopped_at"]
            self.issuances.change(code, message.cause, lambda state: rules.note_stop(state, code, at))
            self._revoke_if_ended(code, message.cause)

    def issue_record(self, message: Received) -> None:
        """Everything is there: issue the record, unless the dossier ended before its number was taken."""
        order = IssueOrder(**message.event.data)
        issuance = self.issuances.get(order.dossier_code).state
        if issuance.end is None or self.numbers.is_held(order.owner):
            self._issue(order, issuance, message.cause)
        self._revoke_if_ended(order.dossier_code, message.cause)

    def _issue(self, order: IssueOrder, issuance: Issuance, cause: Cause) -> None:
        if issuance.decision is None or self.records.of_dossier(order.dossier_code) is not None:
            return
        decision, issued_on = issuance.decision, local_day(order.ready_at)
        procedure, dataset = self._procedure(decision), self._dataset(decision.tenant, order.dataset, issued_on)
        application = self.intake.application(order.dossier_code)
        content = contents.first_content(procedure, dataset, application.form, decision.refused_rows)
        expires_on = contents.last_day(procedure, dataset, issued_on)
        _, sequence = self.numbers.take(order.series, order.owner)
        number = contents.number_of(dataset, sequence, order.year)
        self.records.journal.change(
            rules.record_id(order.dataset, number),
            cause,
            lambda state: rules.issue(state, order, decision, number, expires_on),
            subject={"holder": application.holder.kept(), "versions": {"1": content}},
            opens=True,
        )

    def _revoke_if_ended(self, code: str, cause: Cause) -> None:
        end = self.issuances.get(code).state.end
        record = self.records.of_dossier(code) if end else None
        if end and record:
            # the cause itself may have made the record in this very history, which takes each cause once
            follow_up = replace(cause, id=str(uuid.uuid5(_FOLLOW_UPS, f"{cause.id} {end.reason}")))
            self.records.journal.change(record.id, follow_up, lambda state: rules.end(state, end))

    def _decision(self, data: Any) -> Decision:
        refused = tuple(item["row"] for item in data.get("rows", ()) if item["outcome"] == "refused")
        decision = Decision(**{name: data[name] for name in _DECIDED}, refused_rows=refused)
        if decision.outcome != "granted":
            return decision
        procedure = self._procedure(decision)
        needs_fee = contents.needs_fee(procedure, rules.FEE_MOMENT)
        return replace(decision, dataset=procedure["result"]["dataset"], needs_fee=needs_fee)

    def _procedure(self, decision: Decision) -> contents.Body:
        """The procedure as the dossier was received under it; a version may carry more behind its day."""
        valid_from = decision.procedure_version[:10]
        found = self.publications.recent_version(decision.tenant, "procedure", decision.procedure, valid_from)
        if found is None:
            raise unknown_document("procedure")
        return found.document

    def _dataset(self, tenant: str, key: str, day: date) -> contents.Body:
        """The dataset in force on the day of issue, else as it last was: what was granted is issued."""
        found = self.publications.recently_standing(tenant, "dataset", key, day)
        if found is None:
            raise NotFound("registry.unknown_dataset", "There is no such dataset.", "Không có cơ sở dữ liệu này.")
        return found.document


_DECIDED = ("tenant", "procedure", "procedure_version", "unit", "outcome", "decided_at")
