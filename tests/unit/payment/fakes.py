"""Payment over memory: the real journal and use cases, the store's questions answered by looking through it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import NotFound, ServiceError
from services.chassis.journal import Journal
from services.chassis.tracing import new_trace
from services.payment.catalogue import Catalogue
from services.payment.order import FeeOrder
from services.payment.refunds import Refunds
from services.payment.settings import PaymentSettings
from services.payment.settlement import Settlement
from services.payment.store import LONGEST_REFUND, Bill
from services.payment.usecases import PaymentCases
from services.payment.vnpay import Merchant, Purchase, Report
from services.payment.wiring import ORDER
from tests.unit.catalogue.projected import Projected, version
from tests.unit.fakes import fake_journal
from tests.unit.payment.builders import CITIZEN, CODE, NOW, SETTINGS

MERCHANT = Merchant(SETTINGS.vnpay_tmn_code, SETTINGS.vnpay_secret.get_secret_value())
FLAT = {"basis": "flat", "kind": "fee", "name": {"vi": "Lệ phí", "en": "Fee"}, "refundable": False}
FEES: Sequence[Mapping[str, Any]] = [
    {**FLAT, "code": "LP-1", "amount_vnd": 600_000, "when_due": "on_submission", "valid_from": "2016-01-01"},
    {**FLAT, "code": "LP-2", "amount_vnd": 350_000, "when_due": "on_acceptance", "valid_from": "2016-01-01"},
    {
        **FLAT,
        "code": "P-1",
        "basis": "per_unit",
        "quantity_field": "numbers",
        "amount_vnd": 1000,
        "when_due": "before_result",
        "valid_from": "2016-01-01",
    },
]


class FakeOrders:
    """What the store answers, from the documents of the journal."""

    def __init__(self, journal: Journal[FeeOrder]) -> None:
        self._journal = journal
        self._documents: dict[str, Any] = journal.collection.documents
        self.bills: dict[str, Bill] = {}
        self.moved: dict[str, int] = {}
        self.asked: dict[str, datetime] = {}
        self.refused: dict[str, int] = {}
        self.sent: dict[str, datetime] = {}
        self.undecided: set[str] = set()
        self.refunding: dict[str, datetime] = {}
        self.uncertain: set[str] = set()
        self.replays: set[str] = set()
        self.holds: dict[str, dict[str, datetime]] = {}

    def note_bill(self, bill: Bill) -> None:
        self.bills.setdefault(bill.dossier_code, bill)

    def bill(self, dossier_code: str) -> Bill:
        if dossier_code not in self.bills:
            raise NotFound("payment.not_assessed_yet", "", "")
        return self.bills[dossier_code]

    def note_unit(self, dossier_code: str, unit: str, transfer: int) -> None:
        if self.moved.get(dossier_code, 0) < transfer:
            self.moved[dossier_code] = transfer
            self.bills[dossier_code] = replace(self.bills[dossier_code], unit=unit)

    def find_bill(self, dossier_code: str) -> Bill | None:
        return self.bills.get(dossier_code)

    def each(self, order_ids: Sequence[str]) -> list[FeeOrder]:
        return [self._journal.get(order_id).state for order_id in order_ids if order_id in self._documents]

    def find(self, order_id: str) -> FeeOrder | None:
        return next(iter(self.each([order_id])), None)

    def find_by_attempt(self, reference: str) -> FeeOrder | None:
        return next((order for order in self.each(list(self._documents)) if order.find_attempt(reference)), None)

    def page(self, unit: str | None, status: str | None, limit: int, after: str | None) -> dict[str, Any]:
        orders = sorted(self.each(list(self._documents)), key=lambda order: order.order_id)
        return {"items": [one for one in orders if unit in {None, one.unit}][:limit], "next": None}

    def overdue(self, now: datetime) -> list[str]:
        return [one.order_id for one in self.each(list(self._documents)) if one.pay_by and one.pay_by <= now]

    def claim_silent(
        self, before: datetime, now: datetime, again_at: Callable[[FeeOrder], datetime]
    ) -> Iterator[FeeOrder]:
        for order in self.each(list(self._documents)):
            silent = order.silent_since is not None and order.silent_since <= before
            if silent and self.asked.get(order.order_id, now) <= now:
                self.asked[order.order_id] = again_at(order)
                yield order

    def ask_soon(self, order_id: str) -> None:
        self.asked.pop(order_id, None)

    def note_held(self, order_id: str, reference: str, at: datetime) -> None:
        self.holds.setdefault(order_id, {}).setdefault(reference, at)

    def held(self, order_id: str) -> dict[str, datetime]:
        return self.holds.get(order_id, {})

    def begin_refund(self, order_id: str, now: datetime) -> datetime | None:
        if self.refunding.get(order_id, now) > now:
            return None
        return self.refunding.setdefault(order_id, now + LONGEST_REFUND)

    def end_refund(self, order_id: str, until: datetime) -> None:
        assert self.refunding.pop(order_id) == until

    def note_sending(self, order_id: str, refund: str, at: datetime) -> tuple[datetime, bool]:
        first = f"{order_id}/{refund}" not in self.sent
        return self.sent.setdefault(f"{order_id}/{refund}", at), first

    def forget_sending(self, order_id: str, refund: str) -> None:
        self.sent.pop(f"{order_id}/{refund}", None)

    def note_undecided(self, order_id: str, refund: str) -> None:
        self.undecided.add(f"{order_id}/{refund}")

    def was_undecided(self, order_id: str, refund: str) -> bool:
        return f"{order_id}/{refund}" in self.undecided

    def refusals(self, order_id: str, refund: str) -> int:
        return self.refused.get(f"{order_id}/{refund}", 0)

    def note_refusal(self, order_id: str, refund: str) -> None:
        self.refused[f"{order_id}/{refund}"] = self.refusals(order_id, refund) + 1
        self.forget_sending(order_id, refund)
        self.undecided.discard(f"{order_id}/{refund}")
        self.uncertain.discard(f"{order_id}/{refund}")

    def note_uncertain(self, order_id: str, refund: str, at: datetime) -> None:
        self.uncertain.add(f"{order_id}/{refund}")

    def is_left_to_a_person(self, order_id: str, refund: str, replay: str | None) -> bool:
        if replay is not None and (seen := f"{order_id}/{refund}/{replay}") not in self.replays:
            self.replays.add(seen)
            if f"{order_id}/{refund}" in self.uncertain:
                self.note_refusal(order_id, refund)
        return f"{order_id}/{refund}" in self.uncertain


@dataclass
class FakeGateway:
    """Says what a test told it to say, by reference, and remembers the refunds it was asked for."""

    reports: dict[str, Report | ServiceError | None] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    refunds: list[tuple[str, int, str | None, str]] = field(default_factory=list)
    refund_error: ServiceError | None = None
    repeated: bool = False  # answers 94
    meanwhile: Callable[[], None] = lambda: None  # before it answers

    def query(self, purchase: Purchase, _request_id: str, _at: datetime) -> Report | None:
        self.asked.append(purchase.reference)
        said = self.reports.get(purchase.reference)
        if isinstance(said, ServiceError):
            raise said
        return said

    def refund(
        self, purchase: Purchase, amount_vnd: int, transaction: str | None, request_id: str, _at: datetime
    ) -> bool:
        self.refunds.append((purchase.reference, amount_vnd, transaction, request_id))
        self.meanwhile()
        if self.refund_error is not None:
            raise self.refund_error
        return not self.repeated


class FakeOwners:
    """Every dossier is the citizen's."""

    def owns(self, actor: Actor, _dossier_code: str) -> bool:
        return actor == CITIZEN


