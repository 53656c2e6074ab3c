"""What the services stand on in the simulation. Each is wired by its own `wire`; only the ground is exchanged.

Exchanged are the database, the relay's way to the broker, the lines to other services, the gateway, the mail server.
"""

from collections.abc import Mapping
from contextlib import ExitStack, nullcontext
from functools import cache
from types import SimpleNamespace
from typing import Any, Final, Protocol, cast
from unittest.mock import patch

from pymongo.database import Database as RealDatabase

from services.chassis import together
from services.chassis.actor import Actor
from services.chassis.health import Health
from services.chassis.journal import Journal
from services.chassis.relay import Relay
from services.chassis.service import Service
from services.chassis.settings import Settings
from services.chassis.store import Document
from services.chassis.wired import Base, Wired
from services.intake import wiring as intake
from services.intake.service import IntakeService
from services.intake.settings import IntakeSettings
from services.notify import wiring as notify
from services.notify.service import NotifyService
from services.notify.settings import NotifySettings
from services.notify.templates import Templates
from services.payment import wiring as payment
from services.payment.service import PaymentService
from services.payment.settings import PaymentSettings
from services.registry import wiring as registry
from services.registry.service import RegistryService
from services.registry.settings import RegistrySettings
from services.routing import wiring as routing
from services.routing.service import RoutingService
from services.routing.settings import RoutingSettings
from tests.keys import ring
from tests.unit.simulation.bus import Bus
from tests.unit.simulation.mongo import Collection, Database
from tests.unit.simulation.outside import MERCHANT, Gateway, MailServer

KINDS: Final[tuple[type[Service], ...]] = (
    IntakeService,
    RoutingService,
    PaymentService,
    RegistryService,
    NotifyService,
)
WIRINGS: Final[Mapping[str, Any]] = {
    "intake": intake,
    "routing": routing,
    "payment": payment,
    "registry": registry,
    "notify": notify,
}
_ANYWHERE: Final[dict[str, Any]] = {
    "amqp_uri": "amqp://nowhere",
    "mongo_uri": "mongodb://nowhere",
    "actor_keys": ring().public,
}
_CALLING: Final[dict[str, Any]] = {**_ANYWHERE, "actor_key": ring().private("everybody")}
_GATEWAY: Final[dict[str, Any]] = {
    "vnpay_url": "http://gateway.example.vn/pay",
    "vnpay_api_url": "http://gateway.example.vn/api",
}
_SECRET: Final[dict[str, Any]] = {"vnpay_tmn_code": MERCHANT.tmn_code, "vnpay_secret": MERCHANT.secret}
_SETTINGS: Final[Mapping[str, Settings]] = {
    "intake": IntakeSettings(service="intake", intake_url="http://intake.example.vn", **_ANYWHERE),
    "routing": RoutingSettings(service="routing", **_CALLING),
    "payment": PaymentSettings(service="payment", **_CALLING, **_GATEWAY, **_SECRET),
    "registry": RegistrySettings(service="registry", **_CALLING),
    "notify": NotifySettings(service="notify", smtp_host="mail.example.vn", smtp_port=25, **_CALLING),
}


class Surroundings(Protocol):
    """What a world offers to those who stand in it."""

    bus: Bus
    gateway: Gateway
    mail: MailServer
    journals: dict[str, Journal[Any]]

    def database(self, service: str) -> Database:
        """The database of a service."""

    def line(self, actor: Actor) -> Any:
        """A line to the other services."""


class Awake(Relay):
    """A relay that can be asked whether there is anything to publish."""

    awake = False

    def wake(self, journal: Journal[Any], id_: str) -> None:
        """As in life."""
        self.awake = True
        super().wake(journal, id_)

    def run_all(self) -> None:
        """Publish what is there, and sleep."""
        self.run_once(0)
        self.awake = False

    def _find_late(self, seconds: float) -> list[tuple[Journal[Any], str]]:
        """As in life, but that where nothing is late nobody looks: such looks took a tenth of a run's time."""
        pending = any(cast("Collection", journal.collection).has_pending for journal in self._journals)
        return super()._find_late(seconds) if pending else []


class Ground(Base):
    """`Base` without servers."""

    def __init__(self, settings: Settings, world: Surroundings) -> None:
        self.settings = settings
        self.database = cast("RealDatabase[Document]", world.database(settings.service))
        self.relay = Awake(settings.service, cast("Any", world.bus), settings.relay_batch)
        self.health = Health(settings, self.database, self.relay)
        self._world = world

    def journal(self, aggregate: Any, collection: str) -> Journal[Any]:
        """As in life, and known to the world."""
        journal = super().journal(aggregate, collection)
        self._world.journals[aggregate.name] = journal
        return journal


def wire(name: str, world: Surroundings) -> Wired[Any]:
    """A service, wired in these surroundings."""
    exchanged: dict[str, Any] = {
        "Base": lambda settings: Ground(settings, world),
        "Remote": lambda _uri, _issuer, actor: world.line(actor),
        "Papers": lambda _database: None,
        "Gateway": lambda _address, _merchant: world.gateway,
        "Mail": lambda _settings: world.mail,
        "Templates": _templates,
        "issuer_of": lambda _settings: None,  # lines here need no key
    }
    with ExitStack() as exchange:
        # whoever comes in between is another process here, which no lock of this one holds up
        exchange.enter_context(patch.object(together, "threading", SimpleNamespace(Lock=nullcontext)))
        for part, replacement in exchanged.items():
            if hasattr(WIRINGS[name], part):
                exchange.enter_context(patch.object(WIRINGS[name], part, replacement))
        wired: Wired[Any] = WIRINGS[name].wire(_SETTINGS[name])
    for part_with_indexes in filter(None, wired.indexed):
        part_with_indexes.ensure_indexes()
    return wired


@cache
def _templates() -> Templates:
    """Read once."""
    return Templates()
