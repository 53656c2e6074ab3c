"""Faults an operator may script for the callbacks of coming transactions."""

import re

# "lost" never sent; "late:SECONDS"; "repeat:N" at once; "wrong_amount" and "forged" on every automatic callback;
# "reversed" the bank took the money but the gateway failed (response code 00, transaction status 04).
_FAULT = re.compile(r"lost|late:[0-9]{1,5}(\.[0-9]{1,3})?|repeat:[1-9][0-9]{0,2}|wrong_amount|forged|reversed")
_SPOILT = frozenset({"wrong_amount", "forged"})
NO_FAULT = "ok"
MOST_TIMES = 10_000


class BadPlan(Exception):
    """The plan cannot be understood; says why."""


def read_plan(body: object) -> tuple[str, str, int]:
    """(fault, transaction reference or "" for any, times) from the operator's JSON. Raises BadPlan."""
    if not isinstance(body, dict) or set(body) - {"ipn", "txn_ref", "times"}:
        raise BadPlan("expected a JSON object with ipn and, if wanted, txn_ref and times")
    fault, txn_ref, times = body.get("ipn"), body.get("txn_ref", ""), body.get("times", 1)
    if not isinstance(fault, str) or not (fault == NO_FAULT or _FAULT.fullmatch(fault)):
        raise BadPlan("ipn is ok, lost, late:SECONDS, repeat:N, wrong_amount, forged or reversed")
    if not isinstance(txn_ref, str):
        raise BadPlan("txn_ref is text")
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
        raise BadPlan(f"times is a whole number from 1 to {MOST_TIMES}")
    return fault, txn_ref, times


def read_spoiling(body: object) -> str:
    """How a callback sent by hand is to be spoilt, "" for not at all. Raises BadPlan."""
    if body is None:
        return ""
    fault = body.get("ipn", NO_FAULT) if isinstance(body, dict) else None
    if fault == NO_FAULT:
        return ""
    if fault not in _SPOILT:
        raise BadPlan("ipn is ok, wrong_amount or forged")
    return str(fault)
