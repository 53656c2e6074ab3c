"""What may be done with a fee order: each command says which events follow from the present state, or why not.

Commands on behalf of events are idempotent and commute: what is past already makes no event, and what comes too early
(the order is not there yet) is NotFound, so that the message comes again later.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from services.chassis.actor import Actor
from services.chassis.errors import Denied, NotFound, Refused
from services.contracts.catalogue.fees import FeeLine
from services.contracts.event import Event
from services.contracts.words import APPLICANT_KINDS, STAFF_ID
from services.payment.order import PAYABLE, Attempt, FeeOrder, Transfer

SUFFIXES: Final = {"on_submission": "S", "on_acceptance": "A", "before_result": "R"}
MOST_ATTEMPTS: Final = 100
_UNPAYABLE: Final = {
    "assessed": ("payment.not_due_yet", "This fee is not due yet.", "Khoản này chưa đến hạn nộp."),
    "waived": ("payment.nothing_to_pay", "There is nothing to pay.", "Không có khoản nào phải nộp."),
    "cancelled": ("payment.cancelled", "The dossier has ended; do not pay.", "Hồ sơ đã kết thúc, không phải nộp."),
    "paid": ("payment.already_paid", "This fee is paid already.", "Khoản này đã được nộp."),
}


@dataclass(frozen=True, slots=True)
class Assessment:
    """What is priced: a dossier's items that fall due at one moment."""

    dossier_code: str
    tenant: str
    procedure: str
    unit: str
    when_due: str

    @property
    def order_id(self) -> str:
        """The dossier code and the moment's letter."""
        return f"{self.dossier_code}-{SUFFIXES[self.when_due]}"


@dataclass(frozen=True, slots=True)
class Capture:
    """Money that a gateway took: its own number of the transaction, and when the payer's bank paid."""

    attempt: str
    transaction: str | None
    paid_at: datetime


def assess(
    order: FeeOrder | None, what: Assessment, lines: Sequence[FeeLine], pay_within: timedelta, at: datetime
) -> list[Event]:
    """Open the order with its price; what is due on submission is asked for at once."""
    if order is not None:
        return []
    amount_vnd = sum(line.amount_vnd for line in lines)
    priced = {"lines": [asdict(line) for line in lines], "amount_vnd": amount_vnd, "assessed_at": at}
    opened = Event("fee_assessed", {"order_id": what.order_id, **asdict(what), **priced})
    if what.when_due != "on_submission":
        return [opened]
    return [opened, _ask(what.order_id, what.dossier_code, what.when_due, amount_vnd, pay_within, at)]


def fall_due(order: FeeOrder | None, pay_within: timedelta, at: datetime) -> list[Event]:
    """The moment came: ask for the money, or waive what came to nothing."""
    order = known(order)
    if order.status != "assessed":
        return []
    return [_ask(order.order_id, order.dossier_code, order.when_due, order.amount_vnd, pay_within, at)]


def end(order: FeeOrder | None, ended_at: datetime, at: datetime) -> list[Event]:
    """The dossier ended without a result (withdrawn, rejected, stopped, refused): nobody need pay any more.

    What was paid goes back as far as the catalogue calls it refundable; appraisal fees are not. What was paid for the
    result goes back whole, for there is none.
    """
    order = known(order)
    if order.paid_at is not None:
        return _owe_for_end(order, order.attempt, order.paid_at, ended_at, at)
    known_already = order.cancelled_at is not None and order.cancelled_at <= ended_at  # of two ends the first counts
    if known_already or order.status == "waived" or order.amount_vnd == 0:
        return []
    return [_event("fee_cancelled", order, cancelled_at=ended_at)]


def transfer(order: FeeOrder | None, moved: Transfer) -> list[Event]:
    """The dossier was handed on to another unit, which collects what was not paid by then."""
    order = known(order)
    if any(one.number == moved.number for one in order.transfers):
        return []
    units = {"from_unit": moved.from_unit, "to_unit": moved.to_unit}
    return [_event("fee_transferred", order, transfer=moved.number, **units, transferred_at=moved.at)]


def start(
    order: FeeOrder | None, actor: Actor, owns: bool, method: str, lasting: timedelta, at: datetime
) -> list[Event]:
    """Send the payer to a gateway under a new reference."""
    order = _payable_by(actor, owns, order)
    if len(order.attempts) >= MOST_ATTEMPTS:
        raise Refused("payment.too_many_attempts", "Too many attempts to pay.", "Đã thanh toán lại quá nhiều lần.")
    reference = reference_of(order.order_id, len(order.attempts) + 1, at)
    return [_event("payment_started", order, attempt=reference, method=method, started_at=at, expires_at=at + lasting)]


