"""The parts of the portal, put together."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import current_app

from services.chassis.remote import Remote
from services.chassis.store import is_writable, open_database
from services.chassis.tokens import issuer_of
from services.portal.clients import Services
from services.portal.offers import Offers
from services.portal.sessions import Sessions
from services.portal.settings import PortalSettings

_POOL = 16


@dataclass(frozen=True, slots=True)
class Portal:
    """What pages work with: `portal().services`, `portal().offers`."""

    settings: PortalSettings
    services: Services
    offers: Offers
    sessions: Sessions
    database: Any

    def health(self) -> dict[str, Any]:
        """Ready is who can keep sessions; whether services answer is theirs to say, and the pages' to show."""
        writable = is_writable(self.database)
        return {"ready": writable, "store": writable}


def wire(settings: PortalSettings) -> Portal:
    """Put the parts together. Speaks to nobody yet. Raises BadKey."""
    database = open_database(settings.mongo_uri, settings.database_name, _POOL)
    issuer = issuer_of(settings)
    remote = Remote(settings.amqp_uri, issuer, most=settings.rpc_lines, deadline_seconds=settings.rpc_seconds)
    services = Services(remote, issuer, settings.intake_url)
    sessions = Sessions(
        database["sessions"],
        settings.secret,
        idle=timedelta(minutes=settings.session_minutes),
        longest=timedelta(hours=settings.session_hours),
    )
    return Portal(settings, services, Offers(services), sessions, database)


def portal() -> Portal:
    """The parts, for the page at hand."""
    found: Portal = current_app.extensions["motcua"]
    return found
