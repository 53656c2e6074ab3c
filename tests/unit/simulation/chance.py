"""Everything that is left to chance, from one seed; and how wild a run may be."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from random import Random

from pymongo.errors import AutoReconnect

from services.chassis.errors import Unavailable


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


QUIET = Weather()
ROUGH = Weather(copies=2, processes=2, shuffled=True, faults=0.02, overtaken=0.03)
TICKING = replace(ROUGH, ticking=True)
WILD = replace(TICKING, killed=0.01, outages=0.005, doubts=0.02)


class Killed(BaseException):
    """The worker's process died here."""


class Chance:
    """One seed's decisions."""

    def __init__(self, seed: int | str, weather: Weather) -> None:
        self.random = Random(seed)  # noqa: S311 – the same seed must make the same run
        self.weather = weather
        self.calm = False
        self.note: Callable[[str], None] = lambda _text: None

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
            self.note(f"! {what} does not answer")
            raise Unavailable("simulation.away", f"{what} does not answer.", f"{what} không trả lời.")

    def maybe_lose_answer(self) -> None:
        """Raises what pymongo raises when a server goes away, now and then."""
        if self.happens(self.weather.outages):
            self.note("! the database does not answer")
            raise AutoReconnect("simulated")

    def maybe_die(self) -> None:
        """Raises Killed now and then."""
        if self.happens(self.weather.killed):
            self.note("! killed")
            raise Killed
