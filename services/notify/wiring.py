"""How notify is put together."""

from services.chassis.actor import Actor
from services.chassis.journal import Aggregate
from services.chassis.projection import Projection
from services.chassis.remote import Remote
from services.chassis.wired import Base, Wired
from services.notify.clients import Neighbours
from services.notify.domain import Notice, evolve
from services.notify.mail import Mail
from services.notify.settings import NotifySettings
from services.notify.store import Catalogue, NoticeStore
from services.notify.templates import Templates
from services.notify.usecases import NotifyCases

NOTICE = Aggregate("notify", "notice", Notice, evolve)
_SYSTEM = Actor("system", "notify")


def wire(settings: NotifySettings) -> Wired[NotifyCases]:
    """The wired service. Raises BadTemplate."""
    base = Base(settings)
    journal = base.journal(NOTICE, "notices")
    store, projection = NoticeStore(journal), Projection(base.database["catalogue"])
    remote = Remote(settings.amqp_uri, _SYSTEM)
    cases = NotifyCases(
        store, Catalogue(projection), Neighbours(remote), Templates(), Mail(settings), settings.claim_seconds
    )
    return Wired(base, cases, indexed=(journal, store, projection), closers=(remote.close,))
