"""What payment publishes: the life of a fee order. Amounts are whole đồng."""

from services.contracts.fields import Choice, Flag, Items, Lenient, Moment, Part, Text, Versions, Whole, matching
from services.contracts.words import METHODS, STAFF_ID, WHEN_DUE


class FeeLine(Lenient):
    """One priced fee item."""

    code = Text(required=True)
    kind = Choice("charge", "fee", required=True)
    name_vi = Text(required=True)
    name_en = Text(required=True)
    quantity = Whole(required=True)
    unit_amount_vnd = Whole(required=True)
    amount_vnd = Whole(required=True)
    refundable = Flag(required=True)


class FeeAssessed(Lenient):
    """What will fall due at `when_due` was priced at the day of submission."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    tenant = Text(required=True)
    procedure = Text(required=True)
    unit = Text(required=True)
    when_due = Choice(*WHEN_DUE, required=True)
    lines = Items(Part(FeeLine), most=100, required=True)
    amount_vnd = Whole(required=True)
    assessed_at = Moment(required=True)


class FeeRequested(Lenient):
    """The fee fell due; the applicant is asked to pay by `pay_by`."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    when_due = Choice(*WHEN_DUE, required=True)
    amount_vnd = Whole(required=True)
    requested_at = Moment(required=True)
    pay_by = Moment(required=True)


class FeeWaived(Lenient):
    """The fee fell due and came to nothing."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    when_due = Choice(*WHEN_DUE, required=True)
    waived_at = Moment(required=True)


class PaymentStarted(Lenient):
    """The payer was sent to a gateway under the reference `attempt`."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    attempt = Text(required=True)
    method = Choice(*METHODS, required=True)
    started_at = Moment(required=True)
    expires_at = Moment(required=True)


class FeeFailed(Lenient):
    """An attempt to pay failed; the order stays open. `was_held`: the payer was told to wait, and is told of this."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    attempt = Text(required=True)
    response_code = Text(required=True)
    failed_at = Moment(required=True)
    was_held = Flag(load_default=False)


class FeePaid(Lenient):
    """The order is settled, once."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    when_due = Choice(*WHEN_DUE, required=True)
    amount_vnd = Whole(required=True)
    method = Choice(*METHODS, required=True)
    attempt = Text(required=True, allow_none=True)
    transaction = Text(required=True, allow_none=True)
    paid_at = Moment(required=True)


class ReceiptIssued(Lenient):
    """The receipt (biên lai) of a settled order: `number` without gaps in its series."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    template = Text(required=True)
    serial = Text(required=True)
    number = Whole(required=True)
    amount_vnd = Whole(required=True)
    issued_at = Moment(required=True)


class FeeTransferred(Lenient):
    """The dossier was handed on, for the time that `transfer` says: what is not paid by then the new unit collects."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    transfer = Whole(low=1, required=True)
    from_unit = Text(required=True)
    to_unit = Text(required=True)
    transferred_at = Moment(required=True)


class FeeExpired(Lenient):
    """Nobody paid in time; a late capture is still taken."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    expired_at = Moment(required=True)


class FeeCancelled(Lenient):
    """The dossier ended before the fee was paid."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    cancelled_at = Moment(required=True)


class RefundDue(Lenient):
    """Money is owed back: paid twice, after the end, or for a result that never came; or refundable and withdrawn."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    refund = Whole(low=1, load_default=None, allow_none=True)  # of the order's; older events do not say which
    attempt = Text(required=True, allow_none=True)
    amount_vnd = Whole(required=True)
    reason = Choice("paid_twice", "dossier_ended", required=True)
    due_at = Moment(required=True)


class FeeRefunded(Lenient):
    """The gateway confirmed a refund, or a member of staff did, whom `confirmed_by` names."""

    order_id = Text(required=True)
    dossier_code = Text(required=True)
    refund = Whole(low=1, load_default=None, allow_none=True)  # of the order's; older events do not say which
    attempt = Text(required=True, allow_none=True)
    amount_vnd = Whole(required=True)
    refunded_at = Moment(required=True)
    confirmed_by = Text(load_default=None, allow_none=True, validate=matching(STAFF_ID, "Mã cán bộ.", "A staff id."))


EVENTS: dict[str, Versions] = {
    "fee_assessed": {1: FeeAssessed},
    "fee_requested": {1: FeeRequested},
    "fee_waived": {1: FeeWaived},
    "payment_started": {1: PaymentStarted},
    "fee_failed": {1: FeeFailed},
    "fee_paid": {1: FeePaid},
    "receipt_issued": {1: ReceiptIssued},
    "fee_transferred": {1: FeeTransferred},
    "fee_expired": {1: FeeExpired},
    "fee_cancelled": {1: FeeCancelled},
    "refund_due": {1: RefundDue},
    "fee_refunded": {1: FeeRefunded},
}
