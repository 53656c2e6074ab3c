"""A figure beside its target, and when it may be judged: not of too few, and not where others had the machine."""

from dataclasses import dataclass, replace
from typing import Final, Protocol

ENOUGH: Final = 1_000  # of which ten are above the p99
MOST_OTHERS: Final = 10.0  # percent of the machine that other programs and its host may have had during a run
MOST_APART: Final = 5.0  # and by how much more during one of two that are compared


class Shared(Protocol):
    """A run, and what others had of the machine meanwhile."""

    @property
    def others_percent(self) -> float:
        """Other programs."""

    @property
    def stolen_percent(self) -> float:
        """Others to whom its host gave it."""


@dataclass(frozen=True)
class Noise:
    """What others had of the machine meanwhile, in percent of it."""

    others_percent: float = 0.0
    stolen_percent: float = 0.0


@dataclass(frozen=True)
class Row:
    """One figure. `met` is None where there is no figure to judge."""

    figure: str
    target: str
    measured: str
    met: bool | None


def tail(figure: str, target: str, count: int, value: float | None, shown: str, met: bool) -> Row:
    """A row of what one in a hundred or in a thousand decides: nothing where too few were counted."""
    if value is not None and count < ENOUGH:
        return Row(figure, target, f"too few to say: {count:,} of {ENOUGH:,}", None)
    return judged(figure, target, value, shown, met)


def judged(figure: str, target: str, value: float | None, shown: str, met: bool) -> Row:
    """A row, empty where there is no value."""
    return Row(figure, target, shown if value is not None else "–", met if value is not None else None)


def compared(row: Row, *runs: Shared | None) -> Row:
    """The row of a comparison of these runs: no mark where other programs, or others at the machine's host, had so much
    of the machine that it may be their doing, in any of the runs or in one more than in another.
    """
    used = [round(run.others_percent + run.stolen_percent, 1) for run in runs if run]
    if row.met is None or (max(used) <= MOST_OTHERS and max(used) - min(used) <= MOST_APART):
        return row
    shown = " / ".join(f"{one:g} %" for one in used)
    return replace(row, measured=f"{row.measured} (others took {shown}: not judged)", met=None)