def fail(
    order: FeeOrder | None, reference: str, response_code: str, at: datetime, *, was_held: bool = False
) -> list[Event]:
    """An attempt failed, after the gateway `was_held` it up or not. A success that is known is never taken back."""
    order = known(order)
    if _attempt(order, reference).outcome != "open":
        return []
    how = {"response_code": response_code, "failed_at": at, "was_held": was_held}
    return [_event("fee_failed", order, attempt=reference, **how)]


def capture(order: FeeOrder | None, captured: Capture, at: datetime) -> list[Event]:
    """Money came: it settles the order once, also late or after a failure was told; what is too much goes back."""
    order = known(order)
    attempt = _attempt(order, captured.attempt)
    if attempt.outcome == "captured":
        return []
    if order.paid_at is not None:
        return [_owe(order, attempt.reference, order.amount_vnd, "paid_twice", at)]
    paid = _pay(order, attempt.method, captured.attempt, captured.transaction, captured.paid_at)
    if order.cancelled_at is None:
        return [paid]
    return [paid, *_owe_for_end(order, attempt.reference, captured.paid_at, order.cancelled_at, at)]


def pay_at_counter(order: FeeOrder | None, actor: Actor, amount_vnd: int, at: datetime) -> list[Event]:
    """An officer of the unit took exactly the amount."""
    if actor.kind != "officer":
        raise Denied("payment.officer_only", "Only an officer may do this.", "Chỉ cán bộ được thực hiện.")
    order = known(order)
    if actor.unit != order.unit:
        raise other_unit()
    _insist_payable(order)
    if amount_vnd != order.amount_vnd:
        raise Refused(
            "payment.wrong_amount", "The amount is not the one that is due.", "Số tiền không đúng với số phải nộp."
        )
    return [_pay(order, "counter", None, None, at)]


def expire(order: FeeOrder | None, at: datetime) -> list[Event]:
    """Nobody paid in time, and nobody has begun to: of an open attempt the money may be on its way, or held."""
    order = known(order)
    if order.status != "requested" or order.pay_by is None or at < order.pay_by or order.open_attempts:
        return []
    return [_event("fee_expired", order, expired_at=at)]


def issue_receipt(order: FeeOrder | None, template: str, serial: str, number: int, at: datetime) -> list[Event]:
    """Give the receipt its number, once."""
    order = known(order)
    if order.receipt is not None:
        return []
    what = {"template": template, "serial": serial, "number": number}
    return [_event("receipt_issued", order, **what, amount_vnd=order.amount_vnd, issued_at=at)]


def note_refund(order: FeeOrder | None, number: int, at: datetime, confirmed_by: str | None = None) -> list[Event]:
    """A refund was made, as the gateway says, or the member of staff `confirmed_by`. Raises NotFound."""
    order = known(order)
    refund = order.find_refund(number)
    if refund is None:
        raise NotFound("payment.unknown_refund", "There is no such refund.", "Không tìm thấy khoản hoàn.")
    if refund.refunded_at is not None:
        return []
    what = {"refund": number, "attempt": refund.attempt, "amount_vnd": refund.amount_vnd}
    return [_event("fee_refunded", order, **what, refunded_at=at, confirmed_by=confirmed_by)]


def confirm_refund(order: FeeOrder | None, actor: Actor, number: int, at: datetime) -> list[Event]:
    """A person has seen at the gateway that a refund was made, or has paid it out. Raises Denied, NotFound."""
    if not re.fullmatch(STAFF_ID, actor.id):
        raise Denied(
            "payment.not_staff", "Whoever confirms is named by a staff id.", "Cần mã cán bộ của người xác nhận."
        )
    return note_refund(order, number, at, actor.id)


def may_read(order: FeeOrder | None, actor: Actor, owns: bool, unit: str | None = None) -> FeeOrder:
    """The order: for its owner, officers of its unit and of the `unit` that has the dossier, the system.

    Raises NotFound, never a hint that it is there.
    """
    allowed = {"system": True, "officer": order is not None and actor.unit in {order.unit, unit}}
    if not allowed.get(actor.kind, owns):
        raise unknown_order()
    return known(order)


def unit_to_list(actor: Actor, unit: str | None) -> str | None:
    """Whose orders an actor may list: an officer his unit's, the system any. Raises Denied."""
    if actor.kind == "system":
        return unit
    if actor.kind != "officer":
        raise Denied("payment.officer_only", "Only an officer may do this.", "Chỉ cán bộ được thực hiện.")
    if unit not in {None, actor.unit}:
        raise other_unit()
    return actor.unit


