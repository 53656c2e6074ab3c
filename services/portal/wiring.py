"""The parts of the portal, put together."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import current_app

from services.chassis.remote import Remote
from services.chassis.store import open_database
from services.chassis.tokens import issuer_of
from services.contracts.events import PUBLISHERS
from services.portal.clients import Services
from services.portal.health import Health
from services.portal.offers import Offers
from services.portal.sessions import Sessions
from services.portal.settings import PortalSettings
from services.portal.staff import Staff

_POOL = 16
_SECONDS_FOR_CATALOGUE = 10.0  # while registry or intake is being renewed; then the pages say that it is away


@dataclass(frozen=True, slots=True)
class Portal:
    """What pages work with: `portal().services`, `portal().offers`."""

    settings: PortalSettings
    services: Services
    offers: Offers
    sessions: Sessions
    database: Any
    health: Health
    staff: Staff = field(default_factory=Staff)


def wire(settings: PortalSettings) -> Portal:
    """Put the parts together. Speaks to nobody yet. Raises BadKey."""
    database = open_database(settings.mongo_uri, settings.database_name, _POOL)
    issuer = issuer_of(settings)
    remote = Remote(
        settings.amqp_uri,
        issuer,
        most=settings.rpc_lines,
        most_of_one=settings.rpc_lines // len(PUBLISHERS),
        deadline_seconds=settings.rpc_seconds,
    )
    services = Services(remote, issuer, settings.intake_url)
    sessions = Sessions(
        database["sessions"],
        settings.secret,
        idle=timedelta(minutes=settings.session_minutes),
        longest=timedelta(hours=settings.session_hours),
    )
    offers = Offers(services, _SECONDS_FOR_CATALOGUE)
    return Portal(settings, services, offers, sessions, database, Health(settings, database, offers))


def portal() -> Portal:
    """The parts, for the page at hand."""
    found: Portal = current_app.extensions["motcua"]
    return found
