"""Several brokers of one cluster: which of them to try first. One that did not answer lately is tried last.

A frozen broker takes connections and never speaks; without a memory every new connection would first wait for it.
"""

import random
import time
from typing import Final
from urllib.parse import urlsplit

from kombu import Connection

SHUNNED_SECONDS: Final = 30.0
_BETWEEN: Final = ";"
_Place = tuple[str | None, int | None]
_shunned: dict[_Place, float] = {}


def in_turn(uri: str) -> list[str]:
    """The addresses that `uri` names, in any order, so that clients spread; last those that are shunned."""
    addresses = uri.split(_BETWEEN)
    now = time.monotonic()
    return sorted(
        random.sample(addresses, len(addresses)),
        key=lambda address: _shunned.get(_place(address), 0.0) > now,
    )


def are_several(uri: str) -> bool:
    """Whether `uri` names more than one broker."""
    return _BETWEEN in uri


def joined(addresses: list[str]) -> str:
    """Several addresses as one, as kombu and stock nameko clients take them."""
    return _BETWEEN.join(addresses)


def shun(connection: Connection) -> None:
    """The broker that this connection leads, or would have led, to has not answered."""
    _shunned[connection.hostname, connection.port] = time.monotonic() + SHUNNED_SECONDS


def address_of(connection: Connection, uri: str) -> str:
    """Which of the addresses in `uri` this connection leads to; all of them where that cannot be said."""
    place = (connection.hostname, connection.port)
    return next((address for address in uri.split(_BETWEEN) if _place(address) == place), uri)


def _place(address: str) -> _Place:
    parts = urlsplit(address)
    return parts.hostname, parts.port
