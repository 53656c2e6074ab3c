"""What was done when, and what shows that it was felt."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """One verb: when after the beginning, what, and to whom."""

    at: float
    verb: str
    whom: str

    def __str__(self) -> str:
        return f"{self.at:7.1f} s  {self.verb} {self.whom}".rstrip()


@dataclass(frozen=True)
class Bite:
    """What shows that a fault was felt: it is counted when all is over, and must reach `least`."""

    what: str
    count: Callable[[], float]
    least: float = 1
