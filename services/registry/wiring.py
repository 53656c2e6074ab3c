"""The parts of registry put together."""

from dataclasses import dataclass
from pathlib import Path

from services.chassis.actor import Actor
from services.chassis.errors import Conflict, Unavailable
from services.chassis.journal import Aggregate
from services.chassis.logs import log
from services.chassis.remote import Remote
from services.chassis.tokens import issuer_of
from services.chassis.wired import Base, Wired
from services.registry import catalogue, domain
from services.registry.catalogue import Publication
from services.registry.catalogue_cases import CatalogueCases
from services.registry.clients import Intake
from services.registry.domain import Issuance, Record
from services.registry.folder import publish_folder
from services.registry.issuing_cases import IssuingCases
from services.registry.record_cases import RecordCases
from services.registry.settings import RegistrySettings
from services.registry.store import Answers, Numbers, Publications, Records
from services.registry.usecases import RegistryCases

PUBLICATION = Aggregate("registry", "publication", Publication, catalogue.evolve, about="name")
ISSUANCE = Aggregate("registry", "issuance", Issuance, domain.evolve_issuance)
RECORD = Aggregate("registry", "record", Record, domain.evolve_record)
_TRIES, _SECONDS_BETWEEN = 60, 1.0


@dataclass
class WiredRegistry(Wired[RegistryCases]):
    """registry, which publishes its catalogue folder before it serves."""

    catalogue_dir: Path | None = None

    def start(self, *, timers: bool) -> None:
        """As any service; then the folder, in the processes that have timers (an HTTP door leaves it to them)."""
        super().start(timers=timers)
        if timers and self.catalogue_dir is not None:
            self._publish(self.catalogue_dir)

    def _publish(self, folder: Path) -> None:
        for _ in range(_TRIES):
            try:
                publish_folder(self.cases.catalogue, folder)
            except (Unavailable, Conflict) as error:
                log.warning("catalogue_awaits", reason=error.code)
                if self._stopping.wait(_SECONDS_BETWEEN):
                    return
            except Exception:  # noqa: BLE001 – a folder that cannot be read may not keep the records from being served
                log.exception("catalogue_not_published")
                return
            else:
                return
        log.error("catalogue_not_published")


def wire(settings: RegistrySettings) -> WiredRegistry:
    """Put the parts together."""
    base = Base(settings)
    publications = Publications(base.journal(PUBLICATION, "publications"))
    issuances = base.journal(ISSUANCE, "issuances")
    records = Records(base.journal(RECORD, "records"))
    numbers, answers = Numbers(base.database["numbers"]), Answers(base.database["answers"])
    remote = Remote(settings.amqp_uri, issuer_of(settings), Actor("system", "registry"))
    cases = RegistryCases(
        CatalogueCases(publications, answers),
        IssuingCases(issuances, publications, records, numbers, Intake(remote)),
        RecordCases(records, publications),
    )
    indexed = (publications, issuances, records, numbers, answers)
    return WiredRegistry(base, cases, indexed=indexed, closers=(remote.close,), catalogue_dir=settings.catalogue_dir)
