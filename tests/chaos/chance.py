"""What happens by chance, and happens again when it is wanted."""

import random
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")
_WHOLE: Final = 2**64


class Chance:
    """What happens by chance: the same seed and scenario give the same."""

    def __init__(self, seed: int, scenario: str) -> None:
        self._name = f"{seed}/{scenario}"
        self._random = random.Random(self._name)  # noqa: S311 – an order, no secret

    def seconds(self, least: float, most: float) -> float:
        """A while, to the tenth of a second."""
        return round(self._random.uniform(least, most), 1)

    def pick(self, among: Sequence[T]) -> T:
        """One of them."""
        return self._random.choice(among)

    def picks(self, among: Sequence[T], count: int) -> list[T]:
        """So many of them in any order, each about as often as the others."""
        rounds = [self.shuffled(among) for _ in range(-(-count // len(among)))]
        return [one for each in rounds for one in each][:count]

    def shuffled(self, among: Sequence[T]) -> list[T]:
        """All of them in another order."""
        return self._random.sample(among, len(among))

    def share(self, *what: object) -> float:
        """A number from 0 to 1 that belongs to this, whenever and after whatever it is asked for."""
        asked = "/".join([self._name, *map(str, what)])
        return int.from_bytes(blake2b(asked.encode(), digest_size=8).digest()) / _WHOLE
