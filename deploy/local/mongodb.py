"""A private mongod as a replica set of one member, so that majority writes and journalling are real."""

import os
import shutil
from pathlib import Path
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from deploy.local.identity import Identity
from deploy.local.ports import LOOPBACK
from deploy.local.programs import ROOT, Program, StackError

REPLICA_SET = "rs0"
UNPACKED = ROOT / ".run" / "servers" / "mongod"
_NOT_YET_INITIALIZED = 94
_PROBE_MS = 2_000
_PARAMETERS = (
    "ttlMonitorEnabled=true",
    "diagnosticDataCollectionEnabled=false",
    # Nobody is left to step in for a lone member: waiting for them at every stop only costs time.
    "shutdownTimeoutMillisForSignaledShutdown=100",
)


def uri(identity: Identity) -> str:
    """The address for clients."""
    return f"mongodb://{_host(identity)}/?replicaSet={REPLICA_SET}&directConnection=false"


def mongodb(run_dir: Path, identity: Identity, *, test_commands: bool, of_cluster: bool = False) -> Program:
    """The database; it answers when it is the writable primary of its set, `of_cluster` also when it follows one."""
    parameters = (*_PARAMETERS, *(("enableTestCommands=1",) if test_commands else ()))
    return Program(
        "mongodb",
        (
            *(find_mongod(), "--replSet", REPLICA_SET, "--dbpath", str(run_dir / "mongodb")),
            *("--bind_ip", LOOPBACK, "--port", str(identity.ports["mongodb"]), "--nounixsocket"),
            *("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "512", "--noscripting", "--quiet"),
            # a slow operation would be logged with what it looked for, and that may be somebody's number
            *("--slowOpSampleRate", "0"),
            *(word for parameter in parameters for word in ("--setParameter", parameter)),
        ),
        lambda: _answers(identity, may_follow=of_cluster),
        directory=run_dir,
        address=f"mongodb://{_host(identity)}",
    )


def prepare(run_dir: Path) -> None:
    """Makes the data directory."""
    (run_dir / "mongodb").mkdir(mode=0o700, parents=True, exist_ok=True)


def find_mongod() -> str:
    """The mongod of $MOTCUA_MONGOD, else the one that set-up chose, else the one on PATH."""
    named = os.environ.get("MOTCUA_MONGOD")
    chosen = str(UNPACKED) if UNPACKED.exists() else shutil.which("mongod")
    found = named or chosen
    if not found:
        raise StackError(
            "mongod is missing: MongoDB 6 or later is needed. Type: make setup, or put mongod on PATH, "
            "or say where it is: MOTCUA_MONGOD=/path/to/mongod"
        )
    return found


def _host(identity: Identity) -> str:
    return f"{LOOPBACK}:{identity.ports['mongodb']}"


def _answers(identity: Identity, *, may_follow: bool) -> bool:
    host = _host(identity)
    client: MongoClient[dict[str, Any]] = MongoClient(
        host, directConnection=True, serverSelectionTimeoutMS=_PROBE_MS, socketTimeoutMS=_PROBE_MS
    )
    try:
        hello = client.admin.command("hello")
        if (hello.get("isWritablePrimary") or (may_follow and hello.get("secondary"))) and hello["me"] == host:
            return True
        _claim(client, host)
    except PyMongoError:
        return False
    finally:
        client.close()
    return False


def _claim(client: MongoClient[dict[str, Any]], host: str) -> None:
    """Makes this server the one member of its set: when new, and when its port had to change."""
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as refusal:
        if refusal.code == _NOT_YET_INITIALIZED:
            config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": host}]}
            client.admin.command("replSetInitiate", config)
        return
    if config["members"][0]["host"] != host:
        config["members"][0]["host"] = host
        config["version"] += 1
        client.admin.command("replSetReconfig", config, force=True)
