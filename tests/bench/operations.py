"""What mongod was asked to do, counted by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pymongo import MongoClient


@dataclass(frozen=True)
class Operations:
    """Counters since the server began; each operation of a bulk counts."""

    inserts: int
    updates: int
    queries: int
    journal_syncs: int

    def since(self, before: "Operations") -> "Operations":
        """What has been done in between."""
        return Operations(*(getattr(self, name) - getattr(before, name) for name in self.__dataclass_fields__))


def operations(client: MongoClient[dict[str, Any]]) -> Operations:
    """The counters now; a find-and-modify counts as an update."""
    status: Mapping[str, Any] = client.admin.command("serverStatus")
    counted, commands = status["opcounters"], status["metrics"]["commands"]
    return Operations(
        inserts=int(counted["insert"]),
        updates=int(counted["update"]) + int(commands["findAndModify"]["total"]),
        queries=int(counted["query"]) + int(commands["aggregate"]["total"]),
        journal_syncs=int(status["wiredTiger"]["log"]["log sync operations"]),
    )
