"""Money through a gateway: sending payers there, and taking its word on what they paid. What goes back: `refunds`.

A gateway is believed only under its signature, and its word settles an order once: under a cause that is made of its
own transaction, whoever brings it (callback, repeated callback, our own question after a silence).

A payment that is held (debited, and suspected of fraud) is neither: the payer and the officer are shown since when, the
gateway is told 00 because its word is kept, and it is asked until it decides. It is asked less and less often, once a
day in the end; what is undecided for 30 days is left as failed under its last code. Should money come yet, it is taken.
Until then the order does not expire; a payer who was told to wait is written to when nothing came of it (`was_held`).
"""

import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

from services.chassis import cause, clock, metrics
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import Refused
from services.chassis.journal import Journal
from services.chassis.logs import log
from services.contracts.event import Event
from services.payment import domain, vnpay
from services.payment.domain import Capture
from services.payment.order import LONGEST_ASKED, Attempt, FeeOrder
from services.payment.settings import PaymentSettings
from services.payment.store import LONGEST_SILENCE, Orders
from services.payment.vnpay import Merchant, Purchase, Report

GATEWAY: Final = Actor("system", "vnpay")
Answer = tuple[str, str]
_LEFT: Final = "attempt_left_undecided"
_DIFFERS: Final = "gateway_amount_differs"
metrics.begin(metrics.NEEDS_HAND, [_LEFT, _DIFFERS])


class MerchantApi(Protocol):
    """What a gateway can be asked and told."""

    def query(self, purchase: Purchase, request_id: str, at: datetime) -> Report | None:
        """What became of an attempt."""

    def refund(
        self, purchase: Purchase, amount_vnd: int, transaction: str | None, request_id: str, at: datetime
    ) -> bool:
        """Give back: whether it was taken now, and not before."""


