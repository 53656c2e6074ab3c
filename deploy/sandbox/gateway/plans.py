"""Faults an operator may script: for the callbacks of coming transactions, and for coming calls of the merchant API."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

_SECONDS = r":[0-9]{1,5}(\.[0-9]{1,3})?"
# "lost" never sent; "late:SECONDS"; "repeat:N" at once; "wrong_amount" and "forged" on every automatic callback;
# "reversed" the bank took the money but the gateway failed (response code 00, transaction status 04).
_FAULT = re.compile(rf"lost|late{_SECONDS}|repeat:[1-9][0-9]{{0,2}}|wrong_amount|forged|reversed")
# Nothing is done: "silent" nothing is said either; "error" HTTP 500; "unknown" code 91.
# All is done: "lost" nothing is said; "cut" half of it; "slow:SECONDS" so late; "drip:SECONDS" byte by byte all that
# time; "garbage" no JSON; "forged" with another key; and, rightly signed, "misshapen" without a code, "other_ref" of
# another payment, "wrong_amount" one đồng more.
_FAULT_OF_CALL = re.compile(
    rf"silent|error|unknown|lost|cut|slow{_SECONDS}|drip{_SECONDS}|garbage|forged|misshapen|other_ref|wrong_amount"
)
_COMMANDS = ("", "querydr", "refund")
_SPOILT = frozenset({"wrong_amount", "forged"})
NO_FAULT = "ok"
MOST_TIMES = 10_000


class BadPlan(Exception):
    """The plan cannot be understood; says why."""


@dataclass(frozen=True)
class CallPlan:
    """What the next calls of the merchant API meet: of one `command` and of one reference, or ("") of any."""

    fault: str
    command: str
    txn_ref: str
    times: int


def is_of_calls(body: object) -> TypeGuard[dict[str, Any]]:
    """Whether a plan is for calls of the merchant API."""
    return isinstance(body, dict) and "api" in body


def read_plan(body: object) -> tuple[str, str, int]:
    """(fault, transaction reference or "" for any, times) from the operator's JSON. Raises BadPlan."""
    if not isinstance(body, dict) or set(body) - {"ipn", "txn_ref", "times"}:
        raise BadPlan("expected a JSON object with ipn or api and, if wanted, txn_ref and times")
    fault = body.get("ipn")
    if not isinstance(fault, str) or not (fault == NO_FAULT or _FAULT.fullmatch(fault)):
        raise BadPlan("ipn is ok, lost, late:SECONDS, repeat:N, wrong_amount, forged or reversed")
    return fault, *_whose(body)


def read_call_plan(body: Mapping[str, Any]) -> CallPlan:
    """The same for calls of the merchant API. Raises BadPlan."""
    if set(body) - {"api", "command", "txn_ref", "times"}:
        raise BadPlan("expected a JSON object with api and, if wanted, command, txn_ref and times")
    fault, command = body.get("api"), body.get("command", "")
    if not isinstance(fault, str) or not (fault == NO_FAULT or _FAULT_OF_CALL.fullmatch(fault)):
        raise BadPlan(
            "api is ok, silent, error, unknown, lost, cut, slow:SECONDS, drip:SECONDS, garbage, forged, misshapen,"
            " other_ref or wrong_amount"
        )
    if command not in _COMMANDS:
        raise BadPlan("command is querydr or refund")
    return CallPlan(fault, command, *_whose(body))


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


def _whose(body: Mapping[str, Any]) -> tuple[str, int]:
    """The reference ("" for any) and how often."""
    txn_ref, times = body.get("txn_ref", ""), body.get("times", 1)
    if not isinstance(txn_ref, str):
        raise BadPlan("txn_ref is text")
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MOST_TIMES:
        raise BadPlan(f"times is a whole number from 1 to {MOST_TIMES}")
    return txn_ref, times
