"""How many dossiers there are, counted beforehand: by month of submission, in the background, from one index alone.

To count a million dossiers takes about a second, which no page waits for. A board reads the tallies of months instead,
each of which says as of when it was counted. A dossier leaves its month never, so each month is counted for itself: the
last ones every few seconds, where nearly everything happens, the others in turn. Nothing is added up from events, so a
tally cannot drift: the next count mends whatever the last one missed.

    tally_months: {_id: "YYYY-MM", claimed_at, as_of,
                   statuses: [{tenant, unit, status, n}], kinds: [{tenant, unit, channel, level, n}]}
    tallies:      the same, and day by day; who counts claims the month in `tally_months`
                  {days: [{day, tenant, unit, channel, level, n}], day_statuses: [{day, tenant, unit, status, n}]}

By status and by kind apart: a board reads all months there are, and together they would be several times as many rows.
The days apart: they are dozens of times as large, and whoever asks for the rest of a document reads them with it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from typing import Any, Final

from pymongo.errors import DuplicateKeyError

from services.chassis import clock
from services.chassis.store import Collection, Document, outages_named
from services.contracts.catalogue.dates import VIETNAM, local_day

_SUBMITTED: Final = "state.submitted_at"
_COUNTED: Final = ("tenant", "unit", "status", "channel", "level")
_INDEX: Final = [(_SUBMITTED, 1), *((f"state.{name}", 1) for name in _COUNTED)]
_DAY: Final = {"$dateToString": {"date": f"${_SUBMITTED}", "format": "%Y-%m-%d", "timezone": "+07:00"}}
_OF_OLD: Final = ("standing",)  # by status and kind together: written for the release before, which reads nothing else
_IS_COUNTED: Final = "statuses"
_LIVELY: Final = 3  # months in which nearly all changes happen
_SELDOM: Final = 20  # times less often are the others counted
_IN_USE: Final = 0.9  # of the time between two rounds a count stands, so that each round counts


class Tallies:
    """The tallies, and the dossiers that they are counted from."""

    def __init__(self, months: Collection, by_day: Collection, dossiers: Collection) -> None:
        self._months, self._by_day, self._dossiers = months, by_day, dossiers

    def ensure_indexes(self) -> None:
        """Everything that is counted stands in one index: no dossier is read."""
        self._dossiers.create_index(_INDEX)

    def count(self, at: datetime, every: timedelta) -> None:
        """Count whatever months have not been counted for long enough, here or in another process."""
        first = self._first()
        if first is None:
            return
        months = list(_months(first, local_day(at)))
        for place, month in enumerate(reversed(months)):
            stands = every * _IN_USE if place < _LIVELY else every * _SELDOM
            if self._claim(month, at, stands):
                self._count(month, at)

    def read(self, from_month: str, to_month: str, *, with_days: bool) -> list[Document]:
        """The tallies of these months, the first first."""
        asked = self._by_day if with_days else self._months
        with outages_named():
            wanted = {"_id": {"$gte": from_month, "$lte": to_month}}
            found = asked.find(wanted, dict.fromkeys(_OF_OLD, 0)).sort([("_id", 1)])
            return [one for one in found if _IS_COUNTED in one]

    def with_days(self, month: str) -> Document | None:
        """The tally of one month, day by day."""
        return next(iter(self.read(month, month, with_days=True)), None)

    def _first(self) -> date | None:
        with outages_named():
            found = list(self._dossiers.find({}, {"_id": 0, _SUBMITTED: 1}).sort(_INDEX).limit(1))
        return local_day(found[0]["state"]["submitted_at"]) if found else None

    def _claim(self, month: str, at: datetime, stands: timedelta) -> bool:
        """Whether it is ours to count the month: nobody has begun to for so long, unless by a clock that was ahead."""
        due, ahead = {"claimed_at": {"$lte": at - stands}}, {"claimed_at": {"$gt": at + clock.APART}}
        with outages_named():
            try:
                self._months.update_one({"_id": month, "$or": [due, ahead]}, {"$set": {"claimed_at": at}}, upsert=True)
            except DuplicateKeyError:
                return False
        return True

    def _count(self, month: str, at: datetime) -> None:
        start, end = _span(month)
        group = {"day": _DAY, **{name: f"$state.{name}" for name in _COUNTED}}
        asked = [
            {"$match": {_SUBMITTED: {"$gte": start, "$lt": end}}},
            {"$group": {"_id": group, "n": {"$sum": 1}}},
        ]
        with outages_named():
            rows = [{**one["_id"], "n": one["n"]} for one in self._dossiers.aggregate(asked, hint=dict(_INDEX))]
            whole = {
                "as_of": at,
                "statuses": _summed(rows, "day", "channel", "level"),
                "kinds": _summed(rows, "day", "status"),
            }
            by_day = {
                "standing": _summed(rows, "day"),
                "days": _summed(rows, "status"),
                "day_statuses": _summed(rows, "channel", "level"),
            }
            _keep(self._by_day, month, {**whole, **by_day})  # first, so that no month is without its days
            _keep(self._months, month, whole)


def _keep(tallies: Collection, month: str, counted: Mapping[str, Any]) -> None:
    """Write down what was counted, unless somebody counted later; a clock that was ahead is not believed."""
    at = counted["as_of"]
    later = {"$gt": at, "$lte": at + clock.APART}
    with suppress(DuplicateKeyError):
        tallies.update_one({"_id": month, "as_of": {"$not": later}}, {"$set": counted}, upsert=True)


def month_of(day: date) -> str:
    """How the month of a day is written."""
    return f"{day:%Y-%m}"


def _months(first: date, last: date) -> Iterator[str]:
    number = first.year * 12 + first.month - 1
    while number <= last.year * 12 + last.month - 1:
        yield f"{number // 12}-{number % 12 + 1:02d}"
        number += 1


def _span(month: str) -> tuple[datetime, datetime]:
    """From its first instant in Vietnam to that of the next."""
    year, number = int(month[:4]), int(month[5:])
    following = (year + number // 12, number % 12 + 1)
    return datetime(year, number, 1, tzinfo=VIETNAM), datetime(*following, 1, tzinfo=VIETNAM)


def _summed(rows: list[Document], *over: str) -> list[Document]:
    """The rows without some of their fields, those that are then alike added up."""
    sums: Counter[tuple[tuple[str, Any], ...]] = Counter()
    for row in rows:
        sums[tuple(_rest(row, over))] += row["n"]
    return [{**dict(key), "n": count} for key, count in sums.items()]


def _rest(row: Mapping[str, Any], over: Sequence[str]) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in row.items() if name not in {*over, "n"})
