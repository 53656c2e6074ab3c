"""What each field of the PAY API may look like."""

import ipaddress
import re
from collections.abc import Mapping

from deploy.sandbox.environment import has_host
from deploy.sandbox.gateway import clock

_PATTERNS = {
    "vnp_Version": r"2\.1\.0",
    "vnp_RequestId": r"[A-Za-z0-9]{1,32}",
    "vnp_Amount": r"[1-9][0-9]{0,9}00",  # đồng times 100: a đồng has no decimals
    "vnp_BankCode": r"[A-Za-z0-9]{3,20}",
    "vnp_CurrCode": r"VND",
    "vnp_Locale": r"vn|en",
    "vnp_OrderInfo": r"[A-Za-z0-9 .,:_/-]{1,255}",  # no diacritics, no special characters
    "vnp_OrderType": r"[A-Za-z0-9_-]{1,100}",
    "vnp_TxnRef": r"[A-Za-z0-9_.-]{1,100}",
    "vnp_TransactionNo": r"[0-9]{1,15}",
    "vnp_CreateBy": r"[A-Za-z0-9 .@_-]{1,245}",
}
_DATES = frozenset({"vnp_CreateDate", "vnp_ExpireDate", "vnp_TransactionDate"})


def first_bad_field(fields: Mapping[str, str], required: tuple[str, ...], optional: tuple[str, ...]) -> str | None:
    """The first field that is missing or not in its format; None if all are right."""
    for name in required:
        if not fields.get(name) or not fits(name, fields[name]):
            return name
    for name in optional:
        if fields.get(name) and not fits(name, fields[name]):
            return name
    return None


def fits(name: str, value: str) -> bool:
    """Whether `value` is in the format of the field `name`."""
    if name in _DATES:
        return clock.is_stamp(value)
    if name == "vnp_IpAddr":
        return _is_ip(value)
    if name == "vnp_ReturnUrl":
        return _is_return_url(value)
    return name not in _PATTERNS or re.fullmatch(_PATTERNS[name], value) is not None


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_return_url(text: str) -> bool:
    # ~ and * are encoded differently by Java, PHP and Python, so a signature over them does not travel.
    return re.fullmatch(r"https?://[!-)+-}]{1,247}", text) is not None and has_host(text)