def unit_to_count(actor: Actor, unit: str | None) -> str | None:
    """Whose fees an actor may sum up: as he may list orders; an operator all. Raises Denied."""
    return unit if actor.kind == "operator" else unit_to_list(actor, unit)


def outstanding(orders: Sequence[FeeOrder]) -> FeeOrder:
    """Of a dossier's orders, by moment: the one that waits for money, else the last that fell due, else the first."""
    payable = [order for order in orders if order.status in PAYABLE]
    due = [order for order in orders if order.status != "assessed"]
    return payable[0] if payable else due[-1] if due else orders[0]


def reference_of(order_id: str, number: int, at: datetime) -> str:
    """What a gateway calls an attempt begun then: letters and digits only (100 at most), never used twice.

    Behind the number stands the minute (of the epoch, in hex): so it is not used again by who knows, from a backup,
    nothing of the attempts of yesterday.
    """
    minute = int(at.timestamp()) // 60
    return re.sub(r"[^A-Za-z0-9]", "", order_id) + f"P{number}T{minute:X}"


def known(order: FeeOrder | None) -> FeeOrder:
    """The order. Raises NotFound."""
    if order is None:
        raise unknown_order()
    return order


def unknown_order() -> NotFound:
    """There is none, or it is not the caller's to see."""
    return NotFound("payment.unknown_order", "There is no such order.", "Không tìm thấy khoản thu.")


def other_unit() -> Denied:
    """An officer reached for what another unit is in charge of."""
    return Denied("payment.other_unit", "The order belongs to another unit.", "Khoản thu thuộc đơn vị khác.")


def _payable_by(actor: Actor, owns: bool, order: FeeOrder | None) -> FeeOrder:
    if actor.kind not in APPLICANT_KINDS:
        raise Denied("payment.applicant_only", "Only the applicant may do this.", "Chỉ người nộp hồ sơ được thực hiện.")
    if not owns:
        raise unknown_order()
    order = known(order)
    _insist_payable(order)
    return order


def _insist_payable(order: FeeOrder) -> None:
    if order.status not in PAYABLE:
        raise Refused(*_UNPAYABLE.get(order.status, _UNPAYABLE["paid"]))


def _attempt(order: FeeOrder, reference: str) -> Attempt:
    attempt = order.find_attempt(reference)
    if attempt is None:
        raise NotFound("payment.unknown_attempt", "There is no such attempt.", "Không tìm thấy lần thanh toán.")
    return attempt


def _ask(
    order_id: str, dossier_code: str, when_due: str, amount_vnd: int, pay_within: timedelta, at: datetime
) -> Event:
    about = {"order_id": order_id, "dossier_code": dossier_code, "when_due": when_due}
    if amount_vnd == 0:
        return Event("fee_waived", {**about, "waived_at": at})
    return Event("fee_requested", {**about, "amount_vnd": amount_vnd, "requested_at": at, "pay_by": at + pay_within})


def _pay(order: FeeOrder, method: str, attempt: str | None, transaction: str | None, paid_at: datetime) -> Event:
    how = {"method": method, "attempt": attempt, "transaction": transaction, "paid_at": paid_at}
    return _event("fee_paid", order, when_due=order.when_due, amount_vnd=order.amount_vnd, **how)


def _owe_for_end(
    order: FeeOrder, attempt: str | None, paid_at: datetime, ended_at: datetime, at: datetime
) -> list[Event]:
    """All of it where it was paid after the end (gateways count in whole seconds) or for the result, else what is
    refundable.

    A dossier may be ended twice, by the unit and by the applicant: the rest is owed when the first end is heard last.
    """
    paid_late = paid_at.replace(microsecond=0) >= ended_at.replace(microsecond=0)
    whole = paid_late or order.when_due == "before_result"
    amount = order.amount_vnd if whole else sum(line.amount_vnd for line in order.lines if line.refundable)
    amount -= sum(refund.amount_vnd for refund in order.refunds_for("dossier_ended"))
    return [_owe(order, attempt, amount, "dossier_ended", at)] if amount > 0 else []


def _owe(order: FeeOrder, attempt: str | None, amount_vnd: int, reason: str, at: datetime) -> Event:
    what = {"refund": len(order.refunds) + 1, "attempt": attempt, "amount_vnd": amount_vnd}
    return _event("refund_due", order, **what, reason=reason, due_at=at)


def _event(type_: str, order: FeeOrder, **data: Any) -> Event:
    return Event(type_, {"order_id": order.order_id, "dossier_code": order.dossier_code, **data})
