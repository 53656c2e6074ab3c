"""intake: submissions, and the public status that follows from what the others say."""

from collections.abc import Mapping
from typing import Any, Final

from nameko.rpc import rpc
from pymongo import ReturnDocument

from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.forms import fee_inputs, missing_components
from services.contracts.event import Event
from services.contracts.words import DVCQG
from services.intake.facts import fact_of
from services.intake.schemas import Submit
from tests.bench.stock import catalogue
from tests.bench.stock.common import PREFIX, Document, Stock, checked, entry, hear, now, read

_ANSWER_HOURS: Final = 8
_SUBMIT: Final = Submit()
_KEPT_OF_UPLOAD: Final = ("filename", "content_type", "size", "sha256")
# the status that an event stands for; others leave it as it is
_STATUS_AFTER: Final = {
    "case_accepted": "accepted",
    "fee_requested": "payment_required",
    "fee_paid": "accepted",
    "case_decided": "processing",
    "record_issued": "resolved",
}


class Refused(Exception):
    """The request cannot be done."""


class Intake(Stock):
    """What applicants ask, and what the other services tell."""

    name = PREFIX + "intake"

    @rpc
    def submit(self, **request: Any) -> Document:
        """Submit a dossier."""
        asked = checked(_SUBMIT, request)
        procedure = catalogue.procedure(asked["tenant"], asked["procedure"])
        answers = checked(catalogue.form(asked["tenant"], asked["procedure"]), asked["form"])
        papers = self._papers(procedure, answers, asked["documents"])
        unit, at = catalogue.unit(asked["tenant"], procedure["unit"]), now()
        code = self._next_code(unit["agency_code"], f"{local_day(at):%y%m%d}")
        submitted = {
            "dossier_code": code,
            "tenant": asked["tenant"],
            "procedure": asked["procedure"],
            "procedure_version": procedure["valid_from"],
            "unit": procedure["unit"],
            "level": procedure["level"],
            "applicant_kind": asked["applicant"]["kind"],
            "channel": asked["channel"],
            "components": [paper["component"] for paper in papers],
            "fee_inputs": fee_inputs(procedure["fees"], answers),
            "submitted_at": at,
            "answer_due_at": catalogue.of_unit(unit).add_working_hours(at, _ANSWER_HOURS),
        }
        self.database.dossiers.insert_one(
            {
                **submitted,
                "_id": code,
                "status": "submitted",
                "facts": {},
                "history": [entry("dossier_submitted", submitted)],
                "applicant": asked["applicant"],
                "form": answers,
                "documents": papers,
            }
        )
        self._name(code, papers)
        self.say("dossier_submitted", code, submitted)
        return {"dossier_code": code, "status": "submitted", "submitted_at": at.isoformat()}

    @rpc
    def get(self, dossier_code: str) -> Document:
        """One dossier."""
        found = self.database.dossiers.find_one({"_id": dossier_code}, {"history": 0})
        if found is None:
            raise Refused(f"no dossier {dossier_code}")
        names = ("tenant", "procedure", "procedure_version", "unit", "status", "applicant", "form", "documents")
        return {"dossier_code": dossier_code, **{name: found[name] for name in names}}

    @hear("routing", "case_accepted", "case_fee_noted", "case_decided")
    def note_case(self, payload: Document) -> None:
        """What the unit did."""
        self._note(read(payload))

    @hear("payment", "fee_requested", "fee_paid", "receipt_issued")
    def note_fee(self, payload: Document) -> None:
        """What became of the fee."""
        self._note(read(payload))

    @hear("registry", "record_issued")
    def note_record(self, payload: Document) -> None:
        """The result is there."""
        event = read(payload)
        self._note(event)
        resolved = {
            "dossier_code": event.data["dossier_code"],
            "outcome": "granted",
            "dataset": event.data["dataset"],
            "number": event.data["number"],
            "resolved_at": event.data["issued_at"],
        }
        self.say("dossier_resolved", resolved["dossier_code"], resolved)

    def _note(self, event: Event) -> None:
        code, fact = event.data["dossier_code"], fact_of(event)
        change: Document = {f"facts.{event.type}": fact.data}
        if event.type in _STATUS_AFTER:
            change["status"] = _STATUS_AFTER[event.type]
        noted = self.database.dossiers.find_one_and_update(
            {"_id": code},
            {"$set": change, "$push": {"history": entry(event.type, fact.data)}},
            {"status": 1},
            return_document=ReturnDocument.AFTER,
        )
        progressed = {
            "dossier_code": code,
            "fact": fact.type,
            "fact_data": fact.data,
            "sequence": 1,
            "status": noted["status"],
            "dvcqg_status": DVCQG[noted["status"]],
            "noted_at": now(),
        }
        self.say("dossier_progressed", code, progressed)

    def _papers(
        self, procedure: Mapping[str, Any], answers: Document, documents: list[dict[str, str]]
    ) -> list[Document]:
        """The uploads that the documents name. Raises Refused."""
        ids = [one["upload_id"] for one in documents]
        wanted = {"_id": {"$in": ids}, "owner": self.caller.get("id"), "status": "finished", "dossier_code": None}
        found = {one["_id"]: one for one in self.database.uploads.find(wanted)}
        missing = missing_components(procedure["components"], answers, [one["component"] for one in documents])
        if missing or len(found) < len(ids):
            raise Refused("papers are missing")
        return [{**one, **{name: found[one["upload_id"]][name] for name in _KEPT_OF_UPLOAD}} for one in documents]

    def _name(self, code: str, papers: list[Document]) -> None:
        ids = [paper["upload_id"] for paper in papers]
        self.database.uploads.update_many({"_id": {"$in": ids}}, {"$set": {"dossier_code": code}})

    def _next_code(self, agency_code: str, day: str) -> str:
        prefix = f"{agency_code}-{day}"
        counted = self.database.codes.find_one_and_update(
            {"_id": prefix}, {"$inc": {"last": 1}}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return f"{prefix}-{counted['last']:04d}"
