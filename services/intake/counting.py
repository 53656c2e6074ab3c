"""How many dossiers there are, for officers of a unit and for whoever runs the whole: read from the tallies."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from services.chassis import clock
from services.chassis.actor import Actor
from services.contracts.catalogue.dates import local_day
from services.intake import access
from services.intake.tallies import Tallies, month_of

Answer = dict[str, Any]
Rows = Iterable[Mapping[str, Any]]
_EVER: Final = "0000-01"


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
        from_month: str | None,
        to_month: str | None,
        days: bool,
    ) -> Answer:
        """The dossiers submitted in some months, by what they are; `as_of`: none of it is older than that."""
        unit = access.count_scope(actor, unit)
        last = to_month or month_of(local_day(clock.now()))
        tallies = self._tallies.read(from_month or _EVER, last, with_days=days)
        asked = {name: value for name, value in (("tenant", tenant), ("unit", unit)) if value is not None}
        standing = [(one["_id"], row) for one in tallies for row in _of(one["standing"], asked)]
        daily = [row for one in tallies for row in _of(one["days"], asked)] if days else None
        by_unit: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for _, row in standing:
            by_unit[row["unit"]][row["status"]] += row["n"]
        rows = [row for _, row in standing]
        return {
            "as_of": min((one["as_of"] for one in tallies), default=None),
            "total": sum(row["n"] for row in rows),
            "by_status": _by(rows, "status"),
            "by_unit": {name: dict(counts) for name, counts in sorted(by_unit.items())},
            "by_channel": _by(rows, "channel"),
            "by_level": _by(rows, "level"),
            "by_month": _by([{**row, "month": month} for month, row in standing], "month"),
            "by_day": None if daily is None else _by(daily, "day"),
        }


def _of(rows: Rows, asked: Mapping[str, str]) -> Rows:
    return (row for row in rows if all(row[name] == value for name, value in asked.items()))


def _by(rows: Rows, name: str) -> dict[str, int]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[str(row[name])] += row["n"]
    return dict(sorted(sums.items()))
