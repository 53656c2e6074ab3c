"""The merchant API: querydr and refund, checked, answered and signed."""

from datetime import datetime
from secrets import token_hex

from deploy.sandbox.gateway import clock, codes, refunds
from deploy.sandbox.gateway.formats import first_bad_field
from deploy.sandbox.gateway.ledger import Ledger, Transaction
from deploy.sandbox.gateway.outcomes import bank_of, number_of
from deploy.sandbox.gateway.refunds import CallRefused
from deploy.sandbox.gateway.settings import Settings
from deploy.sandbox.gateway.signing import (
    QUERYDR_REQUEST,
    QUERYDR_RESPONSE,
    REFUND_REQUEST,
    REFUND_RESPONSE,
    digest_of_values,
    same_digest,
)

Fields = dict[str, str]
_ASKED = {"querydr": QUERYDR_REQUEST, "refund": REFUND_REQUEST}
_TOLD = {"querydr": QUERYDR_RESPONSE, "refund": REFUND_RESPONSE}
_MAY_BE_ABSENT = "vnp_TransactionNo"


class MerchantApi:
    """Answers one JSON call at a time."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._settings = settings
        self._ledger = ledger

    def answer(self, body: object, at: datetime) -> Fields:
        """The signed answer to a call; every refusal is an answer too."""
        command, said = command_of(body), self._begun(body)
        try:
            call = self._checked(body, command)
            # Only a caller who proved the secret hears his own words back under our signature.
            said |= {name: call[name] for name in ("vnp_TxnRef", "vnp_OrderInfo")}
            act = self._refund if command == "refund" else self._query
            said |= act(call, at) | {"vnp_ResponseCode": codes.OK, "vnp_Message": codes.CALL_MESSAGES[codes.OK]}
        except CallRefused as refusal:
            said |= _told_of_refusal(refusal)
        return signed(self._settings.secret, said)

    def deny(self, body: object) -> Fields:
        """The signed answer to a call about what is not known here, whether it is or not."""
        return signed(self._settings.secret, self._begun(body) | _told_of_refusal(CallRefused(codes.CALL_NOT_FOUND)))

    def _begun(self, body: object) -> Fields:
        tmn_code = self._settings.tmn_code
        return {"vnp_ResponseId": token_hex(16), "vnp_Command": command_of(body), "vnp_TmnCode": tmn_code}

    def _checked(self, body: object, command: str) -> Fields:
        call, asked = _texts(body), _ASKED[command]
        if call.get("vnp_TmnCode", "") != self._settings.tmn_code:
            raise CallRefused(codes.CALL_UNKNOWN_MERCHANT)
        expected = digest_of_values(self._settings.secret, asked, call)
        if not same_digest(expected, call.get("vnp_SecureHash", "")):
            raise CallRefused(codes.CALL_BAD_SIGNATURE)
        required = tuple(name for name in asked if name != _MAY_BE_ABSENT)
        bad = first_bad_field(call, required, (_MAY_BE_ABSENT,))
        if bad is not None or call["vnp_Command"] != command:
            raise CallRefused(codes.CALL_BAD_FORMAT, bad or "vnp_Command")
        return call

    def _query(self, call: Fields, at: datetime) -> Fields:
        refunds.take_request_id(self._ledger, clock.stamp(at)[:8], "querydr", call["vnp_RequestId"])
        payment = self._payment(call)
        number = call.get(_MAY_BE_ABSENT, "")
        if number in ("", "0", str(payment.number)):
            return _told_of(payment)
        for refund in refunds.refunds_of(self._ledger, payment):
            if str(refund.number) == number:
                return _told_of(payment) | _told_of_refund(refund, codes.REFUND_SENT)
        raise CallRefused(codes.CALL_NOT_FOUND)

    def _refund(self, call: Fields, at: datetime) -> Fields:
        if call["vnp_TransactionType"] not in (refunds.FULL, refunds.PARTIAL):
            raise CallRefused(codes.CALL_BAD_FORMAT, "vnp_TransactionType")
        refunds.take_request_id(self._ledger, clock.stamp(at)[:8], "refund", call["vnp_RequestId"])
        payment = self._payment(call)
        if call.get(_MAY_BE_ABSENT, "") not in ("", "0", str(payment.number)):
            raise CallRefused(codes.CALL_NOT_FOUND)
        wanted = refunds.Wanted(call["vnp_TransactionType"], int(call["vnp_Amount"]), call["vnp_CreateBy"])
        refund = refunds.give_back(self._ledger, payment, wanted, at)
        asked = {"vnp_OrderInfo": call["vnp_OrderInfo"]}
        return _told_of(payment) | _told_of_refund(refund, codes.REFUND_ACCEPTED) | asked

    def _payment(self, call: Fields) -> Transaction:
        payment = self._ledger.by_create_date(call["vnp_TxnRef"], call["vnp_TransactionDate"])
        if payment is None:
            raise CallRefused(codes.CALL_NOT_FOUND)
        return payment


def command_of(body: object) -> str:
    """Which of the two a call is for; what is neither is refused as a querydr."""
    return "refund" if isinstance(body, dict) and body.get("vnp_Command") == "refund" else "querydr"


def signed(secret: str, said: Fields) -> Fields:
    """An answer with all fields that it has, and its signature."""
    names = _TOLD[said["vnp_Command"]]
    whole = {name: said.get(name, "") for name in names}
    return whole | {"vnp_SecureHash": digest_of_values(secret, names, whole)}


def _texts(body: object) -> Fields:
    """The call's fields as text; merchants send some numbers as JSON numbers."""
    if not isinstance(body, dict):
        raise CallRefused(codes.CALL_BAD_FORMAT, "the body is not a JSON object")
    if any(isinstance(value, bool) or not isinstance(value, str | int) for value in body.values()):
        raise CallRefused(codes.CALL_BAD_FORMAT, "a value is neither text nor a whole number")
    call = {str(name): str(value) for name, value in body.items()}
    if not all(value.isprintable() for value in call.values()):
        raise CallRefused(codes.CALL_BAD_FORMAT, "a value has characters that cannot be printed")
    return call


def _told_of(payment: Transaction) -> Fields:
    return {
        "vnp_Amount": str(payment.amount),
        "vnp_BankCode": bank_of(payment),
        "vnp_PayDate": payment.pay_date,
        "vnp_TransactionNo": number_of(payment),
        "vnp_TransactionType": "01",
        "vnp_TransactionStatus": payment.status,
        "vnp_OrderInfo": payment.order_info,
    }


def _told_of_refund(refund: refunds.Refund, status: str) -> Fields:
    return {
        "vnp_Amount": str(refund.amount),
        "vnp_PayDate": refund.create_date,
        "vnp_TransactionNo": str(refund.number),
        "vnp_TransactionType": refund.kind,
        "vnp_TransactionStatus": status,
    }


def _told_of_refusal(refusal: CallRefused) -> Fields:
    message = codes.CALL_MESSAGES[refusal.code]
    return {
        "vnp_ResponseCode": refusal.code,
        "vnp_Message": f"{message}: {refusal.why}" if refusal.why else message,
    }
