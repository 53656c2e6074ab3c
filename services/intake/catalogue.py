"""What intake reads of the projected catalogue: procedures, their units and calendars, and forms compiled once."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from marshmallow import Schema

from services.chassis import clock
from services.chassis.errors import NotFound, Unavailable
from services.contracts.catalogue.dates import local_day
from services.contracts.catalogue.forms import compile_form
from services.contracts.catalogue.worktime import Calendar, CalendarExhausted

Row = dict[str, Any]
Version = tuple[str, str, str, int]
_CALENDARS = "vn"  # the public calendars stand under this name, beside the ministries
_MOST_KEPT = 2000


class Published(Protocol):
    """The projection of the catalogue (`chassis.projection.Projection`)."""

    def apply(self, published: Mapping[str, Any]) -> None:
        """Keep a published document."""

    def as_of(self, tenant: str, kind: str, key: str, day: date) -> Row | None:
        """The document in force on a day."""

    def standing(self, tenant: str, kind: str, key: str, day: date) -> Row | None:
        """The document in force on a day, else as it last was before."""

    def listed(self, tenant: str, kind: str, day: date, limit: int = 100, after: str | None = None) -> list[Row]:
        """The documents of a kind in force on a day, by key."""

    def holds(self, tenant: str, kind: str) -> bool:
        """Whether any document of a kind is here, of whatever days."""


class Catalogue:
    """Look-ups as of a day; a document that must be there and is not yet makes intake Unavailable."""

    def __init__(self, published: Published) -> None:
        self._published = published
        self._forms: dict[Version, Schema] = {}
        self._calendars: dict[tuple[Version, str], Calendar] = {}

    def keep(self, published: Mapping[str, Any]) -> None:
        """Keep a published document unless a later revision is here already."""
        self._published.apply(published)

    def procedure(self, tenant: str, key: str, day: date) -> Row:
        """The procedure in force on `day`, with `valid_from` and `revision`. Raises NotFound, Unavailable."""
        found = self._published.as_of(tenant, "procedure", key, day)
        if found is None:
            self._require_procedures(tenant, day)
            raise NotFound("intake.unknown_procedure", "There is no such procedure.", "Không có thủ tục này.")
        return found

    def procedure_version(self, tenant: str, key: str, version: str) -> Row:
        """The procedure as it came into force on `version`, in its latest revision. Raises Unavailable."""
        return _needed(self._published.as_of(tenant, "procedure", key, date.fromisoformat(version)))

    def procedures(self, tenant: str, day: date, limit: int, after: str | None) -> list[Row]:
        """The procedures of a ministry in force on `day`, by key. Raises NotFound, Unavailable."""
        found = self._published.listed(tenant, "procedure", day, limit, after)
        if not found and after is None:
            self._require_procedures(tenant, day)
        return found

    def unit(self, tenant: str, key: str, day: date) -> Row:
        """The body of a unit's document, in force or as it last was. Raises Unavailable."""
        body: Row = _needed(self._published.standing(tenant, "unit", key, day))["document"]
        return body

    def form(self, procedure: Row) -> Schema:
        """The compiled form of a procedure's row."""
        version = _version(procedure)
        if version not in self._forms:
            _make_room(self._forms)
            self._forms[version] = compile_form(procedure["document"]["form"], _today)
        return self._forms[version]

    def answer_due_at(self, unit: Mapping[str, Any], received_at: datetime, hours: int) -> datetime:
        """The instant by which the unit owes its first answer. Raises Unavailable."""
        row = _needed(self._published.standing(_CALENDARS, "calendar", unit["calendar"], local_day(received_at)))
        try:
            return self._calendar(row, unit["office_hours"]).add_working_hours(received_at, hours)
        except CalendarExhausted as error:
            raise Unavailable(
                "intake.calendar_exhausted", "The office calendar does not reach that far.", "Lịch làm việc đã hết hạn."
            ) from error

    def _calendar(self, row: Row, office_hours: str) -> Calendar:
        key = (_version(row), office_hours)
        if key not in self._calendars:
            _make_room(self._calendars)
            self._calendars[key] = Calendar.from_document(row["document"], office_hours)
        return self._calendars[key]

    def _require_procedures(self, tenant: str, day: date) -> None:
        """Nothing of a ministry means that its catalogue has not come yet, or that there is no such ministry.

        One whose procedures have ended, or begin on a later day, has none today, and that is known.
        """
        if self._published.holds(tenant, "procedure"):
            return
        is_named = self._published.as_of(tenant, "tenant", tenant, day) is not None
        if is_named or self._published.as_of(_CALENDARS, "calendar", _CALENDARS, day) is None:
            raise _missing()
        raise NotFound("intake.unknown_tenant", "There is no such ministry.", "Không có cơ quan này.")


def _needed(found: Row | None) -> Row:
    if found is None:
        raise _missing()
    return found


def _version(row: Row) -> Version:
    return row["tenant"], row["key"], row["valid_from"], row["revision"]


def _make_room(kept: dict[Any, Any]) -> None:
    if len(kept) >= _MOST_KEPT:
        kept.clear()


def _today() -> date:
    return local_day(clock.now())


def _missing() -> Unavailable:
    return Unavailable(
        "intake.catalogue_missing", "The catalogue has not arrived yet; try again.", "Danh mục thủ tục chưa sẵn sàng."
    )
