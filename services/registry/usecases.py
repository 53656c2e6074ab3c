"""Everything registry can do, in one object."""

from dataclasses import dataclass

from services.registry.catalogue_cases import CatalogueCases
from services.registry.issuing_cases import IssuingCases
from services.registry.record_cases import RecordCases


@dataclass(frozen=True)
class RegistryCases:
    """The use cases, by what they are about."""

    catalogue: CatalogueCases
    issuing: IssuingCases
    records: RecordCases
