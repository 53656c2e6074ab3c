"""What mongod itself writes down of every question that it is asked: which way it went, and how much it read."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pymongo import MongoClient

_OFF, _ALL = 0, 2
_ASKED: Final = {"op": {"$in": ["query", "command", "update", "remove"]}, "planSummary": {"$exists": True}}


@dataclass(frozen=True)
class Question:
    """One, as the profiler tells it."""

    collection: str
    examined: int  # documents
    detours: frozenset[str]  # COLLSCAN, SORT

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> "Question":
        """From an entry of `system.profile`."""
        ways = {"COLLSCAN"} if "COLLSCAN" in told["planSummary"] else set()
        ways |= {"SORT"} if told.get("hasSortStage") else set()
        return cls(told["ns"], int(told.get("docsExamined", 0)), frozenset(ways))


class Profiler:
    """The profilers of all databases of ours on one server."""

    def __init__(self, client: MongoClient[dict[str, Any]]) -> None:
        names = [name for name in client.list_database_names() if name.startswith("motcua_")]
        self._databases = [client[name] for name in names]

    @contextmanager
    def on(self) -> Iterator[None]:
        """Every question inside is written down."""
        try:
            for database in self._databases:
                database.command("profile", _ALL)
            yield
        finally:
            for database in self._databases:
                database.command("profile", _OFF)

    def since(self, at: datetime) -> list[Question]:
        """What was asked since then; only the last thousands of each database are kept."""
        wanted = {**_ASKED, "ts": {"$gte": at.astimezone(UTC)}}
        return [
            Question.read(told)
            for database in self._databases
            for told in database["system.profile"].find(wanted)
            if not told["ns"].endswith(".system.profile")
        ]
