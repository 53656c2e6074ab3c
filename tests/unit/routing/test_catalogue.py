"""A dossier is worked under the version it was received under, whatever has been published on the same day."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.chassis import cause
from services.chassis.errors import Refused, Unavailable
from services.contracts.catalogue.loading import load
from services.routing.catalogue import Catalogue
from services.routing.usecases import RoutingCases
from services.routing.wiring import CASE
from tests.unit.catalogue.conftest import ROOT
from tests.unit.catalogue.projected import Projected, version
from tests.unit.fakes import fake_journal
from tests.unit.routing.builders import CODE, OFFICER, UNIT, at
from tests.unit.routing.test_usecases import SETTINGS, SUBMITTED

KEY, FIRST, TODAY = "dk-ten-mien-vn", "2016-01-01", "2026-01-12"


def procedure(valid_from: str, valid_to: str | None, days: int, component: str) -> dict[str, Any]:
    """A version of the procedure: how many working days it takes, and its one paper."""
    return version(
        "procedure",
        KEY,
        valid_from,
        valid_to,
        time_limit={"kind": "working_days", "days": days},
        clock={"on_supplement": "restart", "on_payment": "pause"},
        fees=[],
        components=[{"code": component}],
        form=[],
    )


OLD, ENDED, NEW = (
    procedure(FIRST, None, 5, "TP01"),
    procedure(FIRST, "2026-01-11", 5, "TP01"),
    procedure(TODAY, None, 9, "TP02"),
)
(CALENDAR,) = load(ROOT / "catalogue").of_kind("calendar")
OFFICE = (
    version("unit", UNIT, FIRST, calendar="vn", office_hours="standard"),
    {**version("calendar", "vn", CALENDAR.valid_from, CALENDAR.valid_to), "document": CALENDAR.body},
)


class Routing:
    """Routing over a catalogue in memory, at 10 o'clock of the day the new version came into force."""

    def __init__(self, *published: dict[str, Any]) -> None:
        self.projection: Any = Projected(*OFFICE, *published)
        nothing: Any = None
        catalogue = Catalogue(self.projection)  # type: ignore[arg-type]
        self.cases = RoutingCases(fake_journal(CASE), nothing, nothing, catalogue, SETTINGS, nothing)

    def open(self, procedure_version: str = FIRST) -> None:
        """Hear of a dossier that was submitted on the day the new version came into force."""
        self.cases.open_case(cause.of_timer("submitted"), {**SUBMITTED, "procedure_version": procedure_version})

    def ask_for(self, component: str) -> None:
        """Ask for a paper."""
        items = [{"component": component, "guidance": "Bản rõ hơn."}]
        self.cases.request_supplement(OFFICER, cause.of_timer(component), CODE, items, "Mờ.")

    def accept(self) -> dict[str, Any]:
        """Receive the dossier."""
        return self.cases.accept(OFFICER, cause.of_timer("accept"), CODE)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.chassis.clock.now", lambda: at("01-12", "10:00"))


@pytest.mark.parametrize("first", [OLD, ENDED])
def test_a_dossier_received_before_todays_version_came_is_opened_and_worked_under_the_earlier(
    first: dict[str, Any],
) -> None:
    routing = Routing(first, NEW)
    routing.open()
    assert routing.accept()["due_at"] == at("01-19", "17:30")
    with pytest.raises(Refused, match=r"unlisted_item"):
        routing.ask_for("TP02")
    routing.ask_for("TP01")


def test_a_version_that_comes_in_while_the_dossier_is_worked_changes_nothing_for_it() -> None:
    routing = Routing(OLD)
    routing.open()
    routing.projection.apply(NEW)
    routing.ask_for("TP01")


def test_the_version_that_intake_names_is_waited_for() -> None:
    routing = Routing(OLD)
    with pytest.raises(Unavailable, match=r"catalogue_awaited"):
        routing.open(TODAY)
    routing.projection.apply(NEW)
    routing.open(TODAY)
    assert routing.accept()["due_at"] == at("01-23", "17:30")


def test_a_procedure_that_is_not_here_at_all_is_waited_for() -> None:
    with pytest.raises(Unavailable, match=r"catalogue_awaited"):
        Routing(NEW).open()


def test_a_dossier_whose_unit_and_calendar_were_ended_meanwhile_is_worked_by_them_as_they_last_were() -> None:
    routing = Routing(OLD)
    for document in OFFICE:
        routing.projection.end(document, "2026-01-11")
    routing.open()
    assert routing.accept()["due_at"] == at("01-19", "17:30")


def test_what_is_at_risk_ends_with_a_working_day_and_where_no_calendar_is_with_any_day() -> None:
    friday = at("01-16", "10:00")
    known = Catalogue(Projected(*OFFICE))  # type: ignore[arg-type]
    assert known.risk_ends(friday, 2) == at("01-20", "17:30")
    assert Catalogue(Projected()).risk_ends(friday, 2) == at("01-18", "10:00")  # type: ignore[arg-type]
    last = datetime.fromisoformat(f"{CALENDAR.valid_to}T10:00:00+07:00")
    assert known.risk_ends(last, 2) == last + timedelta(days=2)
