"""The gateway's books: transactions and their callbacks, in SQLite, so that a restart forgets nothing."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.sandbox.gateway import codes
from deploy.sandbox.gateway.orders import Order, PayRefused

_FIRST_NUMBER = 14_000_000  # VNPAY's numbers have eight digits
_FIRST_REFUND = 15_000_000


@dataclass(frozen=True)
class Transaction:
    """One payment as the gateway sees it; the field names are the columns. `amount` is đồng times 100."""

    number: int
    token: str
    tmn_code: str
    txn_ref: str
    day: str
    amount: int
    order_info: str
    bank_code: str
    return_url: str
    create_date: str
    expire_date: str
    signature: str
    response_code: str
    status: str
    pay_date: str
    ipn_fault: str
    ipn_state: str
    ipn_round: int
    ipn_tries: int
    ipn_due_at: float | None
    ipn_last_answer: str

    @property
    def is_open(self) -> bool:
        """Whether the payer has not finished yet."""
        return self.status == codes.OPEN

    @property
    def last_answer(self) -> dict[str, Any] | None:
        """What the merchant said to the last callback."""
        return json.loads(self.ipn_last_answer) if self.ipn_last_answer else None


class Ledger:
    """Opens, finishes and finds transactions, and keeps the timetable of their callbacks."""

    def __init__(self, folder: Path) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / "gateway.sqlite", check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        # Survives the death of this process at any moment; only a power cut could lose the last second.
        self._db.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")
        self._db.executescript((Path(__file__).parent / "ledger.sql").read_text(encoding="utf-8"))
        with self.writing() as db:
            _number_from(db, "transactions", _FIRST_NUMBER)
            _number_from(db, "refunds", _FIRST_REFUND)
            db.execute("UPDATE transactions SET ipn_state = 'waiting' WHERE ipn_state = 'sending'")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One database transaction at a time, rolled back when its block raises."""
        with self._lock, self._db:
            yield self._db

    def close(self) -> None:
        """Close the books."""
        with self._lock:
            self._db.close()

    def open_order(self, order: Order) -> Transaction:
        """A new transaction, or the open one when a browser loads the very same request again.

        Raises PayRefused when the reference was used that day for anything else.
        """
        with self.writing() as db:
            known = _by_reference(db, order)
            if known is None:
                return _insert(db, order)
        if known.is_open and known.signature == order.signature:
            return known
        raise PayRefused(codes.DUPLICATE_ORDER, "vnp_TxnRef")

    def by_token(self, token: str) -> Transaction | None:
        """The transaction whose pay page carries `token`."""
        return self._one("SELECT * FROM transactions WHERE token = ?", token)

    def by_create_date(self, txn_ref: str, create_date: str) -> Transaction | None:
        """The transaction a merchant names by its reference and original vnp_CreateDate."""
        query = "SELECT * FROM transactions WHERE txn_ref = ? AND create_date = ?"
        return self._one(query, txn_ref, create_date)

    def find(self, name: str) -> Transaction | None:
        """The newest transaction with this reference, else the one with this number."""
        query = "SELECT * FROM transactions WHERE txn_ref = ? ORDER BY number DESC LIMIT 1"
        return self._one(query, name) or self._one("SELECT * FROM transactions WHERE number = ?", name)

    def newest(self, txn_ref: str, limit: int) -> list[Transaction]:
        """Transactions, newest first, of one reference or (with an empty one) of all."""
        query = "SELECT * FROM transactions WHERE ? IN ('', txn_ref) ORDER BY number DESC LIMIT ?"
        with self._lock:
            return [Transaction(**dict(row)) for row in self._db.execute(query, (txn_ref, limit))]

    def finish(self, token: str, code: str, pay_date: str, first_call_at: float) -> bool:
        """Record the outcome once and time the first callback; False when there was an outcome already.

        A plan waiting for this transaction decides the fate of its callbacks.
        """
        with self.writing() as db:
            found = _transaction(db.execute("SELECT * FROM transactions WHERE token = ?", (token,)))
            if found is None or not found.is_open:
                return False
            _record(db, found.number, code, pay_date, _take_plan(db, found.txn_ref), first_call_at)
            return True

    def claim_due(self, at: float) -> Transaction | None:
        """Take one transaction whose callback is due; nobody else gets it until `note_answer`."""
        query = """UPDATE transactions SET ipn_state = 'sending' WHERE number = (
            SELECT number FROM transactions WHERE ipn_state = 'waiting' AND ipn_due_at <= ?
            ORDER BY ipn_due_at LIMIT 1) RETURNING *"""
        with self.writing() as db:
            return _transaction(db.execute(query, (at,)))

    def next_due_at(self) -> float | None:
        """When the next callback is due (seconds since the epoch)."""
        query = "SELECT min(ipn_due_at) FROM transactions WHERE ipn_state = 'waiting'"
        with self._lock:
            due: float | None = self._db.execute(query).fetchone()[0]
            return due

    def note_answer(
        self, number: int, tries: int, answer: Mapping[str, Any], state: str, due_at: float | None = None
    ) -> None:
        """Note what the merchant said to `tries` callbacks of one round, and what comes next."""
        with self.writing() as db:
            db.execute(
                """UPDATE transactions SET ipn_tries = ipn_tries + ?, ipn_last_answer = ?,
                   ipn_round = ipn_round + 1, ipn_due_at = ?,
                   ipn_state = CASE ipn_state WHEN 'confirmed' THEN ipn_state ELSE ? END WHERE number = ?""",
                (tries, json.dumps(answer), due_at, state, number),
            )

    def note_manual_answer(self, number: int, answer: Mapping[str, Any], confirmed: bool) -> None:
        """Note what the merchant said to a callback sent by hand; a confirmation ends the automatic ones."""
        with self.writing() as db:
            db.execute(
                """UPDATE transactions SET ipn_tries = ipn_tries + 1, ipn_last_answer = ?,
                   ipn_state = CASE WHEN ? THEN 'confirmed' ELSE ipn_state END WHERE number = ?""",
                (json.dumps(answer), confirmed, number),
            )

    def add_plan(self, fault: str, txn_ref: str, times: int) -> None:
        """Let the next `times` outcomes (of one reference, or of any) have this fault."""
        with self.writing() as db:
            db.execute("INSERT INTO plans (fault, txn_ref, times) VALUES (?, ?, ?)", (fault, txn_ref, times))

    def clear_plans(self) -> None:
        """Forget every plan that was not used yet."""
        with self.writing() as db:
            db.execute("DELETE FROM plans")

    def _one(self, query: str, *values: str) -> Transaction | None:
        with self._lock:
            return _transaction(self._db.execute(query, values))


