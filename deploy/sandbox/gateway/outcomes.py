"""What the gateway tells a merchant of an outcome: the same signed fields to the browser and to the IPN."""

import secrets

from deploy.sandbox.gateway import codes
from deploy.sandbox.gateway.ledger import Transaction
from deploy.sandbox.gateway.signing import signed_query

_CARD_TYPES = {"": "ATM", "VNBANK": "ATM", "VNPAYQR": "QRCODE", "INTCARD": "VISA"}
_ONE_DONG = 100


def bank_of(transaction: Transaction) -> str:
    """The paying bank: the one asked for, or the sandbox's usual one."""
    return transaction.bank_code if transaction.bank_code not in _CARD_TYPES else "NCB"


def number_of(transaction: Transaction) -> str:
    """vnp_TransactionNo: 0 for a payment that never reached a bank."""
    return str(transaction.number) if transaction.response_code in codes.REACHED_BANK else "0"


def outcome_fields(transaction: Transaction) -> dict[str, str]:
    """The return and IPN parameters without their signature."""
    taken = transaction.response_code in (codes.OK, "07")
    return {
        "vnp_TmnCode": transaction.tmn_code,
        "vnp_Amount": str(transaction.amount),
        "vnp_BankCode": bank_of(transaction),
        "vnp_BankTranNo": f"VNP{transaction.number}" if taken else "",
        "vnp_CardType": _CARD_TYPES.get(transaction.bank_code, "ATM"),
        "vnp_PayDate": transaction.pay_date,
        "vnp_OrderInfo": transaction.order_info,
        "vnp_TransactionNo": number_of(transaction),
        "vnp_ResponseCode": transaction.response_code,
        "vnp_TransactionStatus": transaction.status,
        "vnp_TxnRef": transaction.txn_ref,
    }


def outcome_address(url: str, transaction: Transaction, secret: str, fault: str = "") -> str:
    """`url` with the signed outcome; `fault` forged or wrong_amount spoils it on purpose."""
    fields = outcome_fields(transaction)
    if fault == "wrong_amount":
        fields["vnp_Amount"] = str(transaction.amount + _ONE_DONG)
    key = secrets.token_hex(16) if fault == "forged" else secret
    return f"{url}{'&' if '?' in url else '?'}{signed_query(key, fields)}"
