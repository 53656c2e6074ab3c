"""What is asked of payment, and what payment does about the events of others: load, decide, append."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from services.chassis import cause, clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import NotFound
from services.chassis.journal import Journal
from services.contracts.catalogue.dates import local_day, local_midnight
from services.contracts.catalogue.fees import FeeLine
from services.contracts.event import Event
from services.contracts.words import APPLICANT_KINDS
from services.payment import answers, domain
from services.payment.answers import Answer
from services.payment.catalogue import Catalogue, priced
from services.payment.domain import Assessment
from services.payment.order import FeeOrder, Transfer
from services.payment.refunds import Refunds
from services.payment.return_url import insist_allowed
from services.payment.settings import PaymentSettings
from services.payment.settlement import Settlement
from services.payment.store import Bill, Orders

Facts = Mapping[str, Any]
Decision = Callable[[FeeOrder | None], list[Event]]


class Numbers(Protocol):
    """Gap-free numbers."""

    def take(self, series: str, owner: str) -> tuple[str, int]:
        """The owner's number, in the series in which he was given it: the one named, the first time."""


class Ownership(Protocol):
    """Whose a dossier is."""

    def owns(self, actor: Actor, dossier_code: str) -> bool:
        """Whether the actor is the applicant."""


class PaymentCases:
    """The use cases of payment; what comes from or goes to a gateway is in `settlement` and `refunds`."""

    def __init__(
        self,
        journal: Journal[FeeOrder],
        orders: Orders,
        catalogue: Catalogue,
        numbers: Numbers,
        owners: Ownership,
        settlement: Settlement,
        refunds: Refunds,
        settings: PaymentSettings,
    ) -> None:
        self._journal, self._orders = journal, orders
        self._catalogue, self._numbers, self._owners = catalogue, numbers, owners
        self._settings = settings
        self.settlement, self.refunds = settlement, refunds

    # queries

    def get_order(self, actor: Actor, dossier_code: str) -> Answer:
        """The order that waits for money, else the last that fell due. Raises NotFound."""
        bill = self._bill_for(actor, dossier_code)
        orders = self._orders.each(bill.orders)
        if not orders:
            raise NotFound("payment.no_fee", "This dossier has no fee.", "Hồ sơ không có khoản phải nộp.")
        return self._full(domain.outstanding(orders), bill)

    def find_order(self, actor: Actor, order_id: str) -> Answer:
        """One order in full. Raises NotFound."""
        found = self._orders.find(order_id)
        bill = self._orders.find_bill(found.dossier_code) if found else None
        owns = found is not None and self._owns(actor, found.dossier_code)
        order = domain.may_read(found, actor, owns, bill.unit if bill else None)
        return self._full(order, bill or self._orders.bill(order.dossier_code))

    def list_orders(self, actor: Actor, status: str | None, unit: str | None, limit: int, after: str | None) -> Answer:
        """A page of orders by id. Raises Denied."""
        page = self._orders.page(domain.unit_to_list(actor, unit), status, limit, after)
        return {"items": [answers.line(order) for order in page["items"]], "next": page["next"]}

    def count_fees(self, actor: Actor, from_day: date, to_day: date, unit: str | None) -> Answer:
        """Sums by unit and day of Vietnam; no order is named. Raises Denied."""
        own = domain.unit_to_count(actor, unit)
        since, until = local_midnight(from_day), local_midnight(to_day + timedelta(days=1))
        return {
            "paid": list(self._orders.paid(own, since, until)),
            "refunded": list(self._orders.refunded(own, since, until)),
        }

    # commands

    def start_payment(
        self, actor: Actor, why: Cause, order_id: str, method: str, return_url: str, ip_address: str
    ) -> Answer:
        """Open a new attempt and say where to send the payer's browser; a repeated request gives the same address."""
        insist_allowed(return_url, self._settings.return_hosts)
        found = self._orders.find(order_id)
        owns = found is not None and self._owns(actor, found.dossier_code)
        at, lasting = clock.now(), timedelta(minutes=self._settings.attempt_minutes)
        order = self._change(order_id, why, lambda order: domain.start(order, actor, owns, method, lasting, at))
        self._orders.ask_soon(order_id)
        attempt = order.attempts[-1]
        return {
            "redirect_url": self.settlement.pay_url(order, attempt, return_url, ip_address),
            "attempt": attempt.reference,
            "expires_at": attempt.expires_at,
        }

    def record_counter_payment(
        self, actor: Actor, why: Cause, order_id: str, amount_vnd: int, collector: str
    ) -> Answer:
        """An officer's word that the money was taken. Raises Denied, Refused."""
        at = clock.now()
        order = self._change(
            order_id, why, lambda order: domain.pay_at_counter(order, actor, amount_vnd, at), {"collector": collector}
        )
        return {**answers.line(order), "collector": collector}

    # events

    def project_catalogue(self, published: Facts) -> None:
        """Keep a catalogue document."""
        self._catalogue.apply(published)

    def assess(self, why: Cause, submitted: Facts) -> None:
        """Price the dossier and open an order for every moment at which its procedure knows a fee."""
        day, at = local_day(submitted["submitted_at"]), clock.now()
        named = {name: submitted[name] for name in ("dossier_code", "tenant", "procedure", "unit")}
        fees = self._catalogue.fees(named["tenant"], named["procedure"], submitted["procedure_version"])
        opened = []
        for when_due, lines in priced(fees, submitted["fee_inputs"], day).items():
            what = Assessment(**named, when_due=when_due)
            self._change(what.order_id, why, _assess(what, lines, self._pay_within, at), opens=True)
            opened.append(what.order_id)
        self._orders.note_bill(Bill(named["dossier_code"], named["unit"], tuple(opened)))

    def fall_due(self, why: Cause, dossier_code: str, when_due: str) -> None:
        """Ask for what is due at this moment."""
        at = clock.now()
        for order_id in self._orders.bill(dossier_code).orders:
            known = self._journal.glance(order_id)  # when it falls due never changes
            if known is not None and known.state.when_due == when_due:
                self._change(order_id, why, lambda order: domain.fall_due(order, self._pay_within, at))

    def transfer(self, why: Cause, moved: Facts) -> None:
        """The dossier was handed on to another unit."""
        code = moved["dossier_code"]
        one = Transfer(moved["transfer"], moved["from_unit"], moved["to_unit"], moved["transferred_at"])
        for order_id in self._orders.bill(code).orders:
            self._change(order_id, why, lambda order: domain.transfer(order, one))
        self._orders.note_unit(code, one.to_unit, one.number)

    def end(self, why: Cause, dossier_code: str, ended_at: datetime) -> None:
        """Cancel what is not paid, owe back what is refundable."""
        at = clock.now()
        for order_id in self._orders.bill(dossier_code).orders:
            self._change(order_id, why, lambda order: domain.end(order, ended_at, at))

    def issue_receipt(self, why: Cause, paid: Facts) -> None:
        """Number the receipt of a settled order: in the series of the Vietnamese year in which it was paid.

        A number that was taken before the settings were changed stays one of its own series.
        """
        year = local_day(paid["paid_at"]).year
        named = f"{self._settings.receipt_template}/{self._settings.receipt_letters}-{year % 100:02}E"
        series, number = self._numbers.take(named, paid["order_id"])
        template, _, serial = series.rpartition("/")
        at = clock.now()
        self._change(paid["order_id"], why, lambda order: domain.issue_receipt(order, template, serial, number, at))

    # time

    def expire_overdue(self) -> None:
        """Mark the orders that nobody paid in time."""
        at = clock.now()
        for order_id in self._orders.overdue(at):
            self._change(order_id, cause.of_timer(f"expire/{order_id}"), lambda order: domain.expire(order, at))

    @property
    def _pay_within(self) -> timedelta:
        return timedelta(days=self._settings.pay_days)

    def _full(self, order: FeeOrder, bill: Bill) -> Answer:
        return answers.full(order, bill.orders, self._orders.held(order.order_id) if order.open_attempts else {})

    def _bill_for(self, actor: Actor, dossier_code: str) -> Bill:
        """The bill if it is the actor's to see; what is another's cannot be told from what is not there."""
        if actor.kind not in ("officer", "system") and not self._owns(actor, dossier_code):
            raise _unknown_dossier()
        try:
            bill = self._orders.bill(dossier_code)
        except NotFound:
            if actor.kind == "officer":
                raise _unknown_dossier() from None
            raise
        if actor.kind == "officer" and actor.unit != bill.unit:
            raise _unknown_dossier()
        return bill

    def _owns(self, actor: Actor, dossier_code: str) -> bool:
        return actor.kind in APPLICANT_KINDS and self._owners.owns(actor, dossier_code)

    def _change(
        self, order_id: str, why: Cause, decide: Decision, subject: Facts | None = None, *, opens: bool = False
    ) -> FeeOrder:
        return self._journal.change(order_id, why, decide, subject=subject, opens=opens).state


def _unknown_dossier() -> NotFound:
    return NotFound("payment.unknown_dossier", "There is no such dossier.", "Không tìm thấy hồ sơ.")


def _assess(what: Assessment, lines: Sequence[FeeLine], pay_within: timedelta, at: datetime) -> Decision:
    return lambda order: domain.assess(order, what, lines, pay_within, at)
