"""How notify is put together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from services.chassis import metrics
from services.chassis.actor import Actor
from services.chassis.journal import Aggregate
from services.chassis.projection import Projection
from services.chassis.remote import Remote
from services.chassis.stream import Lines as StreamLines
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
from services.notify.webhook_cases import WebhookCases
from services.notify.webhook_places import Places
from services.notify.webhook_reader import LINES, WebhookReader
from services.notify.webhook_secrets import Seals
from services.notify.webhook_sender import Posts, WebhookSender
from services.notify.webhook_store import WebhookStore

WEBHOOK_SECONDS: Final = 1.0
ORPHANS_SECONDS: Final = 600.0
NOTICE = Aggregate("notify", "notice", Notice, evolve)
_SYSTEM = Actor("system", "notify")


@dataclass(frozen=True, slots=True)
class Parts:
    """Both ways in which notify tells."""

    notices: NotifyCases
    webhooks: WebhookCases


def wire(settings: NotifySettings) -> Wired[Parts]:
    """The wired service. Raises BadTemplate."""
    base = Base(settings)
    journal = base.journal(NOTICE, "notices")
    store, projection = NoticeStore(journal), Projection(base.database["catalogue"])
    base.health.needs("catalogue", partial(projection.holds_any, "procedure"))
    claims = Claims(journal.collection, timedelta(seconds=settings.claim_seconds), settings.longest_sending)
    remote, lines = Remote(settings.amqp_uri, issuer_of(settings), _SYSTEM), Lines(settings)
    neighbours = Neighbours(remote)
    units = Units(base.database["units"])
    catalogue = Catalogue(projection)
    parts = (store, claims, catalogue, units, neighbours, Templates(), Mail(lines))
    cases = NotifyCases(*parts, timedelta(hours=settings.put_off_hours))
    hooks = WebhookStore(base.database)
    webhooks = WebhookCases(hooks, catalogue, Seals(settings.webhook_keys), loopback=settings.webhook_loopback)
    reader = WebhookReader(hooks, Places(catalogue, units), StreamLines(settings.amqp_uri, LINES))
    sender = WebhookSender(hooks, settings, partial(_open_post, settings))
    timers = (
        Timer("claims", claims.renewed_every.total_seconds(), claims.renew),
        Timer("lines", IDLE_SECONDS, lines.close_idle),
        Timer("remembered", REMEMBERED.total_seconds() / 6, neighbours.forget),
        Timer("webhook reader", WEBHOOK_SECONDS, reader.round),
        Timer("webhook sender", WEBHOOK_SECONDS, sender.round),
        Timer("webhook orphans", ORPHANS_SECONDS, webhooks.forget_orphans),
    )
    metrics.begin(metrics.WEBHOOKS, metrics.WEBHOOK_OUTCOMES)
    closers = (reader.stop, sender.stop, remote.close, lines.close)
    return Wired(base, Parts(cases, webhooks), (journal, store, projection, hooks), timers, closers=closers)


def _open_post(settings: NotifySettings) -> tuple[Posts, Callable[..., dict[str, str]]]:
    """Loaded when there is somebody to be told: it takes some MB."""
    from services.notify.webhook_post import Post, signed

    return Post(settings), signed
