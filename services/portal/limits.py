"""How often one address may ask the portal what anybody may ask: counted for all its processes together."""

import math
from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, current_app
from pymongo.errors import PyMongoError

from services.chassis import clock, often
from services.portal.settings import PortalSettings

Page = TypeVar("Page", bound=Callable[..., Any])
_limiter: Final = often.limiter()
_LIMITS: Final = "MOTCUA_LIMITS"


def keep(app: Flask, settings: PortalSettings, database: Any) -> None:
    """Count in `database`; in memory where there is none."""
    app.config[_LIMITS] = {
        "lookup": settings.lookup_limit,
        "verify": settings.verify_limit,
        "sign_in": settings.sign_in_limit,
    }
    often.keep(app, _limiter, database, settings.proxies)


def seconds_to_wait() -> int:
    """How long until the limit that a request has met lets the next one through."""
    met = _limiter.current_limit
    if met is None:
        return 1
    longest = met.limit.get_expiry()
    try:
        return min(max(math.ceil(met.reset_at - clock.now().timestamp()), 1), longest)
    except PyMongoError:  # away since it was counted
        return longest


def limited(what: str, *methods: str) -> Callable[[Page], Page]:
    """A page that one address may ask for so often as the settings say of `what`; all methods unless some are named."""
    limit: Any = _limiter.shared_limit(
        lambda: current_app.config[_LIMITS][what], scope=what, methods=list(methods) or None
    )
    return limit  # type: ignore[no-any-return]
