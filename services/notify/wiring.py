"""How notify is put together."""

from datetime import timedelta

from services.chassis.actor import Actor
from services.chassis.journal import Aggregate
from services.chassis.projection import Projection
from services.chassis.remote import Remote
from services.chassis.timers import Timer
from services.chassis.tokens import issuer_of
from services.chassis.wired import Base, Wired
from services.notify.claims import Claims
from services.notify.clients import REMEMBERED, Neighbours
from services.notify.domain import Notice, evolve
from services.notify.lines import IDLE_SECONDS, Lines
from services.notify.mail import Mail
from services.notify.settings import NotifySettings
from services.notify.store import Catalogue, NoticeStore, Units
from services.notify.templates import Templates
from services.notify.usecases import NotifyCases

NOTICE = Aggregate("notify", "notice", Notice, evolve)
_SYSTEM = Actor("system", "notify")


def wire(settings: NotifySettings) -> Wired[NotifyCases]:
    """The wired service. Raises BadTemplate."""
    base = Base(settings)
    journal = base.journal(NOTICE, "notices")
    store, projection = NoticeStore(journal), Projection(base.database["catalogue"])
    claims = Claims(journal.collection, timedelta(seconds=settings.claim_seconds), settings.longest_sending)
    remote, lines = Remote(settings.amqp_uri, issuer_of(settings), _SYSTEM), Lines(settings)
    neighbours = Neighbours(remote)
    units = Units(base.database["units"])
    parts = (store, claims, Catalogue(projection), units, neighbours, Templates(), Mail(lines))
    cases = NotifyCases(*parts, timedelta(hours=settings.put_off_hours))
    timers = (
        Timer("claims", claims.renewed_every.total_seconds(), claims.renew),
        Timer("lines", IDLE_SECONDS, lines.close_idle),
        Timer("remembered", REMEMBERED.total_seconds() / 6, neighbours.forget),
    )
    return Wired(base, cases, (journal, store, projection), timers, closers=(remote.close, lines.close))
