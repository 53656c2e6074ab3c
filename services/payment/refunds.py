"""Money that goes back through a gateway, once, though answers get lost and events come twice.

Under one id a gateway pays once, but only on one day (domain: `vnp_RequestId`); so on another it is asked first. If it
then speaks of the payment only, more than half of what is left may still be sent again, for a gateway never gives back
more than it took. What is uncertain rests in the dead letters, and however often its event comes again it is not sent:
a person looks at the merchant's page of the gateway, and says that it was made (`record`), or that it was not, by
sending the dead letter back. Of several refunds of one payment each waits for the one before, however long that takes.

Two who hear the same event at once do not ask a gateway together: what it says to the one, while the other's request is
under way, would be no answer about the refund.
"""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.chassis import clock
from services.chassis.actor import Actor
from services.chassis.cause import Cause
from services.chassis.errors import Refused, Unavailable
from services.chassis.journal import Journal
from services.chassis.logs import log
from services.contracts.catalogue.dates import local_day
from services.payment import answers, domain
from services.payment.clients import NOT_REACHED, UNDECIDED
from services.payment.order import FeeOrder
from services.payment.settlement import MerchantApi, purchase_of
from services.payment.store import Orders
from services.payment.vnpay import Purchase


@dataclass(frozen=True, slots=True)
class Owed:
    """A refund, as the event `event_id` asks for it: the one of this number, where the event says so.

    `attempt` is None where it was paid at a counter; `replay` names the act of a person who sent the event back.
    """

    order_id: str
    number: int | None
    attempt: str | None
    amount_vnd: int
    event_id: str
    replay: str | None = None


