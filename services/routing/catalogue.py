"""What routing reads in its projection of the catalogue: a dossier's procedure version, unit and calendar."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from services.chassis.errors import Unavailable
from services.chassis.projection import Projection
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.worktime import Calendar, CalendarExhausted
from services.contracts.words import COUNTRY
from services.routing.case import Case, Terms
from services.routing.domain import Submission
from services.routing.terms import terms_of

_DAY: Final = timedelta(days=1)


class Catalogue:
    """Look-ups that wait (Unavailable) for what registry has not published yet."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection

    def apply(self, published: Mapping[str, Any]) -> None:
        """Keep a published document."""
        self._projection.apply(published)

    def terms(self, submission: Submission, fee_inputs: Mapping[str, Any]) -> Terms:
        """The rules of the procedure version the dossier was received under. Raises Unavailable."""
        day = local_day(submission.submitted_at)
        procedure = self._procedure(submission.tenant, submission.procedure, submission.procedure_version)
        unit = self._standing(submission.tenant, "unit", submission.unit, day)
        return terms_of(procedure, unit, fee_inputs, day)

    def has_unit(self, tenant: str, key: str, day: date) -> bool:
        """Whether the ministry has such a unit on that day."""
        return self._projection.as_of(tenant, "unit", key, day) is not None

    def procedure_of(self, case: Case) -> Mapping[str, Any]:
        """The procedure as the dossier was received under it. Raises Unavailable."""
        return self._procedure(case.tenant, case.procedure, case.procedure_version)

    def calendar_of(self, case: Case) -> Calendar:
        """The calendar of the case's unit in its latest revision, for days are declared off from year to year."""
        day = local_day(case.submitted_at)
        document = self._standing(COUNTRY, "calendar", case.terms.calendar, day)
        return Calendar.from_document(document, case.terms.office_hours)

    def risk_ends(self, now: datetime, days: int) -> datetime:
        """The close of the last of so many working days after today, in standard office hours of the country.

        It is a mark for the eye, no legal term: where the calendar is not here or ends, days of the week count.
        """
        found = self._projection.standing(COUNTRY, "calendar", COUNTRY, local_day(now))
        try:
            calendar = Calendar.from_document(found["document"]) if found else None
            return calendar.end_of_day(calendar.add_working_days(now, days)) if calendar else now + days * _DAY
        except CalendarExhausted:
            return now + days * _DAY

    def _procedure(self, tenant: str, key: str, version: str) -> Mapping[str, Any]:
        """The very version intake names, looked for on the day it came into force.

        On the day of submission another may be in force: one published since then, or an older one while this is on
        its way. Only what is not here is waited for.
        """
        valid_from = version[:10]
        found = self._projection.as_of(tenant, "procedure", key, date.fromisoformat(valid_from))
        if found is None or found["valid_from"] != valid_from:
            raise _awaited()
        document: Mapping[str, Any] = found["document"]
        return document

    def _standing(self, tenant: str, kind: str, key: str, day: date) -> Mapping[str, Any]:
        found = self._projection.standing(tenant, kind, key, day)
        if found is None:
            raise _awaited()
        document: Mapping[str, Any] = found["document"]
        return document


def _awaited() -> Unavailable:
    return Unavailable(
        "routing.catalogue_awaited", "The catalogue is not here yet.", "Danh mục thủ tục chưa được đồng bộ."
    )
