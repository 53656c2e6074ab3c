"""A department that is told by webhook of everything in both ministries: its program, which may die and come back."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from services.cli.demo.command import TENANTS
from services.cli.demo.town import SYSTEM, Town
from tests.integration.books import JOURNALS, Books
from tests.integration.office import Office

_SILENCE_SECONDS: Final = 150.0  # a try may be a minute off
_PATIENCE_SECONDS: Final = 600.0
_BETWEEN_SECONDS: Final = 3.0  # to ask takes a second of one core itself, of many events


class Webhooks:
    """Its office, with its files in a folder of its own, and what that should have been told."""

    def __init__(self, folder: Path, env: Mapping[str, str], town: Town) -> None:
        self._env = env
        folder.mkdir(exist_ok=True)
        self._office = Office(lambda method, **said: _ask(town, method, **said), folder)
        self._office.open()
        for tenant in TENANTS:
            self._office.subscribe(tenant, "take", tenant=tenant)
        self._since = datetime.now(UTC)

    def start(self) -> None:
        """Come back to work."""
        self._office.open()

    def kill(self) -> None:
        """Die."""
        self._office.close()

    def end(self) -> None:
        """Close down: nobody is told any longer."""
        self._office.leave()

    def heard_count(self) -> int:
        """How many different events it was told of."""
        return len(self._heard())

    def wrong(self) -> list[str]:
        """What it should have been told since it first came to work and has not, when it is told of nothing more."""
        before, since = 0, time.monotonic()
        while missed := self.untold():
            if len(missed) != before:
                before, since = len(missed), time.monotonic()
            elif time.monotonic() - since > _SILENCE_SECONDS:
                break
            time.sleep(_BETWEEN_SECONDS)
        return [f"no webhook told of event {id_}" for id_ in sorted(missed)]

    def catch_up(self) -> float:
        """How many seconds later it was told of everything, when nobody does anything more. Raises TimeoutError."""
        since = time.monotonic()
        while missed := self.untold():
            if (seconds := time.monotonic() - since) > _PATIENCE_SECONDS:
                raise TimeoutError(f"after {seconds:.0f} s it had not been told of {len(missed)} events")
            time.sleep(_BETWEEN_SECONDS)
        return time.monotonic() - since

    def untold(self) -> set[str]:
        """Which events that were written since it first came to work it has not been told of by now."""
        return self._written() - self._heard()

    def _heard(self) -> set[str]:
        return {id_ for tenant in TENANTS for id_ in self._office.times(tenant)}

    def _written(self) -> set[str]:
        """Every event of every dossier since then."""
        found, wanted = set(), {"history.at": {"$gte": self._since}}
        with Books(self._env) as books:
            for shelf in JOURNALS:
                for document in books.collection(shelf).find(wanted, {"history.id": 1, "history.at": 1}):
                    found |= {entry["id"] for entry in document["history"] if entry["at"] >= self._since}
        return found


def _ask(town: Town, method: str, **said: Any) -> Any:
    return town.ask(SYSTEM, f"notify.{method}", **said)
