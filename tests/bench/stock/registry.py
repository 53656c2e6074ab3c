"""registry: records."""

from typing import Any

from nameko.rpc import RpcProxy
from pymongo import ReturnDocument

from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.forms import record_of
from tests.bench.stock import catalogue
from tests.bench.stock.common import PREFIX, Document, Stock, entry, hear, now, read


class Registry(Stock):
    """What a decision leads to."""

    name = PREFIX + "registry"
    intake: Any = RpcProxy(PREFIX + "intake")

    @hear("routing", "case_decided")
    def note_decision(self, payload: Document) -> None:
        """A unit decided."""
        said = read(payload).data
        code, dataset = said["dossier_code"], self._procedure(said)["result"]["dataset"]
        names = ("tenant", "procedure", "procedure_version", "unit", "outcome")
        noted = {
            "dossier_code": code,
            "fact": "decided",
            **{name: said[name] for name in names},
            "dataset": dataset,
            "needs_fee": False,
            "noted_at": said["decided_at"],
        }
        self.database.issuances.insert_one({**noted, "_id": code, "history": [entry("issuance_noted", noted)]})
        self.say("issuance_noted", code, noted)
        year, at = local_day(said["decided_at"]).year, said["decided_at"]
        self.say("issuance_ready", code, {"dossier_code": code, "dataset": dataset, "year": year, "ready_at": at})

    @hear("payment", "fee_paid")
    def note_fee(self, payload: Document) -> None:
        """Only a fee due before the result would hold a record back."""
        read(payload)

    @hear("registry", "issuance_ready")
    def issue_record(self, payload: Document) -> None:
        """Issue the record under the next number."""
        said = read(payload).data
        code, at = said["dossier_code"], now()
        issuance = self.database.issuances.find_one({"_id": code})
        dataset = catalogue.body("dataset", issuance["tenant"], said["dataset"])
        mapping = self._procedure(issuance)["result"]["record_fields"]
        application = self.intake.get(dossier_code=code)
        number = self._next_number(dataset, said["year"])
        issued = {
            "dossier_code": code,
            **{name: issuance[name] for name in ("tenant", "procedure", "unit")},
            "dataset": said["dataset"],
            "number": number,
            "version": 1,
            "issued_at": at,
            "expires_on": None,
        }
        self.database.records.insert_one(
            {
                **issued,
                "_id": f"{said['dataset']}/{number}",
                "status": "valid",
                "holder": application["applicant"],
                "content": record_of(mapping, dataset["fields"], application["form"]),
                "history": [entry("record_issued", issued)],
            }
        )
        self.say("record_issued", code, issued)

    def _procedure(self, said: Any) -> catalogue.Body:
        return catalogue.procedure(said["tenant"], said["procedure"])

    def _next_number(self, dataset: catalogue.Body, year: int) -> str:
        counted = self.database.numbers.find_one_and_update(
            {"_id": f"{dataset['key']}/{year}"},
            {"$inc": {"last": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        pattern: str = dataset["number_pattern"]
        return pattern.replace("{seq}", str(counted["last"])).replace("{year}", str(year))
