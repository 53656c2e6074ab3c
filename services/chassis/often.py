"""How often one address may ask what anybody may ask: counted in the service's own database, for all its processes.

While the database is away each process counts for itself. Addresses are kept for as long as a count lasts.
"""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final

from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import MongoDBStorage
from werkzeug.middleware.proxy_fix import ProxyFix

COLLECTIONS: Final = ("limits", "limit_windows")
_SCHEME: Final = "motcua"
_IPV6_NETWORK: Final = 64  # whoever has an address of IPv6 has as many as that leaves


def who_asks() -> str:
    """The address that is counted: of IPv6 the network, which one household or one machine has to itself."""
    address = ip_address(get_remote_address())
    if not isinstance(address, IPv6Address):
        return str(address)
    old = address.ipv4_mapped  # as a socket for both kinds names an address of IPv4
    return str(old or ip_network((address, _IPV6_NETWORK), strict=False))


class Counters(MongoDBStorage):
    """Counters in a database that is open already: `limits` would connect a second time."""

    STORAGE_SCHEME = [_SCHEME]

    def __init__(self, uri: str, database: Any, **options: Any) -> None:
        counters, windows = COLLECTIONS
        super().__init__(
            uri,
            database_name=database.name,
            counter_collection_name=counters,
            window_collection_name=windows,
            **options,
        )
        self._client = database.client

    def _init_mongo_client(self, uri: str | None, **_options: Any) -> Any:
        return self._client


def limiter() -> Limiter:
    """What counts; `Retry-After` comes with every refusal. It has an app once `keep` was called."""
    return Limiter(who_asks, headers_enabled=True, in_memory_fallback_enabled=True)


def keep(app: Flask, counting: Limiter, database: Any, proxies: int) -> None:
    """Count in `database`; in memory where there is none. Behind proxies it is they who say which address asks."""
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
    app.config["RATELIMIT_STORAGE_URI"] = f"{'memory' if database is None else _SCHEME}://"
    app.config["RATELIMIT_STORAGE_OPTIONS"] = {} if database is None else {"database": database}
    counting.init_app(app)
