"""What the books say of the two versions of one event: who wrote which, and how those of the new one went on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from services.routing.case import OPEN
from tests.chaos.releases import EVENT
from tests.integration.books import Books

NEW: Final = 2
_SHOWN: Final = {"state.status": 1, "history.type": 1, "history.v": 1, "history.at": 1}


@dataclass(frozen=True)
class Acceptance:
    """That one dossier was received: the version of the event that says so, when it was written, and what came then."""

    code: str
    version: int
    at: datetime
    later: tuple[datetime, ...]  # when each event behind it was written
    is_open: bool


def read(case: Mapping[str, Any]) -> Acceptance | None:
    """That of one stored case, if it was accepted."""
    history = case["history"]
    place = next((place for place, entry in enumerate(history) if entry["type"] == EVENT), None)
    if place is None:
        return None
    later = tuple(entry["at"] for entry in history[place + 1 :])
    entry, is_open = history[place], case["state"]["status"] in OPEN
    return Acceptance(case["_id"], entry["v"], entry["at"], later, is_open)


class Acceptances:
    """Those in one stack's books."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = env

    def count(self, version: int) -> int:
        """How many are of a version."""
        return sum(one.version == version for one in self._all())

    def version_of(self, code: str) -> int:
        """That of one dossier; 0 where it was not accepted."""
        return next((one.version for one in self._all() if one.code == code), 0)

    def ended_of_new(self) -> int:
        """How many of the new version are of cases that are."""
        return sum(not one.is_open for one in self._new())

    def old_after_new(self) -> int:
        """How many of the old version were written after the first of the new one."""
        found = self._all()
        first = min((one.at for one in found if one.version == NEW), default=None)
        return sum(first is not None and one.version < NEW and one.at > first for one in found)

    def went_on(self, since: datetime) -> int:
        """How many cases that were accepted as the new version before that moment have changed behind it."""
        return sum(one.at < since and any(at > since for at in one.later) for one in self._new())

    def heard_by_intake(self) -> int:
        """How many of the new version show at intake."""
        codes = [one.code for one in self._new()]
        wanted = {"_id": {"$in": codes}, "history.data.fact": EVENT}
        with Books(self._env) as books:
            found: int = books.collection("intake.dossiers").count_documents(wanted)
        return found

    def _new(self) -> list[Acceptance]:
        return [one for one in self._all() if one.version == NEW]

    def _all(self) -> list[Acceptance]:
        with Books(self._env) as books:
            cases: Iterable[Mapping[str, Any]] = books.collection("routing.cases").find({"history.type": EVENT}, _SHOWN)
            return [one for one in map(read, cases) if one is not None]
