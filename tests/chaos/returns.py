"""After each death of a service, a door or its workers: how long until it works again, by its own and others' logs."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from deploy.local.composition import DOORS, SERVICES
from tests.chaos.diary import Spell
from tests.chaos.witness import Witness

MOST_SECONDS: Final = 15.0
_LINGERS_SECONDS: Final = 20.0  # what was done to a server or a line is felt for so long
_WORKS_AGAIN: Final = ("service_started", "door_opened")


@dataclass(frozen=True)
class Return:
    """A death, and how long after it the same program worked again."""

    program: str
    at: float  # seconds after the scenario began
    seconds: float


def returns(witness: Witness, hindrances: Sequence[Spell]) -> list[Return]:
    """After each death of a program of ours, but those from which a harmed server or line may have kept it."""
    found = [
        Return(program, (died - witness.since).total_seconds(), seconds)
        for program in (*SERVICES, *DOORS)
        for died, seconds in paired(witness.died(program), witness.moments(program, *_WORKS_AGAIN))
    ]
    return [one for one in found if not any(_may_hinder(spell, one) for spell in hindrances)]


def paired(deaths: Iterable[datetime], back: Sequence[datetime]) -> Iterator[tuple[datetime, float]]:
    """Each death and the seconds to the return; of one who died again on his way, the later death only."""
    before: datetime | None = None
    for death in sorted(deaths, reverse=True):
        again = min((at for at in back if at > death), default=None)
        if before is None or (again is not None and again < before):
            yield death, (again - death).total_seconds() if again else math.inf
        before = death


def late(found: Iterable[Return]) -> Iterator[str]:
    """Who took longer than may be."""
    for one in found:
        if one.seconds > MOST_SECONDS:
            yield f"{one.program} died after {one.at:.1f} s, and worked again only {one.seconds:.1f} s later"


def _may_hinder(spell: Spell, one: Return) -> bool:
    begun, over = spell
    return begun <= one.at + one.seconds and one.at <= over + _LINGERS_SECONDS
