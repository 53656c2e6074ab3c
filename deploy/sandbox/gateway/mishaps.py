"""Faults that are planned for calls of the merchant API, and the calls that met one, in the same books."""

from typing import Any

from deploy.sandbox.gateway.ledger import Ledger
from deploy.sandbox.gateway.plans import CallPlan


def plan(ledger: Ledger, wanted: CallPlan) -> None:
    """Let the next calls of this kind meet this fault, behind all that is planned for them already."""
    with ledger.writing() as db:
        db.execute(
            "INSERT INTO call_plans (fault, command, txn_ref, times) VALUES (?, ?, ?, ?)",
            (wanted.fault, wanted.command, wanted.txn_ref, wanted.times),
        )


def forget_plans(ledger: Ledger) -> None:
    """Forget every plan that was not used yet."""
    with ledger.writing() as db:
        db.execute("DELETE FROM call_plans")


def take(ledger: Ledger, command: str, txn_ref: str) -> str:
    """The fault that a call is to meet, "" for none; what is planned for its reference goes before all others."""
    query = """SELECT id, fault FROM call_plans WHERE command IN ('', ?) AND txn_ref IN ('', ?)
        ORDER BY txn_ref = '', id LIMIT 1"""
    with ledger.writing() as db:
        found = db.execute(query, (command, txn_ref)).fetchone()
        if found is None:
            return ""
        db.execute("UPDATE call_plans SET times = times - 1 WHERE id = ?", (found["id"],))
        db.execute("DELETE FROM call_plans WHERE times <= 0")
    return str(found["fault"])


def note(ledger: Ledger, command: str, txn_ref: str, fault: str, response_code: str) -> None:
    """A call met this fault; the code is of what was done for it, "" where nothing was."""
    with ledger.writing() as db:
        db.execute(
            "INSERT INTO mishaps (command, txn_ref, fault, response_code) VALUES (?, ?, ?, ?)",
            (command, txn_ref, fault, response_code),
        )


def newest(ledger: Ledger, txn_ref: str, limit: int) -> list[dict[str, Any]]:
    """The calls that met a fault, newest first, of one reference or (with an empty one) of all."""
    query = """SELECT command, txn_ref, fault, response_code FROM mishaps WHERE ? IN ('', txn_ref)
        ORDER BY number DESC LIMIT ?"""
    with ledger.writing() as db:
        return [dict(row) for row in db.execute(query, (txn_ref, limit))]
