"""What officers and the board are told in figures: the counters of a queue, who has how much, and what is due when."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from services.chassis import clock
from services.chassis.actor import Actor
from services.routing import access
from services.routing.catalogue import Catalogue
from services.routing.figures import Figures, Period
from services.routing.queue import Risk
from services.routing.settings import RoutingSettings

Answer = dict[str, Any]
_NONE: Final[Mapping[str, int]] = {"at_risk": 0, "overdue": 0}


class Statistics:
    """The figures of routing."""

    def __init__(self, figures: Figures, catalogue: Catalogue, settings: RoutingSettings) -> None:
        self._figures = figures
        self._catalogue = catalogue
        self._settings = settings

    def risk(self) -> Risk:
        """What is at risk now: due by the close of some working day from today."""
        now = clock.now()
        return Risk(now, self._catalogue.risk_ends(now, self._settings.risk_days))

    def count_cases(self, actor: Actor, unit: str | None) -> Answer:
        """The counters of a unit's queue. `mine` are an officer's own. Raises Denied, Invalid."""
        unit, risk = access.unit_to_count(actor, unit), self.risk()
        by_status, month = self._figures.by_status(unit), Period.month_to(risk.now)
        return {
            "unit": unit,
            **by_status,
            "open": sum(by_status.values()),
            "mine": self._figures.had_by(unit, actor.id) if actor.kind == "officer" else 0,
            "fee_awaited": self._figures.awaiting_fee(unit),
            "at_risk": self._figures.running_out(unit, risk.at_risk),
            "overdue": self._figures.running_out(unit, risk.overdue),
            "decided": {"from": month.first, "to": month.last, **self._figures.decided(unit, month)},
            "as_of": risk.now,
            "risk_ends": risk.ends,
        }

    def case_load(self, actor: Actor, unit: str | None) -> Answer:
        """What each officer of a unit has, and what nobody has. Raises Denied, Invalid."""
        unit, risk = access.unit_to_count(actor, unit), self.risk()
        late = self._figures.late_by_officer(unit, risk)
        had = {officer: self._figures.had_by(unit, officer) for officer in self._figures.officers(unit)}
        busy = [
            {"officer": officer, "open": count, **late.get(officer, _NONE)} for officer, count in had.items() if count
        ]
        unassigned = sum(self._figures.by_status(unit).values()) - sum(had.values())
        return {
            "unit": unit,
            "officers": busy,
            "unassigned": {"open": max(unassigned, 0), **late.get(None, _NONE)},
            "as_of": risk.now,
        }

    def due_calendar(self, actor: Actor, unit: str | None, from_day: date, to_day: date) -> Answer:
        """How many running clocks of a unit run out on each local day, and how many did before. Raises Denied."""
        unit, risk = access.unit_to_count(actor, unit), self.risk()
        due = {
            day: self._figures.running_out(unit, Period(day, day).moments) for day in Period(from_day, to_day).days()
        }
        return {
            "unit": unit,
            "days": [{"day": day, "due": count} for day, count in due.items()],
            "overdue": self._figures.running_out(unit, risk.overdue),
            "as_of": risk.now,
        }

    def count_by_unit(self, actor: Actor, from_day: date, to_day: date) -> Answer:
        """What every unit has, and how it decided in a period: for the board. Raises Denied."""
        access.require_overseer(actor)
        risk, period = self.risk(), Period(from_day, to_day)
        return {
            "units": [self._of_unit(unit, risk, period) for unit in self._figures.units()],
            "from": from_day,
            "to": to_day,
            "as_of": risk.now,
        }

    def _of_unit(self, unit: str, risk: Risk, period: Period) -> Answer:
        by_status = self._figures.by_status(unit)
        return {
            "unit": unit,
            **by_status,
            "open": sum(by_status.values()),
            "at_risk": self._figures.running_out(unit, risk.at_risk),
            "overdue": self._figures.running_out(unit, risk.overdue),
            "decided": self._figures.decided(unit, period),
        }
