"""Where a payer's browser may be sent back to after the gateway."""

import ipaddress
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from services.chassis.errors import Refused
from services.contracts.fields import matching

LONGEST: Final = 240  # what gateways take
# No ~ and no *: Java, PHP and Python encode them differently, so a signature over them does not travel.
SHAPE: Final = matching(
    r"https?://[A-Za-z0-9._:/?@!$&'()+,;=%\[\]-]+",
    "Phải là địa chỉ http(s) tuyệt đối.",
    "Must be an absolute http(s) URL.",
)


def insist_allowed(url: str, hosts: Collection[str]) -> None:
    """Raises Refused unless it is https (or http on this machine) and its host among `hosts`, if any are named."""
    parts = _parts(url)
    if parts is None:
        raise _refused()
    scheme, host = parts
    safe = scheme == "https" or _is_loopback(host)
    if not safe or (hosts and host not in {allowed.lower() for allowed in hosts}):
        raise _refused()


def _parts(url: str) -> tuple[str, str] | None:
    try:
        parts = urlsplit(url)
        named = parts.hostname if parts.port != 0 else None
    except ValueError:
        return None
    if not named or parts.username is not None or parts.fragment:
        return None
    return parts.scheme, named


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused() -> Refused:
    en, vi = "The return address is not allowed.", "Địa chỉ quay về không được phép."
    problem = {"field": "return_url", "code": "not_allowed", "vi": vi, "en": en}
    return Refused("payment.return_url_not_allowed", en, vi, [problem])
