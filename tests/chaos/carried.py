"""What was handed in over HTTP, when no more is: some of it comes to an end, as told; the rest waits for an officer."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import cycle
from typing import Any, Final

from tests.chaos.chance import Chance
from tests.chaos.ending import HOME_SECONDS, LONGEST
from tests.chaos.load import Crowd, FolkStory, Handed, Submissions, Townsfolk
from tests.integration.crowd import STATUS_OF, Offer

ENDS: Final = ("granted", "rejected", "withdrawn")
_WAITS: Final = "submitted"


class HandedIn(FolkStory):
    """A dossier that was handed in before its story is told: the next of those that wait."""

    def __init__(
        self, waiting: Iterator[Handed], town: Townsfolk, tenant: str, _procedure: Mapping[str, Any], _name: str
    ) -> None:
        one = next(waiting)
        super().__init__(town, tenant, one.procedure, one.name)
        self.code = one.code

    def submit(self) -> None:
        """It was."""


class Carried:
    """Of those who handed in, `most` by chance: an officer, or they themselves, bring each to an end."""

    accepted = 0  # they are counted where they hand in

    def __init__(self, town: Townsfolk, handed_in: Submissions, chance: Chance, most: int) -> None:
        self._town, self._handed_in, self._chance, self._most = town, handed_in, chance, most
        self._drawn: list[Handed] = []
        self._crowd: Crowd | None = None

    def finish(self, seconds: float = LONGEST) -> None:
        """When nobody hands in any more, carry them on, and wait until all have ended, well or not. Raises Hung."""
        self._handed_in.finish(seconds)
        if self._crowd is None:
            self._drawn = self._chance.shuffled([one for one in self._handed_in.handed if one.code])[: self._most]
            offer = Offer(self._handed_in.procedure["tenant"], self._handed_in.procedure)
            told = [(offer, end) for _, end in zip(self._drawn, cycle(ENDS), strict=False)]
            self._crowd = Crowd(self._town, told, partial(HandedIn, iter(self._drawn)))
        self._crowd.finish(seconds)

    def abandon(self, seconds: float = HOME_SECONDS) -> None:
        """Send home who has begun. Raises Hung."""
        if self._crowd is not None:
            self._crowd.abandon(seconds)

    def wrong(self, kept: Mapping[str, tuple[str, str]]) -> list[str]:
        """Who broke off, and whose dossier is not as it was told, or did not wait; of those that are kept."""
        ended = self._crowd.ended if self._crowd else []
        waits = {one.code for one in self._handed_in.handed} - {one.code for one in self._drawn}
        told = {**dict.fromkeys(waits, _WAITS), **{one.dossier_code: STATUS_OF[one.outcome] for one in ended}}
        is_now = {code: status for code, (_, status) in kept.items() if code in told}
        others = [f"{code} is {status}, not {told[code]}" for code, status in is_now.items() if status != told[code]]
        return [*(self._crowd.broken() if self._crowd else []), *others]

    def count(self) -> int:
        """How many have come to their end."""
        return self._crowd.accepted if self._crowd else 0
