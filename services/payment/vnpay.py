"""VNPAY PAY API 2.1.0, without any I/O: what is sent, how it is signed, what an answer says.

Source: the gateway's public integration document. Only here an amount is đồng times 100, and only here a time is local
(GMT+7) text. A signature is HMAC-SHA512 in hex: over the sorted, form-encoded query of a redirect or callback, over
values joined by `|` for the merchant API.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl, quote_plus

from services.contracts.catalogue.dates import VIETNAM

Fields = dict[str, str]

VERSION: Final = "2.1.0"
OK: Final = "00"
SUSPECTED: Final = "07"
EXPIRED: Final = "11"
OTHER: Final = "99"
NOT_FOUND: Final = "91"
DUPLICATE: Final = "94"
# What the merchant answers to a callback, in the order of the checks (the last one where we failed ourselves).
BAD_SIGNATURE: Final = ("97", "Invalid Checksum")
UNKNOWN_ORDER: Final = ("01", "Order Not Found")
WRONG_AMOUNT: Final = ("04", "Invalid Amount")
ALREADY_CONFIRMED: Final = ("02", "Order already confirmed")
CONFIRMED: Final = ("00", "Confirm Success")
UNKNOWN_ERROR: Final = ("99", "Unknown error")

_MOST_FIELDS = 64
_UNSIGNED = frozenset({"vnp_SecureHash", "vnp_SecureHashType"})
_NOT_COMPLETED = "01"
_PAYMENT = "01"
_FULL_REFUND, _PARTIAL_REFUND = "02", "03"
_GIVEN_BACK = frozenset({OK, "05", "06"})  # done, in the gateway's hands, sent to the bank; 09 is refused


def _names(text: str) -> tuple[str, ...]:
    return tuple(f"vnp_{name}" for name in text.split())


_QUERY = _names("RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo")
_REFUND = _names(
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate"
    " CreateBy CreateDate IpAddr OrderInfo"
)
_REFUND_ANSWER = _names(
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo"
)
_QUERY_ANSWER = (*_REFUND_ANSWER, *_names("PromotionCode PromotionAmount"))


@dataclass(frozen=True, slots=True)
class Merchant:
    """Our terminal at the gateway, and the secret we share with it."""

    tmn_code: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Purchase:
    """One attempt to pay, as the gateway is told of it."""

    reference: str
    amount_vnd: int
    about: str
    started_at: datetime
    expires_at: datetime
    ip_address: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Report:
    """What the gateway says of an attempt: it is captured, failed, or held (debited on suspicion, not decided yet).

    Or, asked after, its last word is of `amount_vnd` refunded. That is None where it is not a whole number of đồng.
    """

    reference: str
    amount_vnd: int | None
    outcome: str
    response_code: str
    transaction: str | None
    paid_at: datetime | None


def pay_url(address: str, merchant: Merchant, purchase: Purchase, return_url: str) -> str:
    """The signed address that the payer's browser is sent to."""
    query = query_of(
        {
            "vnp_Version": VERSION,
            "vnp_Command": "pay",
            "vnp_TmnCode": merchant.tmn_code,
            "vnp_Amount": str(purchase.amount_vnd * 100),
            "vnp_CreateDate": stamp(purchase.started_at),
            "vnp_ExpireDate": stamp(purchase.expires_at),
            "vnp_CurrCode": "VND",
            "vnp_IpAddr": purchase.ip_address,
            "vnp_Locale": "vn",
            "vnp_OrderInfo": plain(f"Nop phi ho so {purchase.about}"),
            "vnp_OrderType": "other",
            "vnp_ReturnUrl": return_url,
            "vnp_TxnRef": purchase.reference,
        }
    )
    return f"{address}?{query}&vnp_SecureHash={digest(merchant, query)}"


