"""The operator's controls: script faults, look at transactions, send a callback by hand."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from deploy.sandbox.gateway import codes, mishaps
from deploy.sandbox.gateway.callbacks import Callbacks
from deploy.sandbox.gateway.ledger import Ledger, Transaction
from deploy.sandbox.gateway.plans import NO_FAULT, BadPlan, is_of_calls, read_call_plan, read_plan, read_spoiling

_MOST_LISTED = 1000


def operator_controls(ledger: Ledger, callbacks: Callbacks) -> Blueprint:
    """The routes under /sandbox."""
    controls = Blueprint("controls", __name__, url_prefix="/sandbox")

    @controls.errorhandler(BadPlan)
    def explain(error: BadPlan) -> ResponseReturnValue:
        return {"error": str(error)}, 400

    @controls.post("/plan")
    def plan() -> ResponseReturnValue:
        body = request.get_json(silent=True)
        if is_of_calls(body):
            return _plan_of_calls(ledger, body)
        fault, txn_ref, times = read_plan(body)
        if fault == NO_FAULT:
            ledger.clear_plans()
        else:
            ledger.add_plan(fault, txn_ref, times)
        return {"ipn": fault, "txn_ref": txn_ref, "times": times}

    @controls.get("/transactions")
    def transactions() -> ResponseReturnValue:
        return [_shown(each) for each in ledger.newest(*_wanted())]

    @controls.get("/mishaps")
    def calls_that_met_a_fault() -> ResponseReturnValue:
        return mishaps.newest(ledger, *_wanted())

    @controls.post("/transactions/<name>/ipn")
    def send_callback(name: str) -> ResponseReturnValue:
        spoiling = read_spoiling(request.get_json(silent=True))
        transaction = ledger.find(name)
        if transaction is None:
            return {"error": "no such transaction"}, 404
        if transaction.is_open:
            return {"error": "the payer has not finished yet"}, 409
        return dict(callbacks.send_by_hand(transaction, spoiling))

    return controls


def _plan_of_calls(ledger: Ledger, body: Mapping[str, Any]) -> ResponseReturnValue:
    wanted = read_call_plan(body)
    if wanted.fault == NO_FAULT:
        mishaps.forget_plans(ledger)
    else:
        mishaps.plan(ledger, wanted)
    return {"api": wanted.fault, "command": wanted.command, "txn_ref": wanted.txn_ref, "times": wanted.times}


def _wanted() -> tuple[str, int]:
    """Whose is listed ("" for everybody's), and how many."""
    limit = request.args.get("limit", _MOST_LISTED, type=int)
    return request.args.get("txn_ref", ""), max(1, min(limit, _MOST_LISTED))


def _shown(transaction: Transaction) -> dict[str, Any]:
    return {
        "transaction_no": transaction.number,
        "txn_ref": transaction.txn_ref,
        "amount_vnd": transaction.amount // 100,
        "order_info": transaction.order_info,
        "create_date": transaction.create_date,
        "state": codes.STATES[transaction.status],
        "response_code": transaction.response_code or None,
        "transaction_status": transaction.status,
        "fault": transaction.ipn_fault or None,
        "ipn_state": transaction.ipn_state,
        "tries": transaction.ipn_tries,
        "last_answer": transaction.last_answer,
    }
