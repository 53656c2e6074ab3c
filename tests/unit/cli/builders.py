"""An installation in memory whose dossiers have gone their ways: real decisions, real journals, nothing on its way."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from services.chassis.cause import Cause
from services.cli.verify import books as shelves
from services.cli.verify.books import PUBLICATIONS, SHELVES, Shelf
from services.contracts import events
from services.contracts.catalogue.fees import FeeLine
from services.contracts.event import Event
from services.intake import domain as intake
from services.intake.facts import KINDS
from services.notify import domain as notify
from services.notify.domain import Notice, notice_id
from services.notify.moments import told_by
from services.payment import domain as payment
from services.payment.domain import Assessment, Capture
from services.payment.order import Transfer
from services.registry import catalogue
from services.registry import domain as registry
from services.registry.catalogue import Draft
from services.registry.contents import number_of
from services.registry.domain import Decision, IssueOrder
from services.routing import deciding, transferring
from services.routing import domain as routing
from services.routing.domain import FeeFact, Submission
from tests.unit.cli.memory import Kept, MemoryBooks
from tests.unit.intake.builders import submission
from tests.unit.payment.builders import BOTH, CITIZEN
from tests.unit.routing.builders import CALENDAR, OFFICER, at, terms

GRANTED, WITHDRAWN, REJECTED, OPEN = (f"000.00.06.G14-260112-000{number}" for number in range(1, 5))
PREFIX: Final = "000.00.06.G14-260112"
DATASET: Final = {"number_pattern": "{seq}/{year}/GP-VNNIC"}
_SINCE: Final = {"when_due": "on_submission", "valid_from": "2016-01-01", "valid_to": None}
FEES: Final[list[dict[str, Any]]] = [  # of two years they come to `BOTH`
    {
        **_SINCE,
        "code": one.code,
        "kind": one.kind,
        "name": {"vi": one.name_vi, "en": one.name_en},
        "basis": basis,
        "quantity_field": "years",
        "amount_vnd": one.unit_amount_vnd,
        "refundable": one.refundable,
    }
    for one, basis in zip(BOTH, ("flat", "per_year"), strict=True)
]
SUBMITTED, LATER = at("01-12", "08:30"), at("01-13")
_TRACE: Final = "00-" + "0" * 32 + "-" + "1" * 16 + "-01"
_SERIES: Final = ("01BLP", "AA-26E")
Deed = Callable[[Any], Sequence[Event]]


class Installation:
    """Five services, each with what it heard of the others by the time everything was said."""

    def __init__(self) -> None:
        self.books = MemoryBooks()
        self.journals = {shelf.name: self.books.journal(shelf) for shelf in (*SHELVES, PUBLICATIONS)}
        self._now = SUBMITTED
        self._causes = 0
        self._lines: dict[str, Sequence[FeeLine]] = {}
        self._publish("dataset", "ten-mien-vn", DATASET)
        self.price(FEES)
        self.be_granted(GRANTED)
        self.be_withdrawn(WITHDRAWN)
        self.submit(REJECTED)
        self.do(shelves.CASES, REJECTED, lambda case: routing.reject(case, OFFICER, self.now()))
        self.submit(OPEN)
        self.hand_on(OPEN, "cuc-bao-chi")
        self.rest()

    # what a test looks at, and spoils

    def document(self, shelf: Shelf, id_: str) -> dict[str, Any]:
        """A stored aggregate, to be spoilt."""
        return self.kept(shelf.name).documents[id_]

    def kept(self, name: str) -> Kept:
        """A collection."""
        found: Kept = self.books.collection(name)
        return found

    def notice(self, code: str, moment: str) -> dict[str, Any]:
        """A notice to the applicant."""
        wanted = (code, moment, "applicant")
        found = self.kept("notify.notices").documents.values()
        return next(
            one for one in found if tuple(one["state"][key] for key in ("dossier_code", "moment", "audience")) == wanted
        )

    # what people do

    def price(self, fees: list[dict[str, Any]]) -> None:
        """The catalogue says from now on what this costs."""
        self._publish("procedure", "dk-ten-mien-vn", {"fees": fees})

    def submit(self, code: str, lines: Sequence[FeeLine] = BOTH) -> None:
        """Hand in a dossier with one paper; its fee is asked for, in these lines."""
        self._lines[code] = lines
        self.kept("intake.codes").put({"_id": PREFIX, "last": 5})
        self.kept("intake.uploads").put(
            {"_id": f"up-{code}", "status": "finished", "dossier_code": code, "current": f"file-{code}"}
        )
        self.kept("intake.papers.files").put({"_id": f"file-{code}", "length": 25, "chunkSize": 10})
        data = f"{code:x<25}".encode()[:25]
        self.kept("intake.papers.chunks").put(
            *(
                {"_id": f"{code} {n}", "files_id": f"file-{code}", "n": n, "data": data[10 * n : 10 * n + 10]}
                for n in (2, 0, 1)
            )
        )
        paper = {"component": "TP01", "upload_id": f"up-{code}", "size": 25, "filename": "Nguyễn Thị Mẫu.pdf"}
        paper["sha256"] = sha256(data).hexdigest()
        opened = submission(
            dossier_code=code, submitted_at=self.now(), answer_due_at=CALENDAR.add_working_hours(SUBMITTED, 8)
        )
        self.do(
            shelves.DOSSIERS, code, lambda dossier: intake.submit(dossier, opened), {"owner": "x", "documents": [paper]}
        )

    def pay(self, code: str) -> None:
        """Go to the gateway and pay; the gateway says so."""
        self.go_to_the_gateway(code)
        order_id = f"{code}-S"
        (attempt,) = self.journals[shelves.ORDERS.name].get(order_id).state.attempts
        captured = Capture(attempt.reference, "14001", self.now())
        self.do(shelves.ORDERS, order_id, lambda order: payment.capture(order, captured, self.now()))

    def go_to_the_gateway(self, code: str) -> None:
        """Begin to pay."""
        quarter = timedelta(minutes=15)
        self.do(
            shelves.ORDERS,
            f"{code}-S",
            lambda order: payment.start(order, CITIZEN, True, "vnpay", quarter, self.now()),
        )

    def be_granted(self, code: str) -> None:
        """Pay, supplement, have the record and take it home."""
        self.submit(code)
        self.pay(code)
        self.do(
            shelves.CASES, code, lambda case: routing.request_supplement(case, OFFICER, ["TP01"], self.now(), LATER)
        )
        self.do(shelves.DOSSIERS, code, lambda dossier: intake.supplement(dossier, 1, ["TP01"], self.now()))
        self.do(shelves.CASES, code, lambda case: routing.accept(case, OFFICER, CALENDAR, self.now()))
        self.do(shelves.CASES, code, lambda case: deciding.decide(case, OFFICER, "granted", None, self.now()))
        self.do(shelves.DOSSIERS, code, lambda dossier: intake.return_result(dossier, "direct", self.now()))

    def be_withdrawn(self, code: str) -> None:
        """Pay, and then think better of it."""
        self.submit(code)
        self.pay(code)
        self.do(shelves.DOSSIERS, code, lambda dossier: intake.withdraw(dossier, self.now()))

    def hand_on(self, code: str, to_unit: str) -> None:
        """The unit is not competent, another is."""
        self.do(
            shelves.CASES,
            code,
            lambda case: transferring.transfer(case, OFFICER, to_unit, "not_competent", True, self.now()),
        )

    def now(self) -> datetime:
        """A minute later than the last time somebody asked."""
        self._now += timedelta(minutes=1)
        return self._now

    # how it travels

    def do(self, shelf: Shelf, id_: str, decide: Deed, subject: Any = None, cause: str = "") -> None:
        """A change, and everything that follows from it."""
        self._causes += 1
        why = Cause(cause or f"request {self._causes}", "thread", _TRACE, {"kind": "event"})
        before = len(self.kept(shelf.name).documents.get(id_, {}).get("history", ()))
        self.journals[shelf.name].change(id_, why, decide, subject=subject)
        for entry in self.document(shelf, id_)["history"][before:]:
            event = events.read(shelf.aggregate.source, entry["type"], entry["v"], entry["data"])
            self._hear(shelf, event, entry)

    def rest(self) -> None:
        """Everything is published."""
        for shelf in (*SHELVES, PUBLICATIONS):
            for document in self.kept(shelf.name).documents.values():
                document["relayed"] = document["version"]
                document.pop("pending_since", None)

    def _hear(self, shelf: Shelf, event: Event, entry: dict[str, Any]) -> None:
        code = event.data.get("dossier_code", "")
        handle = getattr(self, f"_on_{event.type}", None)
        if handle:
            handle(code, event.data, entry["id"])
        if event.type in KINDS and shelf is not shelves.DOSSIERS:
            noted_at, sequence = self.now(), entry["seq"]
            self.do(shelves.DOSSIERS, code, lambda one: intake.note(one, event, noted_at, sequence), cause=entry["id"])
        if shelf is not shelves.NOTICES:
            for moment in told_by(event):
                self._write_to(code, moment.name, moment.audience, entry["id"])

    def _write_to(self, code: str, moment: str, audience: str, cause: str) -> None:
        id_ = notice_id(cause, moment, audience)
        wanted = Notice(id_, code, moment, audience, "vnnic", 1, "vi", "email", self.now())
        self.do(shelves.NOTICES, id_, lambda notice: notify.request(notice, wanted), cause=cause)
        self.do(shelves.NOTICES, id_, lambda notice: notify.note_sent(notice, self.now()))

    def _on_dossier_submitted(self, code: str, said: Any, cause: str) -> None:
        opened = Submission(**{name: said[name] for name in Submission.__dataclass_fields__})
        due = terms(fees_awaited=("on_submission",))
        self.do(shelves.CASES, code, lambda case: routing.open_case(case, opened, due, self.now()), cause=cause)
        what = Assessment(code, "mic", "dk-ten-mien-vn", "vnnic", "on_submission")
        ten_days = timedelta(days=10)
        self.do(
            shelves.ORDERS,
            what.order_id,
            lambda order: payment.assess(order, what, self._lines[code], ten_days, self.now()),
            cause=cause,
        )
        self.kept("payment.dossiers").put({"_id": code, "unit": "vnnic", "orders": [what.order_id]})

    def _on_fee_requested(self, code: str, said: Any, cause: str) -> None:
        self._note_fee(code, said, "required", said["requested_at"], cause)

    def _on_fee_paid(self, code: str, said: Any, cause: str) -> None:
        self._note_fee(code, said, "settled", said["paid_at"], cause)
        number = self._take("payment.receipts", "/".join(_SERIES), said["order_id"])
        at_ = self.now()
        self.do(
            shelves.ORDERS,
            said["order_id"],
            lambda order: payment.issue_receipt(order, *_SERIES, number, at_),
            cause=cause,
        )

    def _on_dossier_supplemented(self, code: str, said: Any, cause: str) -> None:
        received_at = said["supplemented_at"]
        self.do(
            shelves.CASES,
            code,
            lambda case: routing.receive_supplement(case, said["round"], received_at, CALENDAR, 8),
            cause=cause,
        )

    def _on_case_decided(self, code: str, said: Any, cause: str) -> None:
        dataset = "ten-mien-vn" if said["outcome"] == "granted" else None
        named = {name: said[name] for name in ("tenant", "procedure", "procedure_version", "unit", "outcome")}
        decision = Decision(**named, decided_at=said["decided_at"], dataset=dataset)
        self.do(shelves.ISSUANCES, code, lambda issuance: registry.note_decision(issuance, code, decision), cause=cause)

    def _on_issuance_ready(self, code: str, said: Any, cause: str) -> None:
        order = IssueOrder(code, said["dataset"], said["year"], said["ready_at"])
        number = number_of(DATASET, self._take("registry.numbers", order.series, order.owner), order.year)
        decision = self.journals["registry.issuances"].get(code).state.decision
        self.do(
            shelves.RECORDS,
            registry.record_id(order.dataset, number),
            lambda record: registry.issue(record, order, decision, number, None),
            cause=cause,
        )

    def _on_dossier_withdrawn(self, code: str, said: Any, cause: str) -> None:
        withdrawn_at = said["withdrawn_at"]
        self.do(shelves.CASES, code, lambda case: routing.withdraw(case, withdrawn_at), cause=cause)
        self.do(shelves.ISSUANCES, code, lambda one: registry.note_withdrawal(one, code, withdrawn_at), cause=cause)
        self._end(code, withdrawn_at, cause)

    def _on_case_rejected(self, code: str, said: Any, cause: str) -> None:
        self._end(code, said["rejected_at"], cause)

    def _on_case_transferred(self, code: str, said: Any, cause: str) -> None:
        one = Transfer(said["transfer"], said["from_unit"], said["to_unit"], said["transferred_at"])
        self.do(shelves.ORDERS, f"{code}-S", lambda order: payment.transfer(order, one), cause=cause)
        self.kept("payment.dossiers").documents[code]["unit"] = one.to_unit
        self.kept("notify.units").put({"_id": code, "unit": one.to_unit, "transfer": one.number})

    def _on_refund_due(self, _code: str, said: Any, cause: str) -> None:
        number, at_ = said["refund"], self.now()
        self.do(shelves.ORDERS, said["order_id"], lambda order: payment.note_refund(order, number, at_), cause=cause)

    def _end(self, code: str, ended_at: datetime, cause: str) -> None:
        self.do(shelves.ORDERS, f"{code}-S", lambda order: payment.end(order, ended_at, self.now()), cause=cause)

    def _note_fee(self, code: str, said: Any, fee: str, noted_at: datetime, cause: str) -> None:
        fact = FeeFact(said["order_id"], said["when_due"], fee, noted_at)
        self.do(shelves.CASES, code, lambda case: routing.note_fee(case, fact, CALENDAR), cause=cause)

    def _take(self, name: str, series: str, owner: str) -> int:
        number = len([one for one in self.kept(name).documents.values() if one["series"] == series]) + 1
        self.kept(name).put({"_id": f"{series} {number}", "series": series, "number": number, "owner": owner})
        return number

    def _publish(self, kind: str, key: str, body: dict[str, Any]) -> None:
        draft = Draft("", "mic", kind, key, "2016-01-01", None, body)
        self.do(PUBLICATIONS, draft.name, lambda one: catalogue.publish(one, draft, body, republish=False))