def read_callback(merchant: Merchant, query: str) -> Report | None:
    """What a return or callback query says; None unless it is signed for our terminal and names nothing twice."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    fields = dict(pairs)
    if len(fields) != len(pairs):  # two amounts, one signed and one read, must not get through
        return None
    signed = {name: value for name, value in fields.items() if name.startswith("vnp_")}
    if not _same(digest(merchant, query_of(signed)), fields.get("vnp_SecureHash", "")):
        return None
    return _report(signed) if signed.get("vnp_TmnCode") == merchant.tmn_code else None


def query_request(merchant: Merchant, purchase: Purchase, request_id: str, at: datetime) -> Fields:
    """The signed `querydr` call that asks what became of an attempt."""
    return _signed(merchant, _QUERY, _call("querydr", merchant, purchase, request_id, at))


def refund_request(
    merchant: Merchant, purchase: Purchase, amount_vnd: int, transaction: str, request_id: str, at: datetime
) -> Fields:
    """The signed `refund` call that gives back `amount_vnd` of a capture; `transaction` may be unknown ("")."""
    wanted = {
        "vnp_TransactionType": _FULL_REFUND if amount_vnd == purchase.amount_vnd else _PARTIAL_REFUND,
        "vnp_Amount": str(amount_vnd * 100),
        "vnp_TransactionNo": transaction,
        "vnp_CreateBy": "motcua",
    }
    return _signed(merchant, _REFUND, {**_call("refund", merchant, purchase, request_id, at), **wanted})


def read_answer(merchant: Merchant, body: Any) -> Fields | None:
    """The fields of an API answer; None unless it is an object of texts and numbers, rightly signed."""
    if not isinstance(body, Mapping) or not all(_is_text(value) for value in body.values()):
        return None
    answer = {str(name): "" if value is None else str(value) for name, value in body.items()}
    names = _REFUND_ANSWER if answer.get("vnp_Command") == "refund" else _QUERY_ANSWER
    expected = digest(merchant, _joined(names, answer))
    return answer if _same(expected, answer.get("vnp_SecureHash", "")) else None


def report_of(answer: Fields) -> Report | None:
    """What a `querydr` answer says of a payment, or of money given back; None while that is not completed."""
    status, kind = answer.get("vnp_TransactionStatus", ""), answer.get("vnp_TransactionType", "")
    if kind in {"", _PAYMENT} and status not in {"", _NOT_COMPLETED}:
        return _report({**answer, "vnp_ResponseCode": status})
    if kind in {_FULL_REFUND, _PARTIAL_REFUND} and status in _GIVEN_BACK:
        return replace(_report(answer), outcome="refunded")
    return None


def stamp(at: datetime) -> str:
    """An instant as the gateway writes it: yyyyMMddHHmmss at GMT+7."""
    return at.astimezone(VIETNAM).strftime("%Y%m%d%H%M%S")


def moment(text: str) -> datetime | None:
    """The instant a stamp means, or None."""
    if not re.fullmatch(r"[0-9]{14}", text, re.ASCII):
        return None
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=VIETNAM).astimezone(UTC)
    except ValueError:
        return None


def plain(text: str) -> str:
    """Text for `vnp_OrderInfo`: ASCII letters, digits, spaces, dots and hyphens only."""
    return re.sub(r"[^A-Za-z0-9 .-]", "", text)[:255]


def query_of(fields: Mapping[str, str]) -> str:
    """The text that is signed: non-empty fields sorted by name, form-encoded, without any signature."""
    kept = sorted((name, value) for name, value in fields.items() if value and name not in _UNSIGNED)
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in kept)


def digest(merchant: Merchant, text: str) -> str:
    """The signature over `text`."""
    return hmac.new(merchant.secret.encode(), text.encode(errors="surrogatepass"), hashlib.sha512).hexdigest()


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.lower().encode(errors="surrogatepass"))


def _report(fields: Mapping[str, str]) -> Report:
    code, status = fields.get("vnp_ResponseCode", ""), fields.get("vnp_TransactionStatus", "")
    return Report(
        reference=fields.get("vnp_TxnRef", ""),
        amount_vnd=_whole_dong(fields.get("vnp_Amount", "")),
        outcome=_outcome(code, status),
        response_code=_telling(code, status),
        transaction=fields.get("vnp_TransactionNo") or None,
        paid_at=moment(fields.get("vnp_PayDate", "")),
    )


def _outcome(code: str, status: str) -> str:
    if SUSPECTED in {code, status}:
        return "held"
    return "captured" if code == OK and status == OK else "failed"


def _telling(code: str, status: str) -> str:
    """The first code that is not a success."""
    bad = next((said for said in (code, status) if said not in {"", OK}), OTHER)
    return OK if code == status == OK else bad


def _whole_dong(amount: str) -> int | None:
    return int(amount[:-2]) if re.fullmatch(r"[1-9][0-9]{0,15}00", amount, re.ASCII) else None


def _call(command: str, merchant: Merchant, purchase: Purchase, request_id: str, at: datetime) -> Fields:
    return {
        "vnp_RequestId": request_id,
        "vnp_Version": VERSION,
        "vnp_Command": command,
        "vnp_TmnCode": merchant.tmn_code,
        "vnp_TxnRef": purchase.reference,
        "vnp_TransactionDate": stamp(purchase.started_at),
        "vnp_CreateDate": stamp(at),
        "vnp_IpAddr": purchase.ip_address,
        "vnp_OrderInfo": plain(f"{command} {purchase.about}"),
    }


def _signed(merchant: Merchant, names: Sequence[str], fields: Fields) -> Fields:
    return {**fields, "vnp_SecureHash": digest(merchant, _joined(names, fields))}


def _joined(names: Sequence[str], fields: Mapping[str, str]) -> str:
    return "|".join(fields.get(name, "") for name in names)


def _is_text(value: Any) -> bool:
    return value is None or (isinstance(value, (str, int)) and not isinstance(value, bool))
