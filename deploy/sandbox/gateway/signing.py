"""How VNPAY PAY API 2.1.0 signs: HMAC-SHA512 over a query string, or over values joined by |."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from urllib.parse import quote_plus

UNSIGNED = frozenset({"vnp_SecureHash", "vnp_SecureHashType"})


def field_names(text: str) -> tuple[str, ...]:
    """Names separated by spaces, each with VNPAY's prefix."""
    return tuple(f"vnp_{name}" for name in text.split())


QUERYDR_REQUEST = field_names("RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo")
REFUND_REQUEST = field_names(
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo TransactionDate"
    " CreateBy CreateDate IpAddr OrderInfo"
)
REFUND_RESPONSE = field_names(
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo"
)
QUERYDR_RESPONSE = (*REFUND_RESPONSE, *field_names("PromotionCode PromotionAmount"))


def digest(secret: str, text: str) -> str:
    """HMAC-SHA512 in lower-case hex."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def query_of(fields: Mapping[str, str]) -> str:
    """Non-empty fields sorted by name, form-encoded (space becomes +), without any signature."""
    pairs = sorted((name, value) for name, value in fields.items() if value and name not in UNSIGNED)
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in pairs)


def signed_query(secret: str, fields: Mapping[str, str]) -> str:
    """The query string of `fields` with its signature at the end."""
    query = query_of(fields)
    return f"{query}&vnp_SecureHash={digest(secret, query)}"


def digest_of_values(secret: str, names: Iterable[str], fields: Mapping[str, str]) -> str:
    """The signature over the values of `names` in that order, joined by |; a missing one counts as empty."""
    return digest(secret, "|".join(fields.get(name, "") for name in names))


def same_digest(expected: str, given: str) -> bool:
    """Compare without leaking time, hex in either case."""
    return hmac.compare_digest(expected.lower().encode(), given.lower().encode())