def _number_from(db: sqlite3.Connection, table: str, first: int) -> None:
    if db.execute("SELECT 1 FROM sqlite_sequence WHERE name = ?", (table,)).fetchone() is None:
        db.execute("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", (table, first))


def _transaction(cursor: sqlite3.Cursor) -> Transaction | None:
    row = cursor.fetchone()
    return None if row is None else Transaction(**dict(row))


def _take_plan(db: sqlite3.Connection, txn_ref: str) -> str:
    query = "SELECT id, fault FROM plans WHERE txn_ref IN ('', ?) ORDER BY txn_ref DESC, id LIMIT 1"
    plan = db.execute(query, (txn_ref,)).fetchone()
    if plan is None:
        return ""
    db.execute("UPDATE plans SET times = times - 1 WHERE id = ?", (plan["id"],))
    db.execute("DELETE FROM plans WHERE times <= 0")
    return str(plan["fault"])


def _by_reference(db: sqlite3.Connection, order: Order) -> Transaction | None:
    query = "SELECT * FROM transactions WHERE tmn_code = ? AND day = ? AND txn_ref = ?"
    return _transaction(db.execute(query, (order.tmn_code, order.day, order.txn_ref)))


def _insert(db: sqlite3.Connection, order: Order) -> Transaction:
    row = db.execute(
        """INSERT INTO transactions (token, tmn_code, txn_ref, day, amount, order_info, bank_code,
           return_url, create_date, expire_date, signature)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *""",
        (
            *(secrets.token_urlsafe(24), order.tmn_code, order.txn_ref, order.day, order.amount),
            *(order.order_info, order.bank_code, order.return_url, order.create_date),
            *(order.expire_date, order.signature),
        ),
    ).fetchone()
    return Transaction(**dict(row))


def _record(db: sqlite3.Connection, number: int, code: str, pay_date: str, fault: str, first_call_at: float) -> None:
    kind, _, argument = fault.partition(":")
    status = codes.REVERSED if (kind, code) == ("reversed", codes.OK) else codes.STATUS_OF_OUTCOME[code]
    due_at = first_call_at + (float(argument) if kind == "late" else 0)
    state = "lost" if kind == "lost" else "waiting"
    db.execute(
        """UPDATE transactions SET response_code = ?, status = ?, pay_date = ?, ipn_fault = ?,
           ipn_state = ?, ipn_due_at = ? WHERE number = ?""",
        (code, status, pay_date, fault, state, due_at, number),
    )