class Settlement:
    """The use cases between payment and its gateway."""

    def __init__(
        self,
        journal: Journal[FeeOrder],
        orders: Orders,
        gateway: MerchantApi,
        merchant: Merchant,
        settings: PaymentSettings,
    ) -> None:
        self._journal, self._orders = journal, orders
        self._gateway, self._merchant, self._settings = gateway, merchant, settings

    def pay_url(self, order: FeeOrder, attempt: Attempt, return_url: str, ip_address: str) -> str:
        """Where the payer's browser is sent for this attempt."""
        purchase = purchase_of(order, attempt, ip_address)
        return vnpay.pay_url(self._settings.vnpay_url, self._merchant, purchase, return_url)

    def take_callback(self, query: str) -> Answer:
        """The gateway's callback, checked in its own order; what to answer, whatever happens."""
        try:
            answer, reference = self._take(query)
        except Exception as error:  # noqa: BLE001 – the gateway wants an answer, and comes again after this one
            log.exception("callback_failed", reason=getattr(error, "code", type(error).__name__))
            return vnpay.UNKNOWN_ERROR
        if answer == vnpay.BAD_SIGNATURE:  # anybody may send one: equal warnings are damped
            log.warning("callback_not_signed")
        else:
            log.info("callback_answered", rsp_code=answer[0], attempt=reference)
        return answer

    def read_return(self, query: str) -> dict[str, Any]:
        """What is known of the payment that a browser comes back from. Settles nothing: a browser proves nothing."""
        report = vnpay.read_callback(self._merchant, query)
        order = self._orders.find_by_attempt(report.reference) if report else None
        if report is None or order is None:
            return {"authentic": report is not None, "order": None}
        known = {name: getattr(order, name) for name in ("order_id", "dossier_code", "status", "amount_vnd", "paid_at")}
        said = {"outcome": report.outcome, "response_code": report.response_code}
        return {"authentic": True, "order": known, "gateway": said}

    def ask_about_silent(self) -> None:
        """Ask the gateway what became of attempts it has told nothing of, so that no payer stays stuck."""
        now = clock.now()
        wait = timedelta(seconds=self._settings.query_after_seconds)
        for order in self._orders.claim_silent(now - wait, now, partial(self._ask_again_at, now=now, wait=wait)):
            for attempt in order.open_attempts:
                if attempt.started_at <= now - wait:
                    self._try_to_ask(order, attempt, now)

    def _take(self, query: str) -> tuple[Answer, str | None]:
        report = vnpay.read_callback(self._merchant, query)
        if report is None:
            return vnpay.BAD_SIGNATURE, None
        order = self._orders.find_by_attempt(report.reference)
        if order is None:
            return vnpay.UNKNOWN_ORDER, report.reference
        if report.amount_vnd != order.amount_vnd:
            return vnpay.WRONG_AMOUNT, report.reference
        confirmed = self._settle(order.order_id, report)
        return (vnpay.CONFIRMED if confirmed else vnpay.ALREADY_CONFIRMED), report.reference

    def _settle(self, order_id: str, report: Report) -> bool:
        """Append what the gateway says; whether that was news. What is held stays open, and is asked after."""
        at, news = clock.now(), False
        if report.outcome == "held":
            self._orders.note_held(order_id, report.reference, at)
            log.warning("payment_held", order=order_id, attempt=report.reference)
            return True

        was_held = report.outcome == "failed" and self._was_held(order_id, report.reference)

        def decide(order: FeeOrder | None) -> list[Event]:
            nonlocal news
            if report.outcome == "captured":
                captured = Capture(report.reference, report.transaction, report.paid_at or at)
                made = domain.capture(order, captured, at)
            else:
                made = domain.fail(order, report.reference, report.response_code, at, was_held=was_held)
            news = bool(made)
            return made

        stored = self._journal.change(order_id, _cause_of(report), decide)
        return news and not stored.repeated

    def _ask_again_at(self, order: FeeOrder, now: datetime, wait: timedelta) -> datetime:
        """After `wait` until the last attempt is given up, then after as long as that is ago: ever twice as long."""
        over_since = max(attempt.expires_at for attempt in order.open_attempts) + self._patience
        return now + min(max(now - over_since, wait), LONGEST_SILENCE)

    @property
    def _patience(self) -> timedelta:
        return timedelta(minutes=self._settings.give_up_minutes)

    def _try_to_ask(self, order: FeeOrder, attempt: Attempt, now: datetime) -> None:
        """One attempt that the gateway will not speak of must not keep the others waiting; an outage may."""
        try:
            undecided = self._ask_about(order, attempt, now)
        except Refused as refusal:
            log.error("gateway_query_refused", attempt=attempt.reference, reason=refusal.en)
            undecided = vnpay.OTHER
        if undecided and now >= attempt.expires_at + LONGEST_ASKED:
            metrics.needs_hand(_LEFT)
            log.error(_LEFT, order=order.order_id, attempt=attempt.reference, code=undecided)
            self._give_up(order, attempt, undecided, now)

    def _ask_about(self, order: FeeOrder, attempt: Attempt, now: datetime) -> str | None:
        """Settle what can be settled; the code of what is left undecided. What was given back elsewhere is nothing."""
        report = self._gateway.query(purchase_of(order, attempt), uuid.uuid4().hex, now)
        if report is None or report.outcome == "refunded":
            if now >= attempt.expires_at + self._patience:
                self._give_up(order, attempt, vnpay.EXPIRED, now)
            return None
        if report.amount_vnd != order.amount_vnd:
            metrics.needs_hand(_DIFFERS)
            log.error(_DIFFERS, order=order.order_id, attempt=attempt.reference)
            return vnpay.OTHER
        news = self._settle(order.order_id, report)
        log.info("silent_attempt_settled", attempt=attempt.reference, outcome=report.outcome, news=news)
        return vnpay.SUSPECTED if report.outcome == "held" else None

    def _give_up(self, order: FeeOrder, attempt: Attempt, code: str, now: datetime) -> None:
        """Nothing came of an attempt whose time is over; should money come yet, it is still taken."""
        why, reference = cause.of_timer(f"give_up/{attempt.reference}"), attempt.reference
        held = self._was_held(order.order_id, reference)
        self._journal.change(order.order_id, why, lambda order: domain.fail(order, reference, code, now, was_held=held))

    def _was_held(self, order_id: str, reference: str) -> bool:
        """Whether the gateway ever held this attempt, and its payer so was told to wait."""
        return reference in self._orders.held(order_id)


def purchase_of(order: FeeOrder, attempt: Attempt, ip_address: str = "127.0.0.1") -> Purchase:
    """An attempt to pay an order, as a gateway knows it."""
    return Purchase(
        attempt.reference, order.amount_vnd, order.dossier_code, attempt.started_at, attempt.expires_at, ip_address
    )


def _cause_of(report: Report) -> Cause:
    """Whatever brings it, the same word of the gateway is the same cause."""
    said = [report.reference, report.transaction, report.response_code]
    return cause.of_request("payment.settle", GATEWAY, "/".join(str(part) for part in said), said)
