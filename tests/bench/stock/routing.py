"""routing: the unit's cases."""

from typing import Any, Final

from nameko.rpc import rpc
from pymongo import ReturnDocument

from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.fees import price
from services.routing.schemas import Accept, Decide
from tests.bench.stock import catalogue
from tests.bench.stock.common import PREFIX, Document, Stock, checked, entry, hear, now, read

_ACCEPT: Final = Accept()
_DECIDE: Final = Decide()
_BEFORE_DECISION: Final = ("on_submission", "on_acceptance")


class Refused(Exception):
    """The action is not allowed now."""


class Routing(Stock):
    """What officers do."""

    name = PREFIX + "routing"

    @hear("intake", "dossier_submitted")
    def open_case(self, payload: Document) -> None:
        """Stand the dossier in the queue of its unit."""
        said = read(payload).data
        procedure = catalogue.procedure(said["tenant"], said["procedure"])
        unit, day = catalogue.unit(said["tenant"], said["unit"]), local_day(said["submitted_at"])
        awaited = [when for when in _BEFORE_DECISION if price(procedure["fees"], said["fee_inputs"], when, day)]
        names = ("dossier_code", "tenant", "procedure", "procedure_version", "unit", "submitted_at", "answer_due_at")
        limit = procedure["time_limit"]
        opened = {
            **{name: said[name] for name in names},
            "opened_at": now(),
            "fee_before_decision": bool(awaited),
            "fees_awaited": awaited,
            "time_limit": {name: limit[name] for name in ("kind", "days", "windows") if name in limit},
            "on_supplement": procedure["clock"]["on_supplement"],
            "on_payment": procedure["clock"]["on_payment"],
            "calendar": unit["calendar"],
            "office_hours": unit.get("office_hours") or "standard",
        }
        code = opened["dossier_code"]
        kept = {**opened, "_id": code, "status": "opened", "fees": [], "history": [entry("case_opened", opened)]}
        self.database.cases.insert_one(kept)
        self.say("case_opened", code, opened)

    @rpc
    def accept(self, **request: Any) -> Document:
        """Receive the dossier."""
        code = checked(_ACCEPT, request)["dossier_code"]
        case, at = self._case(code, "opened"), now()
        unit = catalogue.unit(case["tenant"], case["unit"])
        due_at = catalogue.of_unit(unit).due_at(case["time_limit"], at)
        accepted = {"dossier_code": code, "unit": case["unit"], "accepted_at": at, "due_at": due_at}
        self._change(code, {"status": "accepted", "accepted_at": at, "due_at": due_at}, "case_accepted", accepted)
        return {"dossier_code": code, "status": "accepted"}

    @rpc
    def decide(self, **request: Any) -> Document:
        """Grant or refuse."""
        asked = checked(_DECIDE, request)
        code, at = asked["dossier_code"], now()
        case = self._case(code, "accepted")
        settled = {fee["when_due"] for fee in case["fees"] if fee["fee"] == "settled"}
        if set(case["fees_awaited"]) - settled:
            raise Refused(f"a fee of {code} is not paid")
        names = ("tenant", "procedure", "procedure_version", "unit")
        decided = {
            "dossier_code": code,
            **{name: case[name] for name in names},
            "outcome": asked["outcome"],
            "decided_at": at,
            "due_at": case["due_at"],
            "on_time": at <= case["due_at"],
        }
        self._change(code, {"status": "decided", "outcome": asked["outcome"]}, "case_decided", decided)
        return {"dossier_code": code, "status": "decided"}

    @hear("payment", "fee_requested", "fee_paid")
    def note_fee(self, payload: Document) -> None:
        """Take down what payment says of a fee."""
        event = read(payload)
        asked, said = event.type == "fee_requested", event.data
        noted = {
            "dossier_code": said["dossier_code"],
            "order_id": said["order_id"],
            "when_due": said["when_due"],
            "fee": "required" if asked else "settled",
            "noted_at": said["requested_at" if asked else "paid_at"],
        }
        case = self.database.cases.find_one_and_update(
            {"_id": said["dossier_code"]},
            {"$push": {"fees": noted, "history": entry("case_fee_noted", noted)}},
            {"due_at": 1},
            return_document=ReturnDocument.AFTER,
        )
        self.say("case_fee_noted", said["dossier_code"], {**noted, "due_at": case["due_at"]})

    def _case(self, code: str, status: str) -> Document:
        found: Document | None = self.database.cases.find_one({"_id": code}, {"history": 0})
        if found is None or found["status"] != status or found["unit"] != self.caller.get("unit"):
            raise Refused(f"the case {code} is not {status}")
        return found

    def _change(self, code: str, change: Document, type_: str, data: Document) -> None:
        self.database.cases.update_one({"_id": code}, {"$set": change, "$push": {"history": entry(type_, data)}})
        self.say(type_, code, data)
