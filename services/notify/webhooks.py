"""Webhooks as rules: which addresses may be told, which events an endpoint wants, when one goes again, what is said."""

import base64
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

from services.chassis import clock
from services.contracts.events import PUBLISHERS

TYPES: Final = tuple(f"{publisher}.{type_}" for publisher, types in PUBLISHERS.items() for type_ in types)
STATUSES: Final = ("pending", "delivered", "given_up")
ROTATION: Final = timedelta(hours=24)  # how long a secret is still signed with after another has come
MOST_SECRETS: Final = 5  # that sign at once, however often one is changed within that time
KEPT: Final = timedelta(days=30)  # what was delivered
GONE: Final = 410
BUSY: Final = (429, 503)  # what may come with the wish to be left in peace for a while
LONGEST_REST: Final = timedelta(days=1)  # however long somebody wishes that
JITTER: Final = 0.1  # a wait is up to so much of itself longer: what failed together does not come back together
_LONGEST_NUMBER: Final = 9
_SECRET_BYTES: Final = 32
_PORT: Final = 443
_PLAIN: Final = re.compile(r"[!-\[\]-~]+")  # readers of addresses differ on blanks, controls and backslashes


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a department receives, and what: the events of one tenant, or of one unit of it; no `types`: all."""

    id: str
    url: str
    tenant: str
    unit: str | None
    types: tuple[str, ...]
    enabled: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Happened:
    """An event as a webhook tells it, and whom it concerns: a tenant and units of it."""

    id: str
    type: str
    at: str
    subject: str
    aggregate: str
    sequence: int
    tenant: str
    units: frozenset[str]
    trace: str = ""  # of the append that made it

    @property
    def payload(self) -> dict[str, Any]:
        """What is sent: who may know more asks by RPC."""
        thin = {"id": self.id, "subject": self.subject, "aggregate": self.aggregate, "sequence": self.sequence}
        return {"type": self.type, "timestamp": self.at, "data": thin}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try: the status that was answered, or why there was none; how long it wishes to rest."""

    status: int | None
    reason: str
    rest: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        """Whether the receiver has it."""
        return self.status is not None and self.status // 100 == 2


def new_secret() -> str:
    """A secret in the form of Standard Webhooks: 32 bytes from the system, base64, prefixed."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def wants(endpoint: Endpoint, happened: Happened) -> bool:
    """Whether an endpoint is told of it."""
    if endpoint.tenant != happened.tenant or (endpoint.types and happened.type not in endpoint.types):
        return False
    return endpoint.unit is None or endpoint.unit in happened.units


def is_allowed(url: str, *, loopback: bool) -> bool:
    """Whether an address may be told anything: https on its own port, no user in it, no fragment, plain letters.

    For a sandbox also http and other ports; which machine the name then leads to is decided when it is connected to.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    if not parts.hostname or parts.username is not None or parts.fragment or not _PLAIN.fullmatch(url):
        return False
    if loopback:
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and port in (None, _PORT)


def next_try(
    schedule: Sequence[float], tries: int, now: datetime, chance: float, rest: timedelta | None = None
) -> datetime | None:
    """When it goes again after so many tries; None when it is given up. `schedule`: seconds before each try.

    Not before the schedule says; by `chance`, from 0 to 1, somewhat later, and not before the receiver has rested.
    """
    if tries >= len(schedule):
        return None
    return now + max(timedelta(seconds=schedule[tries] * (1 + JITTER * chance)), rest or timedelta())


def wished_rest(status: int, retry_after: str | None, now: datetime) -> timedelta | None:
    """How long a receiver wishes to be left in peace (RFC 9110, 10.2.3: seconds or a date), a day at most."""
    said = (retry_after or "").strip()
    if status not in BUSY or not said:
        return None
    if said.isascii() and said.isdigit():
        return min(timedelta(seconds=int(said)), LONGEST_REST) if len(said) <= _LONGEST_NUMBER else LONGEST_REST
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    rest = (until if until.tzinfo else until.replace(tzinfo=UTC)) - now
    return min(rest, LONGEST_REST) if rest > timedelta() else None


def rests(until: datetime | None, now: datetime) -> bool:
    """Whether a receiver is left in peace; not because of a clock that was ahead."""
    return until is not None and now < until <= now + LONGEST_REST + clock.APART


def signing(kept: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    """The secrets that sign now, as they are kept, the newest first: those that another has followed for a day."""
    return [str(one["key"]) for one in kept if one["until"] is None or one["until"] > now]
