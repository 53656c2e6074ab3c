"""Keys for tests that start no stack: one holder who may speak for everybody."""

import json
import tempfile
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from services.chassis import clock, keys
from services.chassis.actor import KINDS
from services.chassis.tokens import Issuer, Verifier


class Ring:
    """A folder with keys: a private one for each holder, and the set of their public ones."""

    def __init__(self, **holders: Iterable[str]) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="motcua-keys-")
        self._private: dict[str, Any] = {}
        for name, kinds in holders.items():
            self.add(name, kinds)

    @property
    def public(self) -> Path:
        """The set of public keys."""
        return self.private("public")

    def private(self, holder: str) -> Path:
        """The key of a holder."""
        return Path(self._folder.name) / f"{holder}.json"

    def add(self, holder: str, kinds: Iterable[str], *, known: bool = True) -> Issuer:
        """One more holder, or a new key of one that is there; `known` to all who read."""
        made = keys.make(holder, kinds)
        self.private(holder).write_text(json.dumps(made), encoding="utf-8")
        if known:
            self._private[holder] = made
            self._publish()
        return self.issuer(holder)

    def remove(self, holder: str) -> None:
        """Nobody knows him any longer."""
        del self._private[holder]
        self._publish()

    def issuer(self, holder: str, now: Callable[[], datetime] = clock.now) -> Issuer:
        """Who signs with the key of a holder."""
        return Issuer.of_file(self.private(holder), now)

    def _publish(self) -> None:
        draft = self.private("draft")
        draft.write_text(json.dumps(keys.public_set(self._private.values())), encoding="utf-8")
        draft.replace(self.public)


@cache
def ring() -> Ring:
    """One for all tests that only need some actor."""
    return Ring(everybody=KINDS)


def verifier() -> Verifier:
    """Who knows that one holder."""
    return Verifier(ring().public)


def issuer() -> Issuer:
    """That one holder."""
    return ring().issuer("everybody")
