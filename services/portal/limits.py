"""How often one address may ask what anybody may ask: counted in the portal's database, for all its processes together.

While the database is away each process counts for itself. Addresses are kept for as long as a count lasts.
"""

import math
import time
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any, Final, TypeVar

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import MongoDBStorage
from pymongo.errors import PyMongoError
from werkzeug.middleware.proxy_fix import ProxyFix

from services.portal.settings import PortalSettings

Page = TypeVar("Page", bound=Callable[..., Any])
_IPV6_NETWORK: Final = 64  # whoever has an address of IPv6 has as many as that leaves


def who_asks() -> str:
    """The address that is counted: of IPv6 the network, which one household or one machine has to itself."""
    address = ip_address(get_remote_address())
    return str(ip_network((address, _IPV6_NETWORK), strict=False)) if address.version == 6 else str(address)


_limiter: Final = Limiter(who_asks, headers_enabled=True, in_memory_fallback_enabled=True)
_LIMITS: Final = "MOTCUA_LIMITS"


class Counters(MongoDBStorage):
    """Counters in a database that is open already: `limits` would connect a second time."""

    STORAGE_SCHEME = ["portal"]

    def __init__(self, uri: str, database: Any, **options: Any) -> None:
        super().__init__(
            uri,
            database_name=database.name,
            counter_collection_name="limits",
            window_collection_name="limit_windows",
            **options,
        )
        self._client = database.client

    def _init_mongo_client(self, uri: str | None, **_options: Any) -> Any:
        return self._client


def keep(app: Flask, settings: PortalSettings, database: Any) -> None:
    """Count in `database`; in memory where there is none. Behind proxies it is they who say which address asks."""
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]
    app.config[_LIMITS] = {
        "lookup": settings.lookup_limit,
        "verify": settings.verify_limit,
        "sign_in": settings.sign_in_limit,
    }
    app.config["RATELIMIT_STORAGE_URI"] = "memory://" if database is None else "portal://"
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {} if database is None else {"database": database}
    _limiter.init_app(app)


def seconds_to_wait() -> int:
    """How long until the limit that a request has met lets the next one through."""
    met = _limiter.current_limit
    if met is None:
        return 1
    longest = met.limit.get_expiry()
    try:
        return min(max(math.ceil(met.reset_at - time.time()), 1), longest)
    except PyMongoError:  # away since it was counted
        return longest


def limited(what: str, *methods: str) -> Callable[[Page], Page]:
    """A page that one address may ask for so often as the settings say of `what`; all methods unless some are named."""
    limit: Any = _limiter.shared_limit(
        lambda: current_app.config[_LIMITS][what], scope=what, methods=list(methods) or None
    )
    return limit  # type: ignore[no-any-return]
