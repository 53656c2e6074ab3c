"""How routing is put together."""

from functools import partial

from services.chassis.actor import Actor
from services.chassis.journal import Aggregate
from services.chassis.projection import Projection
from services.chassis.remote import Remote
from services.chassis.timers import Timer
from services.chassis.tokens import issuer_of
from services.chassis.wired import Base, Wired
from services.routing.case import Case
from services.routing.catalogue import Catalogue
from services.routing.clients import Owners
from services.routing.figures import Figures
from services.routing.history import evolve
from services.routing.requests import Requests
from services.routing.settings import RoutingSettings
from services.routing.statistics import Statistics
from services.routing.store import CaseStore
from services.routing.usecases import RoutingCases

CASE = Aggregate("routing", "case", Case, evolve)


def wire(settings: RoutingSettings) -> Wired[RoutingCases]:
    """The wired service."""
    base = Base(settings)
    journal = base.journal(CASE, "cases")
    store, figures, projection = CaseStore(journal), Figures(journal), Projection(base.database["catalogue"])
    base.health.needs("catalogue", partial(projection.holds_any, "procedure"))
    catalogue = Catalogue(projection)
    statistics = Statistics(figures, catalogue, settings)
    remote = Remote(settings.amqp_uri, issuer_of(settings), Actor("system", "routing"))
    cases = RoutingCases(journal, store, statistics, catalogue, settings, Requests(journal, Owners(remote)))
    clocks = Timer("clocks", settings.clock_seconds, cases.ring_clocks)
    return Wired(base, cases, indexed=(journal, store, figures, projection), timers=(clocks,), closers=(remote.close,))
