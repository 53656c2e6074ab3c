"""What may become of a dossier, told step by step through the doors that everybody has."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from services.cli.demo.town import SYSTEM, DemoError, Town, fresh, patiently

# Those of a demonstration; two more make money go back.
FATES: Final = ("granted", "supplemented", "refused", "withdrawn", "rejected", "handed on", "left open")
_NOT_YET = ("NotFound",)
# Gateways tell whole ones: what is paid in the second of an end is paid behind it, and goes back whole.
_SECOND: Final = 1.0
_LAST_WORD: Final = {
    "granted": "resolved",
    "supplemented": "resolved",
    "refused": "refused",
    "withdrawn": "withdrawn",
    "rejected": "rejected",
    "handed on": "resolved",
    "left open": "accepted",
    "rejected when paid": "rejected",
    "withdrawn when paid": "withdrawn",
}


@dataclass(frozen=True)
class Told:
    """How one dossier went."""

    procedure: str
    name: str
    unit: str
    dossier_code: str
    fee_vnd: int
    number: str
    due_at: str
    status: str
    outcome: str
    letters: int
    seconds: float


class Story:
    """One dossier of one procedure, its applicant and an officer of its unit."""

    def __init__(self, town: Town, tenant: str, procedure: Mapping[str, Any], tag: str) -> None:
        self.town, self.tenant, self.procedure = town, tenant, procedure
        self.applicant = {**procedure["example"]["applicant"], "email": f"{procedure['key']}.{tag}@example.vn"}
        person = self.applicant["kind"] == "citizen"
        identity = self.applicant["id_number" if person else "tax_code"]
        self.citizen = {"kind": self.applicant["kind"], "id": identity}
        self.officer = {"kind": "officer", "id": "cb-001", "unit": procedure["unit"], "duties": "transfer"}
        self.code = ""
        self.fee_vnd = 0

    def tell(self, fate: str) -> Told:
        """Live through `fate`, and wait until every service agrees."""
        began = time.monotonic()
        self.submit()
        fates: Mapping[str, Callable[[], None]] = {
            "granted": self.be_granted,
            "supplemented": self.be_supplemented,
            "refused": self.be_refused,
            "withdrawn": self.be_withdrawn,
            "rejected": self.be_rejected,
            "handed on": self.be_handed_on,
            "left open": self.be_left_open,
            "rejected when paid": partial(self.be_given_back, self.be_rejected),
            "withdrawn when paid": partial(self.be_given_back, self.be_withdrawn),
        }
        fates[fate]()
        return self._told(fate, began)

    def submit(self) -> None:
        """Documents, then the dossier; asked twice, as on a bad line, it is one dossier."""
        example = self.procedure["example"]
        documents = [
            {"component": one["component"], "upload_id": self.town.upload(self.citizen, one["component"])}
            for one in example["documents"]
        ]
        request = {
            "tenant": self.tenant,
            "procedure": self.procedure["key"],
            "applicant": self.applicant,
            "form": example["form"],
            "documents": documents,
            "channel": "online",
            "request_id": fresh(),
        }
        first = self.town.ask(self.citizen, "intake.submit", **request)
        if self.town.ask(self.citizen, "intake.submit", **request) != first:
            raise DemoError(f"{self.procedure['key']}: the same request gave two answers")
        self.code = first["dossier_code"]

    def be_granted(self) -> None:
        """Accept, pay, assign, decide, pay what falls due before the result, and have the record."""
        self.accept()
        self.settle_fees("on_submission", "on_acceptance")
        self.act("assign", officer=self.officer["id"])
        self.decide(outcome="granted")
        self.settle_fees("before_result")
        self.await_status("resolved")

    def be_supplemented(self) -> None:
        """Be asked once for what is missing, answer, then go the whole way."""
        component = self.procedure["example"]["documents"][0]["component"]
        item = {"component": component, "guidance": "Bản quét mờ, đề nghị nộp lại. / The scan is faint."}
        self.act("request_supplement", items=[item], reason="Thiếu bản rõ / A legible copy is missing")
        self.await_status("supplement_requested")
        document = {"component": component, "upload_id": self.town.upload(self.citizen, f"{component}-2")}
        self.town.ask(
            self.citizen, "intake.supplement", dossier_code=self.code, form={}, documents=[document], request_id=fresh()
        )
        patiently(lambda: self.case()["status"] != "supplement_requested", f"{self.code} supplement at routing")
        self.be_granted()

    def be_refused(self) -> None:
        """Be received and paid for, and not get the licence."""
        self.accept()
        self.settle_fees("on_submission", "on_acceptance")
        self.act("assign", officer=self.officer["id"])
        self.decide(outcome="refused", reason="Không đủ điều kiện / The conditions are not met")
        self.await_status("resolved")

    def be_withdrawn(self) -> None:
        """Change one's mind."""
        self.town.ask(
            self.citizen,
            "intake.withdraw",
            dossier_code=self.code,
            reason="Không còn nhu cầu / No longer needed",
            request_id=fresh(),
        )
        patiently(lambda: self.case()["status"] == "withdrawn", f"{self.code} withdrawn at routing", *_NOT_YET)

    def be_rejected(self) -> None:
        """Not even be received."""
        self.act("reject", reason="Không thuộc thẩm quyền / Not within competence")
        self.await_status("rejected")

    def be_given_back(self, end: Callable[[], None]) -> None:
        """Pay on submission, end all the same, and have back from the gateway what is owed."""
        self.settle_fees("on_submission")
        time.sleep(_SECOND)
        end()
        patiently(lambda: self.order()["status"] == "refunded", f"{self.code} refund")

    def be_handed_on(self) -> None:
        """Come to a unit that is not competent, and have the licence from another."""
        self.hand_on()
        self.be_granted()

    def hand_on(self) -> None:
        """Go to another unit of the ministry, whose officer goes on with it."""
        units = self.town.ask(SYSTEM, "registry.list_units", tenant=self.tenant)["items"]
        to_unit = next(one["key"] for one in units if one["key"] != self.officer["unit"])
        self.act("transfer", to_unit=to_unit, reason="not_competent", note="Thuộc đơn vị khác / Another unit's task")
        self.officer = {**self.officer, "unit": to_unit}

    def be_left_open(self) -> None:
        """Be received, and wait."""
        self.accept()
        patiently(lambda: self.dossier()["status"] in ("accepted", "payment_required"), f"{self.code} accepted")

    def accept(self) -> None:
        """Receive the dossier at the unit."""
        self.act("accept")

    def act(self, verb: str, *, by: Mapping[str, str] | None = None, **arguments: Any) -> None:
        """An officer's action, as soon as the case is there; of the one who has it, unless it is done `by` another."""
        request = {"dossier_code": self.code, "request_id": fresh(), **arguments}
        ask = partial(self.town.ask, by or self.officer, f"routing.{verb}", **request)
        patiently(ask, f"{self.code} {verb}", *_NOT_YET)

    def decide(self, **decision: Any) -> None:
        """In as many steps as the procedure demands: the officer in charge proposes, and another signs.

        Both wait until the unit has heard of the payment: the applicant had his receipt a moment earlier.
        """
        patiently(lambda: not self.case()["unpaid"], f"{self.code} paid at routing", *_NOT_YET)
        if self.procedure.get("decision") == "two_step":
            self.act("propose", **decision)
            self.act("decide", by={**self.officer, "id": "cb-002", "duties": "sign"}, **decision)
        else:
            self.act("decide", **decision)

    def settle_fees(self, *moments: str) -> None:
        """Pay what falls due at these moments, and have the receipt."""
        for moment in moments:
            if any(fee["when_due"] == moment for fee in self.procedure["fees"]):
                self._settle(moment)

    def await_status(self, status: str) -> None:
        """Until the public status says so."""
        patiently(lambda: self.dossier()["status"] == status, f"{self.code} {status}")

    def dossier(self) -> Any:
        """The dossier, as the system sees it."""
        return self.town.ask(SYSTEM, "intake.get", dossier_code=self.code)

    def case(self) -> Any:
        """The case, as the system sees it."""
        return self.town.ask(SYSTEM, "routing.get_case", dossier_code=self.code)

    def order(self) -> Any:
        """The fee order that waits, or the last one, as the applicant sees it."""
        return self.town.ask(self.citizen, "payment.get_order", dossier_code=self.code)

    def _settle(self, moment: str) -> None:
        def order() -> Any:
            found = self.order()
            return found if found["when_due"] == moment and found["status"] != "assessed" else None

        due = patiently(order, f"{self.code} fee {moment}", *_NOT_YET)
        if due["status"] == "waived":
            return
        started = self.town.ask(
            self.citizen,
            "payment.start_payment",
            order_id=due["order_id"],
            method="vnpay",
            return_url=f"{self.town.env['MOTCUA_PAYMENT_URL']}/payment/vnpay/return",
            request_id=fresh(),
        )
        self.town.pay(started["redirect_url"])
        patiently(lambda: self.order()["receipt"], f"{self.code} receipt {moment}")
        self.fee_vnd += due["amount_vnd"]

    def _told(self, fate: str, began: float) -> Told:
        dossier = self.dossier()
        record = dossier["result"] or {}
        if fate in ("granted", "supplemented", "handed on"):
            self._verify(record)
        letters = patiently(partial(self._letters, _LAST_WORD[fate]), f"{self.code} letters")
        return Told(
            procedure=self.procedure["key"],
            name=self.procedure["name"]["vi"],
            unit=self.officer["unit"],
            dossier_code=self.code,
            fee_vnd=self.fee_vnd,
            number=record.get("number") or "",
            due_at=self.case().get("due_at") or "",
            status=dossier["status"],
            outcome=fate,
            letters=len(letters),
            seconds=time.monotonic() - began,
        )

    def _verify(self, record: Mapping[str, Any]) -> None:
        answer = self.town.ask(
            self.citizen,
            "registry.verify",
            dataset=record["dataset"],
            number=record["number"],
            holder=self.applicant["name"],
        )
        if not (answer["valid"] and answer["holder_matches"]):
            raise DemoError(f"{self.code}: the registry does not vouch for {record['number']}")

    def _letters(self, last_word: str) -> Any:
        """The letters the applicant got, once the last is among them and all notices are handed over."""
        notices = self.town.ask(SYSTEM, "notify.list_notices", dossier_code=self.code)["items"]
        own = [notice for notice in notices if notice["audience"] == "applicant"]
        told = any(notice["moment"] == last_word for notice in own)
        if not told or any(one["status"] != "sent" for one in notices):
            return None
        letters = self._once(self.town.letters(self.applicant["email"]))
        return letters if len(letters) == len(own) else None

    def _once(self, letters: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """These letters. Raises DemoError where one came twice."""
        if len({letter["message_id"] for letter in letters}) != len(letters):
            raise DemoError(f"{self.code}: a letter came twice")
        return letters
