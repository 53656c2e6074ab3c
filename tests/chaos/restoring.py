"""A backup taken under load: the database's files while it is told to leave them alone; and the way back from it."""

import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient

from tests.chaos.stage import Stage
from tests.chaos.stream import Stream
from tests.integration.books import JOURNALS, Books

_LEFT_OUT: Final = shutil.ignore_patterns("mongod.lock", "WiredTiger.lock", "diagnostic.data")


def back_up(stage: Stage) -> set[str]:
    """Copy the database under `fsyncLock`; the codes of all dossiers that were accepted by then."""
    with MongoClient[dict[str, Any]](stage.stack.env["MOTCUA_MONGO_URI"]) as client:
        client.admin.command("fsync", lock=True)
        try:
            codes = {one["_id"] for one in client["motcua_intake"]["dossiers"].find({}, {"_id": 1})}
            shutil.copytree(stage.run_dir / "mongodb", _place(stage), ignore=_LEFT_OUT)
        finally:
            client.admin.command("fsyncUnlock")
    return codes


def restore(stage: Stage) -> None:
    """Everything stops; the database is that of the backup, the broker new; what histories hold is published again."""
    stage.stack.down()
    shutil.rmtree(stage.run_dir / "mongodb")
    shutil.rmtree(stage.run_dir / "rabbitmq" / "mnesia")
    _place(stage).rename(stage.run_dir / "mongodb")
    stage.stack.up(("mongodb",))
    publish_again(stage.stack.env)
    stage.up()
    stage.stream = Stream(stage.stack.env)


def publish_again(env: Mapping[str, str]) -> None:
    """Let every relay begin at the beginning: who has heard an event already knows it by its id."""
    with Books(env) as books:
        for name in JOURNALS:
            again = {"relayed": 0, "pending_since": datetime.now(UTC)}
            books.collection(name).update_many({}, {"$set": again})


def _place(stage: Stage) -> Path:
    return stage.run_dir / "backup"
