"""Intake put together."""

from datetime import timedelta
from functools import partial

from services.chassis.projection import Projection
from services.chassis.timers import Timer
from services.chassis.wired import Base, Wired
from services.intake.catalogue import Catalogue
from services.intake.drafts import Drafts
from services.intake.finding import Finding
from services.intake.papers import Papers
from services.intake.settings import IntakeSettings
from services.intake.store import DOSSIER, Codes, Dossiers
from services.intake.tallies import Tallies
from services.intake.uploads import Uploads
from services.intake.usecases import IntakeCases, Stores

_SECONDS_BETWEEN_FILLINGS = 60.0


def wire(settings: IntakeSettings) -> Wired[IntakeCases]:
    """The use cases over real stores, and the timer that sweeps unnamed uploads."""
    base = Base(settings)
    journal = base.journal(DOSSIER, "dossiers")
    projection = Projection(base.database["catalogue"])
    base.health.needs("catalogue", partial(projection.holds_any, "procedure"))
    uploads = Uploads(base.database["uploads"], timedelta(seconds=settings.upload_unclaimed_seconds))
    drafts = Drafts(base.database["drafts"])
    tallies = Tallies(base.database["tally_months"], base.database["tallies"], journal.collection)
    finding = Finding(journal.collection)
    kept = (Codes(base.database["codes"]), uploads, Papers(base.database), drafts, tallies, finding)
    stores = Stores(Dossiers(journal), *kept)
    cases = IntakeCases(stores, Catalogue(projection), settings)
    return Wired(
        base,
        cases,
        indexed=(journal, stores.dossiers, stores.papers, uploads, drafts, tallies, finding, projection),
        timers=(
            Timer("sweep_uploads", settings.upload_sweep_seconds, cases.receiving.sweep),
            Timer("fill_found_by", _SECONDS_BETWEEN_FILLINGS, cases.fill_found_by),
            Timer("count_dossiers", settings.tally_seconds, cases.counting.count),
        ),
    )
