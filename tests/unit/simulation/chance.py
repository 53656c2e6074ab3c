"""Everything that is left to chance, from one seed; how wild a run may be; and which faults were felt in it."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random

from pymongo.errors import AutoReconnect

from services.chassis.errors import Unavailable
from tests.unit.simulation import faults
from tests.unit.simulation.faults import NO_ANSWER, OUT_OF_ORDER, SAID_TWICE


@dataclass(frozen=True)
class Weather:
    """How much may go wrong: probabilities by the moment at which it may."""

    copies: int = 1  # how often each event is delivered
    processes: int = 1  # of each service
    shuffled: bool = False
    faults: float = 0.0  # a call to somebody else gets no answer
    overtaken: float = 0.0  # another worker comes in between a read and what follows from it
    killed: float = 0.0  # a worker dies before or after a write
    outages: float = 0.0  # the database does not answer; a write may have been made all the same
    doubts: float = 0.0  # the mail server puts a letter off, or says nothing to it
    ticking: bool = False  # every handler takes its time

    @cached_property
    def meant(self) -> tuple[str, ...]:
        """The faults that are to be felt in it."""
        likely: list[tuple[bool, tuple[str, ...]]] = [
            (self.copies > 1, (SAID_TWICE,)),
            (self.shuffled, (OUT_OF_ORDER,)),
            (self.faults > 0, faults.OF_A_CALL),
            (self.overtaken > 0, faults.OF_OTHER_WORKERS),
            (self.killed > 0, faults.OF_A_DEATH),
            (self.outages > 0, faults.OF_THE_DATABASE),
            (self.doubts > 0, faults.OF_THE_MAIL),
        ]
        return tuple(fault for is_likely, several in likely if is_likely for fault in several)


QUIET = Weather()
ROUGH = Weather(copies=2, processes=2, shuffled=True, faults=0.03, overtaken=0.03)
TICKING = replace(ROUGH, ticking=True)
WILD = replace(TICKING, killed=0.01, outages=0.008, doubts=0.1)


class Killed(BaseException):
    """The worker's process died here."""


class Chance:
    """One seed's decisions."""

    def __init__(self, seed: int | str, weather: Weather) -> None:
        self.random = Random(seed)  # noqa: S311 – the same seed must make the same run
        self.weather = weather
        self.calm = False
        self.note: Callable[[str], None] = lambda _text: None
        self.felt: Counter[str] = Counter()  # how often each fault was; one that was meant and never was stands at 0
        self.mean(*weather.meant)

    def mean(self, *several: str) -> None:
        """These are to be felt."""
        self.felt.update(dict.fromkeys(several, 0))

    def happens(self, probability: float) -> bool:
        """Whether something of this probability happens now."""
        return probability > 0 and not self.calm and self.random.random() < probability

    @contextmanager
    def calmed(self) -> Iterator[None]:
        """Nothing goes wrong while this lasts."""
        before, self.calm = self.calm, True
        try:
            yield
        finally:
            self.calm = before

    def draw(self, number: int) -> int:
        """Which of so many is next: the first in quiet weather."""
        return self.random.randrange(number) if self.weather.shuffled else 0

    def maybe_fail(self, what: str) -> None:
        """Raises Unavailable now and then."""
        if self.happens(self.weather.faults):
            self.felt[NO_ANSWER] += 1
            self.note(f"! {what} does not answer")
            raise Unavailable("simulation.away", f"{what} does not answer.", f"{what} không trả lời.")

    def maybe_lose_answer(self, fault: str) -> None:
        """Raises what pymongo raises when a server goes away, now and then."""
        if self.happens(self.weather.outages):
            self.felt[fault] += 1
            self.note("! the database does not answer")
            raise AutoReconnect("simulated")

    def doubts(self, fault: str) -> bool:
        """Whether the mail server does this to a letter now."""
        if not self.happens(self.weather.doubts):
            return False
        self.felt[fault] += 1
        return True

    def maybe_die(self, fault: str) -> None:
        """Raises Killed now and then."""
        if self.happens(self.weather.killed):
            self.felt[fault] += 1
            self.note("! killed")
            raise Killed
