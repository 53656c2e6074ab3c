"""What was done when, and what shows that it was felt."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from deploy.local.composition import DOORS, SERVICES

Spell = tuple[float, float]  # from when to when
_FIRST_NAME: Final = re.compile("[ ,:]")
_ENDS: Final = frozenset(
    {
        *("heal", "back", "go on", "fair", "alarm over", "ebb", "true time", "disk as before", "free disk"),
        *("memory enough", "all arrives", "together", "tell again", "mend", "untangle"),
    }
)
_WAITS: Final = "die_at"  # for its moment, which comes or does not
# Nobody takes these back: whoever was harmed comes back by himself, within the calm that follows any fault.
_MOMENTS: Final = frozenset(
    {"kill", "kill worker", "restart", "renew", "replace", "break off", "half-close", "step down"}
)
_HEAL: Final = "heal"
# Whoever answers questions is no worse off for these: messages, and those outside.
_OF_MESSAGES: Final = frozenset({"say again", "poison", "damage", "tangle"})
_OF_PROCESSES: Final = frozenset({"kill", "kill worker", "die_at", "ration", "restart", "renew", "replace"})
_SERVERS: Final = frozenset({"rabbitmq", "mongodb", "primary"})
_OUTSIDE: Final = frozenset({"gateway", "mailbox"})


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
        """What was harmed: `notify` where it says `notify-broker` or `notify relay.after_publish +5`; a door itself."""
        name = _FIRST_NAME.split(self.whom, maxsplit=1)[0]
        return name if name in DOORS else name.partition("-")[0]

    def __str__(self) -> str:
        return f"{self.at:7.1f} s  {self.verb} {self.whom}".rstrip()


def may_cost_answers(service: str) -> Callable[[Step], bool]:
    """Whether a step is a fault for which who asks this service may wait in vain to the deadline.

    What is done to another service is none, nor to a door. One that is to die at a point is harmed when it does.
    """
    spared = {*SERVICES, *DOORS, *_OUTSIDE} - {service}
    return lambda one: one.is_fault and one.verb not in {*_OF_MESSAGES, _WAITS} and one.program not in spared


def harms_the_broker(one: Step) -> bool:
    """Whether it is a fault for which the broker, or one of several, takes nothing or drops its lines."""
    return one.is_fault and (one.verb == "alarm" or one.program.startswith("rabbitmq"))


def loses_replies(one: Step) -> bool:
    """Whether it is a fault for which the queues are gone in which clients await their answers."""
    return one.verb == "lose disk" and one.program.startswith("rabbitmq")


def may_delay_a_return(one: Step) -> bool:
    """Whether it is a fault for which who has died may find no server or no line, and has to wait."""
    server = one.program.rstrip("23") in _SERVERS
    return one.is_fault and (server or one.verb not in {*_OF_PROCESSES, *_OF_MESSAGES})


def done_to(whom: str) -> Callable[[Step], bool]:
    """Whether a step is done to this one."""
    return lambda one: one.whom == whom


def waits_for_its_moment(one: Step) -> bool:
    """Whether what is done there happens later, or never."""
    return one.verb == _WAITS


def spells(steps: Sequence[Step], chosen: Callable[[Step], bool]) -> list[Spell]:
    """From when to when each of the chosen faults lasted; one that nobody takes back, for its moment only."""
    found = []
    for place, one in enumerate(steps):
        if chosen(one):
            ends = (later.at for later in steps[place:] if _ends(later, one))
            found.append((one.at, next(ends, one.at)))
    return found


def united(some: Sequence[Spell]) -> list[Spell]:
    """The same time, each moment of it in one spell only."""
    found: list[Spell] = []
    for begun, over in sorted(some):
        if found and begun <= found[-1][1]:
            found[-1] = found[-1][0], max(over, found[-1][1])
        else:
            found.append((begun, over))
    return found


def within(spells: Sequence[Spell], begun: float, over: float) -> bool:
    """Whether what lasted from then to then was begun and over in one of these spells."""
    return any(earliest <= begun and over <= latest for earliest, latest in spells)


def _ends(later: Step, one: Step) -> bool:
    if waits_for_its_moment(one):
        return later.verb == _HEAL
    if one.verb in _MOMENTS:
        return False
    return not later.is_fault and later.program == one.program


@dataclass(frozen=True)
class Bite:
    """What shows that a fault was felt: it is counted when all is over, and must reach `least`."""

    what: str
    count: Callable[[], float]
    least: float = 1