class Refunds:
    """The use cases of giving back."""

    def __init__(self, journal: Journal[FeeOrder], orders: Orders, gateway: MerchantApi) -> None:
        self._journal, self._orders, self._gateway = journal, orders, gateway

    def record(self, actor: Actor, why: Cause, order_id: str, refund: int) -> dict[str, Any]:
        """A person's word that a refund was made, at the gateway or at the counter. Raises Denied, NotFound."""
        at = clock.now()
        order = self._journal.change(order_id, why, lambda order: domain.confirm_refund(order, actor, refund, at)).state
        log.info("refund_confirmed", order=order_id, refund=refund)
        return {**answers.line(order), **answers.refunds(order)}

    def give_back(self, why: Cause, owed: Owed) -> None:
        """Have a refund made that is due. What was paid at a counter is given back there. Raises Unavailable, Refused.

        `refund_uncertain` where nobody can tell whether it was made.
        """
        self._journal.get(owed.order_id)  # where there is none, nobody is giving back
        at = clock.now()
        until = self._orders.begin_refund(owed.order_id, at)
        if until is None:
            raise Unavailable(
                "payment.refund_under_way",
                "Somebody else is giving this back just now.",
                "Khoản hoàn này đang được xử lý.",
            )
        try:
            self._give_back(why, owed, at)
        finally:
            self._orders.end_refund(owed.order_id, until)

    def _give_back(self, why: Cause, owed: Owed, at: datetime) -> None:
        order = self._journal.get(owed.order_id).state
        number = owed.number or order.first_owed(owed.attempt, owed.amount_vnd)
        refund = order.find_refund(number) if number else None
        captured = order.find_attempt(owed.attempt) if owed.attempt else None
        if not number or not refund or refund.refunded_at or not captured:
            log.info("no_refund_at_gateway", order=owed.order_id)
            return
        if number != order.first_owed(owed.attempt):  # under way together, nobody could tell which one a 94 is of
            raise Unavailable(
                "payment.refund_in_line",
                "An earlier refund of this payment comes first.",
                "Khoản hoàn trước của cùng giao dịch phải được hoàn trước.",
            )
        if self._orders.is_left_to_a_person(owed.order_id, owed.event_id, owed.replay):
            raise _uncertain()
        if not self._is_made(order, purchase_of(order, captured), owed, at):
            self._orders.note_uncertain(owed.order_id, owed.event_id, at)
            raise _uncertain()
        self._journal.change(owed.order_id, why, lambda order: domain.note_refund(order, number, at))

    def _is_made(self, order: FeeOrder, purchase: Purchase, owed: Owed, at: datetime) -> bool:
        """Have the gateway make a refund: True once it has, False where nobody can tell. Raises Unavailable, Refused.

        A refusal of what was sent before says nothing of that.
        """
        sent_at, first = self._orders.note_sending(owed.order_id, owed.event_id, at)
        if local_day(sent_at) != local_day(at):
            if self._is_found_made(order, purchase, owed.amount_vnd, at):
                return True
            if 2 * owed.amount_vnd <= purchase.amount_vnd - sum(_given_back(order, purchase)):
                return False
        try:
            taken = self._send(order, purchase, owed, at, first=first)
        except Refused as refusal:
            if first:
                self._orders.note_refusal(owed.order_id, owed.event_id)
                raise
            log.warning("refund_refused_again", order=owed.order_id, reason=refusal.en)
        else:
            if taken or (not first and self._can_only_be_its_own(order, purchase, owed)):
                return True
        self._orders.note_undecided(
            owed.order_id, owed.event_id
        )  # before it is asked: a later 94 proves nothing either
        return self._is_found_made(order, purchase, owed.amount_vnd, at)

    def _send(self, order: FeeOrder, purchase: Purchase, owed: Owed, at: datetime, *, first: bool) -> bool:
        """Send a refund: whether it was taken now. What the gateway did not do, or may not have done, is noted."""
        transaction = order.transaction if purchase.reference == order.attempt else None
        request_id = self._request_id(owed)
        try:
            return self._gateway.refund(purchase, owed.amount_vnd, transaction, request_id, at)
        except Unavailable as outage:
            if outage.code == NOT_REACHED and first:
                self._orders.forget_sending(owed.order_id, owed.event_id)
            if outage.code == UNDECIDED:
                self._orders.note_undecided(owed.order_id, owed.event_id)
            raise

    def _can_only_be_its_own(self, order: FeeOrder, purchase: Purchase, owed: Owed) -> bool:
        """Whether a repetition, told of a refund that was sent before, means that this one was taken then.

        Not where it was answered 99, refused, or told of before without having been sent, for any answer uses an id up;
        nor where another was given back of this payment, for a gateway says the same while that is under way.
        """
        return not _given_back(order, purchase) and not self._orders.was_undecided(owed.order_id, owed.event_id)

    def _is_found_made(self, order: FeeOrder, purchase: Purchase, amount_vnd: int, at: datetime) -> bool:
        """Whether the gateway's last word of a payment is of this refund, and not of an equal one made before."""
        try:
            report = self._gateway.query(purchase, uuid.uuid4().hex, at)
        except Refused as refusal:
            log.error("gateway_query_refused", attempt=purchase.reference, reason=refusal.en)
            return False
        if report is None or (report.outcome, report.amount_vnd) != ("refunded", amount_vnd):
            return False
        if amount_vnd in _given_back(order, purchase):
            return False
        log.warning("refund_found_made", order=order.order_id, attempt=purchase.reference)
        return True

    def _request_id(self, owed: Owed) -> str:
        """The same for every try of one refund, until the gateway refused it, or a person: that uses the id up."""
        refusals = self._orders.refusals(owed.order_id, owed.event_id)
        return hashlib.sha256(f"{owed.event_id}/{refusals}".encode()).hexdigest()[:32]


def _given_back(order: FeeOrder, purchase: Purchase) -> list[int]:
    """The amounts that were given back of a payment."""
    return [one.amount_vnd for one in order.refunds if one.attempt == purchase.reference and one.refunded_at]


def _uncertain() -> Refused:
    return Refused(
        "payment.refund_uncertain",
        "Whether this refund was made must be looked up at the gateway: record that it was, or replay it.",
        "Cần tra cứu tại cổng thanh toán xem đã hoàn tiền chưa: nếu rồi thì ghi nhận, nếu chưa thì gửi lại.",
    )
