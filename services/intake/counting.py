"""How many dossiers there are, for officers of a unit and for whoever runs the whole: read from the tallies."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from services.chassis import clock
from services.chassis.actor import Actor
from services.contracts.catalogue.dates import local_day
from services.intake import access
from services.intake.tallies import Tallies, month_of

Answer = dict[str, Any]
Rows = Iterable[Mapping[str, Any]]
_EVER: Final = "0000-01"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The months from `first` to `last`, both included, or as much of them as `from_day` and `to_day` leave."""

    first: str
    last: str
    from_day: date | None = None
    to_day: date | None = None

    @classmethod
    def of(cls, from_month: str | None, to_month: str | None, from_day: date | None, to_day: date | None) -> "Period":
        """What was asked for; until now where no end is named."""
        first = month_of(from_day) if from_day else from_month or _EVER
        last = month_of(to_day) if to_day else to_month or month_of(local_day(clock.now()))
        return cls(first, last, from_day, to_day)

    @property
    def cut(self) -> set[str]:
        """The months of which some days are left out."""
        begins = {self.first} if self.from_day and self.from_day.day > 1 else set()
        return begins | ({self.last} if self.to_day and (self.to_day + _DAY).day > 1 else set())

    def of_days(self, rows: Rows) -> Rows:
        """The rows of its days; of a row that tells of no day its month is whole."""
        first, last = (day.isoformat() if day else None for day in (self.from_day, self.to_day))
        return (row for row in rows if "day" not in row or ((first or "") <= row["day"] <= (last or row["day"])))


class Counting:
    """Counts what the actor may know of."""

    def __init__(self, tallies: Tallies, seconds: float) -> None:
        self._tallies = tallies
        self._every = timedelta(seconds=seconds)

    def count(self) -> None:
        """Count what has not been counted lately."""
        self._tallies.count(clock.now(), self._every)

    def counts(
        self,
        actor: Actor,
        tenant: str | None,
        unit: str | None,
        days: bool,
        **period: Any,
    ) -> Answer:
        """The dossiers submitted in a period, by what they are; `as_of`: none of it is older than that."""
        unit, wanted = access.count_scope(actor, unit), Period.of(**period)
        asked = {name: value for name, value in (("tenant", tenant), ("unit", unit)) if value is not None}
        tallies = self._read(wanted, days)

        def rows(by_day: str, whole: str) -> list[Mapping[str, Any]]:
            counted = ((one["_id"], one[by_day if one["_id"] in wanted.cut else whole]) for one in tallies)
            found = ((month, row) for month, all_ in counted for row in wanted.of_days(all_))
            return [{**row, "month": month} for month, row in found if _fits(row, asked)]

        standing, kinds = rows("day_statuses", "statuses"), rows("days", "kinds")
        by_unit: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for row in standing:
            by_unit[row["unit"]][row["status"]] += row["n"]
        return {
            "as_of": min((one["as_of"] for one in tallies), default=None),
            "total": sum(row["n"] for row in standing),
            "by_status": _by(standing, "status"),
            "by_unit": {name: dict(counts) for name, counts in sorted(by_unit.items())},
            "by_channel": _by(kinds, "channel"),
            "by_level": _by(kinds, "level"),
            "by_month": _by(standing, "month"),
            "by_day": _by(rows("days", "days"), "day") if days else None,
        }

    def _read(self, wanted: Period, days: bool) -> list[Mapping[str, Any]]:
        """The tallies of the months, with their days where these are asked for, or cut the month."""
        whole = self._tallies.read(wanted.first, wanted.last, with_days=days)
        with_days = {} if days else {month: self._tallies.with_days(month) for month in wanted.cut}
        return [with_days.get(one["_id"]) or one for one in whole]


def _fits(row: Mapping[str, Any], asked: Mapping[str, str]) -> bool:
    return all(row[name] == value for name, value in asked.items())


def _by(rows: Rows, name: str) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[str(row[name])] += row["n"]
    return dict(sorted(sums.items()))
