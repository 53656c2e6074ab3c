"""What the board shows, reckoned from what services count: shares, bars, and how they are doing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

Document = Mapping[str, Any]
ON_TIME: Final = ("early", "on_time")
_TAKEN_FROM: Final = ("requests", "work")  # the others are emptied by time, or by somebody


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart: `length` is its share of the longest, 0 to 100."""

    name: str
    value: int
    length: float
    tone: str = ""


def bars(rows: Iterable[tuple[str, int]], tones: Mapping[str, str] | None = None) -> list[Bar]:
    """Bars to one scale; none for nothing at all."""
    known = list(rows)
    longest = max((value for _, value in known), default=0)
    return [
        Bar(name, value, round(100 * value / longest, 1) if longest else 0.0, (tones or {}).get(name, ""))
        for name, value in known
    ]


def share(part: int, whole: int) -> float | None:
    """A share in per cent, to a tenth; None of nothing."""
    return round(100 * part / whole, 1) if whole else None


def on_time(decided: Mapping[str, int]) -> float | None:
    """The share of decisions that came in time, of `{early, on_time, late}`."""
    return share(sum(decided.get(how, 0) for how in ON_TIME), sum(decided.values()))


def waiting(queues: Sequence[Document], kind: str) -> int | None:
    """How much waits in all queues of a kind; None where it is not known of one of them."""
    depths = [one["waiting"] for one in queues if one["kind"] == kind]
    return None if None in depths else sum(depths)


def deserted(queues: Iterable[Document]) -> set[str]:
    """The names of those that somebody should take from, and nobody does; a queue that is not there is one."""
    return {one["queue"] for one in queues if one["kind"] in _TAKEN_FROM and not one["consumers"]}


def by_day(rows: Iterable[Document], first: date, last: date) -> list[tuple[date, int]]:
    """Amounts by day, every day of the period, also those on which nothing was paid."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[row["day"]] = sums.get(row["day"], 0) + row["amount_vnd"]
    days = (first + timedelta(days=step) for step in range((last - first).days + 1))
    return [(day, sums.get(day.isoformat(), 0)) for day in days]


def total(rows: Sequence[Document], unit: str | None = None) -> int:
    """The sum of amounts, of one unit or of all."""
    return sum(row["amount_vnd"] for row in rows if unit is None or row["unit"] == unit)
