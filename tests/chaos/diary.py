"""What was done when, and what shows that it was felt."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_FIRST_NAME: Final = re.compile("[ ,-]")
_ENDS: Final = frozenset(
    {
        *("heal", "back", "go on", "fair", "alarm over", "ebb", "true time", "disk as before", "free disk"),
        *("memory enough", "all arrives", "tell again"),
    }
)


@dataclass(frozen=True)
class Step:
    """One verb: when after the beginning, what, and to whom."""

    at: float
    verb: str
    whom: str

    @property
    def is_fault(self) -> bool:
        """Whether something goes wrong here, not right again."""
        return self.verb not in _ENDS

    @property
    def program(self) -> str:
        """What was harmed: `notify` where it says `notify-broker` or `notify relay.after_publish +5`."""
        return _FIRST_NAME.split(self.whom, maxsplit=1)[0]

    def __str__(self) -> str:
        return f"{self.at:7.1f} s  {self.verb} {self.whom}".rstrip()


@dataclass(frozen=True)
class Bite:
    """What shows that a fault was felt: it is counted when all is over, and must reach `least`."""

    what: str
    count: Callable[[], float]
    least: float = 1
