"""Refunds and the request ids already seen, in the same books as the transactions."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from deploy.sandbox.gateway import codes
from deploy.sandbox.gateway.clock import stamp
from deploy.sandbox.gateway.ledger import Ledger, Transaction

FULL = "02"
PARTIAL = "03"
# VNPAY refuses a repeated request for five minutes.
WINDOW_SECONDS = 300


class CallRefused(Exception):
    """The API answers with `code` instead of 00."""

    def __init__(self, code: str, why: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.why = why


@dataclass(frozen=True)
class Wanted:
    """A refund as asked for: `kind` 02 full or 03 partial, `amount` đồng times 100."""

    kind: str
    amount: int
    created_by: str


@dataclass(frozen=True)
class Refund:
    """Money on its way back. `amount` is đồng times 100, `kind` 02 full or 03 partial."""

    number: int
    payment: int
    kind: str
    amount: int
    created_by: str
    created_at: float
    create_date: str


def take_request_id(ledger: Ledger, day: str, command: str, request_id: str) -> None:
    """Use up a request id for the day. Raises CallRefused 94 when it was used."""
    try:
        with ledger.writing() as db:
            db.execute("INSERT INTO calls (day, command, request_id) VALUES (?, ?, ?)", (day, command, request_id))
    except sqlite3.IntegrityError:
        raise CallRefused(codes.CALL_DUPLICATE, "vnp_RequestId was used today") from None


def give_back(ledger: Ledger, payment: Transaction, wanted: Wanted, at: datetime) -> Refund:
    """Record a refund; with all earlier ones it never exceeds what was captured. Raises CallRefused."""
    if payment.status != codes.CAPTURED:
        raise CallRefused(codes.CALL_NOT_CAPTURED)
    with ledger.writing() as db:
        earlier = _refunds(db, payment.number)
        if any(_repeats(wanted, refund, at) for refund in earlier):
            raise CallRefused(codes.CALL_DUPLICATE, "the same refund was just requested")
        _check_amount(payment.amount, sum(refund.amount for refund in earlier), wanted)
        row = db.execute(
            """INSERT INTO refunds (payment, kind, amount, created_by, created_at, create_date)
               VALUES (?, ?, ?, ?, ?, ?) RETURNING *""",
            (payment.number, wanted.kind, wanted.amount, wanted.created_by, at.timestamp(), stamp(at)),
        ).fetchone()
    return Refund(**dict(row))


def refunds_of(ledger: Ledger, payment: Transaction) -> list[Refund]:
    """The refunds of a payment, oldest first."""
    with ledger.writing() as db:
        return _refunds(db, payment.number)


def _refunds(db: sqlite3.Connection, payment: int) -> list[Refund]:
    rows = db.execute("SELECT * FROM refunds WHERE payment = ? ORDER BY number", (payment,))
    return [Refund(**dict(row)) for row in rows]


def _repeats(wanted: Wanted, refund: Refund, at: datetime) -> bool:
    same = (refund.kind, refund.amount) == (wanted.kind, wanted.amount)
    return same and at.timestamp() - refund.created_at < WINDOW_SECONDS


def _check_amount(captured: int, refunded: int, wanted: Wanted) -> None:
    if wanted.amount > captured - refunded:
        raise CallRefused(codes.CALL_BAD_AMOUNT, "more than what is left of the captured amount")
    if wanted.kind == FULL and wanted.amount != captured:
        raise CallRefused(codes.CALL_BAD_AMOUNT, "a full refund gives back all that was captured")