class FakeNumbers:
    """Counts, and remembers who got what."""

    def __init__(self) -> None:
        self.taken: dict[str, tuple[str, int]] = {}

    def take(self, series: str, owner: str) -> tuple[str, int]:
        return self.taken.setdefault(owner, (series, len(self.taken) + 1))


class Desk:
    """Payment, wired by hand."""

    def __init__(self, settings: PaymentSettings = SETTINGS) -> None:
        self.journal: Journal[FeeOrder] = fake_journal(ORDER)
        self.orders, self.gateway, self.numbers = FakeOrders(self.journal), FakeGateway(), FakeNumbers()
        store: Any = self.orders
        self.projection = Projected(
            version("procedure", "with-fees", "2016-01-01", fees=FEES),
            version("procedure", "without-fees", "2016-01-01", fees=[]),
        )
        projection: Any = self.projection
        self.settlement = Settlement(self.journal, store, self.gateway, MERCHANT, settings)
        self.refunds = Refunds(self.journal, store, self.gateway)
        self.cases = PaymentCases(
            self.journal,
            store,
            Catalogue(projection),
            self.numbers,
            FakeOwners(),
            self.settlement,
            self.refunds,
            settings,
        )

    def submit(self, procedure: str = "with-fees", numbers: object = 10, under: str = "2016-01-01") -> None:
        """Hear of a dossier."""
        submitted = {
            "dossier_code": CODE,
            "tenant": "mic",
            "procedure": procedure,
            "procedure_version": under,
            "unit": "vnnic",
            "fee_inputs": {"numbers": numbers},
            "submitted_at": NOW,
        }
        self.cases.assess(cause_of(f"submitted/{CODE}"), submitted)

    def start(self, request: str, return_url: str = "https://dvc.example.vn/") -> Any:
        """The citizen goes to pay what is due on submission."""
        return self.cases.start_payment(CITIZEN, cause_of(request), f"{CODE}-S", "vnpay", return_url, "127.0.0.1")

    def order(self, letter: str = "S") -> FeeOrder:
        """An order as it stands."""
        return self.journal.get(f"{CODE}-{letter}").state

    def types(self, letter: str = "S") -> list[str]:
        """The types of its events."""
        return [entry["type"] for entry in self.journal.history(f"{CODE}-{letter}")]


def cause_of(name: str) -> Cause:
    """A cause of this name."""
    return Cause(name, name, new_trace())


def door(desk: Desk) -> Any:
    """What an HTTP door is opened on."""
    return SimpleNamespace(cases=desk.cases)
