"""One signed message to one address of somebody else's, under rules that keep it out of our own network.

The address that a name leads to is looked at and then connected to, one and the same: a name that leads elsewhere a
moment later leads nowhere. No redirect is followed, no proxy used, nothing of the answer read but its head, and a
short body where its end is known: then the line serves for what comes next, as long as the name leads there.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from requests_hardened.ip_filter import InvalidIPAddress
from requests_hardened.ip_filter_adapter import IPFilterAdapter
from standardwebhooks import Webhook

from services.chassis import clock
from services.chassis.deadline import ended_after, in_os_thread
from services.notify.settings import NotifySettings
from services.notify.webhook_answers import POOLS
from services.notify.webhooks import Outcome, is_allowed, wished_rest

_SECONDS_TO_CONNECT: Final = 5.0
_SHORT: Final = 4096  # bytes of an answer; over a longer one the line is closed
_FORBIDDEN: Final = Outcome(None, "address_not_allowed")
_ANYBODYS: Final = ip_network("2000::/3")  # all of IPv6 that is given out to be reached from everywhere
for _talker in ("requests_hardened.ip_filter", "urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_talker).setLevel(logging.CRITICAL)  # they would say whose address it was; we say what became


class _Adapter(IPFilterAdapter):
    """Looks names up beside all else: somebody's slow name server would hold up every letter."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """As it is, with an end to what is read of an answer."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:
        """Where to connect to. Raises InvalidIPAddress."""
        host, how = in_os_thread(super().build_connection_pool_key_attributes, request, verify, cert)
        address = ip_address(host["host"].strip("[]"))
        if address.version == 6 and address not in _ANYBODYS and not (self._allow_loopback and address.is_loopback):
            raise InvalidIPAddress(address)
        return host, how


class Post:
    """What sends webhooks for a process."""

    def __init__(self, settings: NotifySettings) -> None:
        self._loopback, self._seconds = settings.webhook_loopback, settings.webhook_timeout_seconds
        self._verify: bool | str = str(settings.webhook_ca) if settings.webhook_ca else True
        self._adapters = {
            scheme: _Adapter(is_https_proto=scheme == "https", allow_loopback=self._loopback)
            for scheme in ("http", "https")
        }

    def send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Try once, within the time that is set, whatever the receiver does."""
        if not is_allowed(url, loopback=self._loopback):
            return _FORBIDDEN
        try:
            with ended_after(self._seconds):
                return self._send(url, headers, body)
        except InvalidIPAddress:
            return _FORBIDDEN
        except (requests.RequestException, OSError, ValueError) as error:
            return Outcome(None, type(error).__name__)

    def close(self) -> None:
        """Close what is open."""
        for adapter in self._adapters.values():
            adapter.close()

    def _send(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Not through a session: that one would follow, keep cookies, and use proxies of the environment."""
        request = requests.Request("POST", url, headers=headers, data=body).prepare()
        waits = (min(_SECONDS_TO_CONNECT, self._seconds), self._seconds)
        adapter: Any = self._adapters[urlsplit(url).scheme]
        response = adapter.send(request, stream=True, timeout=waits, verify=self._verify, proxies={})
        left = response.raw.length_remaining
        if left is not None and left <= _SHORT:
            response.raw.drain_conn()
        response.close()
        status = int(response.status_code)
        return Outcome(status, str(status), wished_rest(status, response.headers.get("Retry-After"), clock.now()))


def signed(id_: str, body: bytes, keys: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a message that is sent at `at`: one signature for each secret that counts."""
    signatures = [Webhook(key).sign(id_, at, body.decode()) for key in keys]
    return {
        "content-type": "application/json",
        "user-agent": "motcua-webhooks/1",
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
