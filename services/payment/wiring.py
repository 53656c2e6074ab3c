"""How payment is put together."""

from functools import partial

from services.chassis.actor import Actor
from services.chassis.journal import Aggregate
from services.chassis.projection import Projection
from services.chassis.remote import Remote
from services.chassis.series import Series
from services.chassis.timers import Timer
from services.chassis.tokens import issuer_of
from services.chassis.wired import Base, Wired
from services.payment.catalogue import Catalogue
from services.payment.clients import Gateway, Owners
from services.payment.order import FeeOrder, evolve
from services.payment.refunds import Refunds
from services.payment.settings import PaymentSettings
from services.payment.settlement import Settlement
from services.payment.store import Orders
from services.payment.usecases import PaymentCases
from services.payment.vnpay import Merchant

ORDER = Aggregate("payment", "order", FeeOrder, evolve)


def wire(settings: PaymentSettings) -> Wired[PaymentCases]:
    """The wired service."""
    base = Base(settings)
    journal = base.journal(ORDER, "orders")
    orders = Orders(journal, base.database["dossiers"])
    projection, numbers = Projection(base.database["catalogue"]), Series(base.database["receipts"])
    # what the gateway reports is settled without it
    base.health.needs("catalogue", partial(projection.holds_any, "procedure"), at_doors=False)
    remote = Remote(settings.amqp_uri, issuer_of(settings), Actor("system", "payment"))
    merchant = Merchant(settings.vnpay_tmn_code, settings.vnpay_secret.get_secret_value())
    gateway = Gateway(settings.vnpay_api_url, merchant)
    settlement = Settlement(journal, orders, gateway, merchant, settings)
    refunds = Refunds(journal, orders, gateway)
    cases = PaymentCases(journal, orders, Catalogue(projection), numbers, Owners(remote), settlement, refunds, settings)
    timers = (
        Timer("expire", settings.timer_seconds, cases.expire_overdue),
        Timer("ask", settings.timer_seconds, settlement.ask_about_silent),
    )
    return Wired(base, cases, (journal, orders, projection, numbers), timers, (remote.close,))
