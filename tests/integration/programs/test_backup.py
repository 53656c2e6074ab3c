"""A backup is one instant of all five databases, is checked before it is believed, and is never put over anything."""

import gzip
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from bson import json_util
from pymongo import MongoClient

from deploy.local.stack import Stack
from services.chassis.store import READINESS, open_database
from services.cli.backup import archive
from services.cli.backup.archive import BadBackup
from services.cli.backup.restoring import JOURNALS, WillNotRestore, restore
from services.cli.backup.taking import DATABASES, CannotBackUp, take
from services.contracts.catalogue.dates import local_day
from tests.conftest import ROOT, eventually

pytestmark = pytest.mark.servers
WINDOW = "minSnapshotHistoryWindowInSeconds"
AT = datetime(2026, 11, 20, 3, tzinfo=UTC)


def quiet(_line: str) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A private MongoDB alone."""
    stack = Stack(tmp_path_factory.mktemp("backup") / "run")
    try:
        stack.up(("mongodb",))
        yield stack
    finally:
        stack.wipe()


@pytest.fixture
def client(database: Stack) -> Iterator[MongoClient[Any]]:
    """Its databases, empty before each test."""
    with MongoClient[Any](database.env["MOTCUA_MONGO_URI"], tz_aware=True) as client:
        for name in client.list_database_names():
            if name.startswith("motcua_"):
                client.drop_database(name)
        yield client


@pytest.fixture
def uri(database: Stack) -> str:
    """Where it is."""
    return database.env["MOTCUA_MONGO_URI"]


def fill(client: MongoClient[Any]) -> None:
    """Something of each kind: histories, counters, files, indexes of every option that ours have."""
    dossiers = client["motcua_intake"]["dossiers"]
    dossiers.create_index("opened_by", unique=True, partialFilterExpression={"opened_by": {"$exists": True}})
    client["motcua_intake"]["uploads"].create_index("forget_at", expireAfterSeconds=0)
    for number in range(5):
        history = [{"id": f"{number}-{seq}", "at": AT} for seq in (1, 2)]
        dossiers.insert_one({"_id": f"D-{number}", "version": 2, "relayed": 2, "history": history, "name": "Đỗ"})
    client["motcua_intake"]["codes"].insert_one({"_id": "000.00.06.G14-261120-", "last": 5})
    client["motcua_intake"]["files.chunks"].insert_many([{"data": bytes([n]) * 200_000} for n in range(90)])
    client["motcua_routing"]["cases"].insert_one({"_id": "D-0", "version": 1, "relayed": 1, "relay_claim": {"by": "x"}})
    client["motcua_routing"].create_collection("empty")


def contents(client: MongoClient[Any]) -> dict[str, Any]:
    """Every document and index of the five databases."""
    found: dict[str, Any] = {}
    for database in map(client.get_database, DATABASES):
        for name in database.list_collection_names():
            found[f"{database.name}.{name}"] = (
                sorted(database[name].find(), key=lambda one: str(one["_id"])),
                sorted((dict(one) for one in database[name].list_indexes()), key=lambda one: str(one["name"])),
            )
    return found


def ids(folder: Path, one: archive.Collected) -> set[Any]:
    """The ids of what a backup holds of a collection."""
    return {document["_id"] for document in archive.read_documents(folder, one)}


def told_again(before: dict[str, Any]) -> dict[str, Any]:
    """What is expected after a restore, but for the moment at which each history begins to be told again."""
    for name in JOURNALS:
        for document in before.get(name, ([], []))[0]:
            document["relayed"], document["retold"] = 0, 1
            document.pop("relay_claim", None)
    return before


def without_moment(after: dict[str, Any]) -> dict[str, Any]:
    """Every history says since when it waits; that is taken away."""
    for name in JOURNALS:
        for document in after.get(name, ([], []))[0]:
            assert datetime.now(UTC) - document.pop("pending_since") < timedelta(minutes=1)
    return after


def test_everything_comes_back_and_every_history_is_to_be_told_again(
    client: MongoClient[Any], uri: str, tmp_path: Path
) -> None:
    fill(client)
    before = contents(client)
    client["motcua_intake"][READINESS].insert_one({"_id": "last", "looks": 5})
    taken = take(uri, tmp_path / "backup", 600, quiet)
    for name in DATABASES:
        client.drop_database(name)
    client["motcua_routing"][READINESS].insert_one({"_id": "last", "looks": 1})  # a service had started there
    done = restore(uri, tmp_path / "backup", 0, quiet)
    assert without_moment(contents(client)) == told_again(before)
    assert (done.documents, done.histories) == (taken.documents, 6)
    assert "motcua_restore" not in client.list_database_names()


def test_a_backup_holds_one_instant_while_others_write(client: MongoClient[Any], uri: str, tmp_path: Path) -> None:
    cause, effect = (open_database(uri, name)["steps"] for name in ("motcua_intake", "motcua_routing"))
    stop, done = threading.Event(), count()

    def write() -> None:
        while not stop.is_set():
            number = next(done)
            cause.insert_one({"_id": number, "padding": "x" * 2_000})
            effect.insert_one({"_id": number})

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    eventually(lambda: effect.count_documents({}) > 200)
    acknowledged = effect.count_documents({})
    manifest = take(uri, tmp_path / "backup", 600, quiet)
    stop.set()
    for writer in writers:
        writer.join()
    causes, effects = (
        {one["_id"] for one in archive.read_documents(tmp_path / "backup", of)} for of in manifest.collections
    )
    assert effects <= causes
    assert len(causes - effects) <= len(writers)
    assert acknowledged <= len(effects) < effect.count_documents({}), "what was written meanwhile is in no backup"


def test_the_server_forgets_the_past_as_before(client: MongoClient[Any], uri: str, tmp_path: Path) -> None:
    fill(client)

    def window() -> int:
        return int(client.admin.command({"getParameter": 1, WINDOW: 1})[WINDOW])

    before, seen = window(), list[int]()
    take(uri, tmp_path / "backup", 777, lambda _: seen.append(window()))
    assert set(seen) == {777}
    assert window() == before


def test_a_backup_is_written_in_the_form_of_mongodump(client: MongoClient[Any], uri: str, tmp_path: Path) -> None:
    fill(client)
    take(uri, tmp_path / "backup", 600, quiet)
    text = gzip.decompress((tmp_path / "backup/motcua_intake/dossiers.metadata.json.gz").read_bytes())
    metadata = json_util.loads(text)
    assert metadata["collectionName"] == "dossiers"
    assert [index["name"] for index in metadata["indexes"]] == ["_id_", "opened_by_1"]
    for path in (tmp_path / "backup").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, "it holds personal data"


def test_nothing_is_backed_up_from_nothing_nor_over_another_backup(
    client: MongoClient[Any], uri: str, tmp_path: Path
) -> None:
    with pytest.raises(CannotBackUp):
        take(uri, tmp_path / "backup", 600, quiet)
    fill(client)
    (tmp_path / "backup").mkdir()
    with pytest.raises(FileExistsError):
        take(uri, tmp_path / "backup", 600, quiet)


def test_a_restore_is_refused_over_anything(client: MongoClient[Any], uri: str, tmp_path: Path) -> None:
    fill(client)
    take(uri, tmp_path / "backup", 600, quiet)
    before = contents(client)
    with pytest.raises(WillNotRestore, match=r"motcua_intake\.dossiers"):
        restore(uri, tmp_path / "backup", 0, quiet)
    assert contents(client) == before


def test_a_restore_is_refused_while_a_service_is_connected(client: MongoClient[Any], uri: str, tmp_path: Path) -> None:
    fill(client)
    take(uri, tmp_path / "backup", 600, quiet)
    for name in DATABASES:
        client.drop_database(name)
    service = open_database(uri, "motcua_routing")
    service.command("ping")
    with pytest.raises(WillNotRestore, match="routing"):
        restore(uri, tmp_path / "backup", 0, quiet)
    service.client.close()
    assert eventually(lambda: _restored(uri, tmp_path / "backup"))


def _restored(uri: str, folder: Path) -> bool:
    try:
        restore(uri, folder, 0, quiet)
    except WillNotRestore:
        return False
    return True


def test_a_restore_that_broke_off_begins_anew(client: MongoClient[Any], uri: str, tmp_path: Path) -> None:
    fill(client)
    take(uri, tmp_path / "backup", 600, quiet)
    before = contents(client)
    for name in DATABASES:
        client.drop_database(name)

    def break_off(line: str) -> None:
        if "indexes" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore(uri, tmp_path / "backup", 0, break_off)
    assert client["motcua_intake"]["dossiers"].count_documents({}) == 5
    restore(uri, tmp_path / "backup", 0, quiet)
    assert without_moment(contents(client)) == told_again(before)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "no manifest.json"),
        (lambda folder: (folder / "motcua_intake/dossiers.bson.gz").unlink(), "dossiers.bson.gz is missing"),
        (lambda folder: _flip(folder / "motcua_intake/files.chunks.bson.gz"), "files.chunks.bson.gz is not as it was"),
        (lambda folder: _cut(folder / "motcua_routing/cases.bson.gz"), "cases.bson.gz is not as it was written"),
        (lambda folder: (folder / "motcua_intake/other.bson.gz").touch(), "other.bson.gz does not belong there"),
        (lambda folder: _recount(folder / "manifest.json"), "holds 5 documents, not 6"),
    ],
)
def test_a_backup_that_is_not_whole_is_put_back_nowhere(
    client: MongoClient[Any], uri: str, tmp_path: Path, harm: Any, said: str
) -> None:
    fill(client)
    take(uri, tmp_path / "backup", 600, quiet)
    for name in DATABASES:
        client.drop_database(name)
    harm(tmp_path / "backup")
    with pytest.raises(BadBackup, match=said):
        restore(uri, tmp_path / "backup", 0, quiet)
    assert not contents(client)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def _recount(path: Path) -> None:
    manifest = json.loads(path.read_text())
    next(one for one in manifest["collections"] if one["name"] == "motcua_intake.dossiers")["documents"] += 1
    path.write_text(json.dumps(manifest))


def test_codes_that_were_given_after_the_backup_are_not_given_again(
    client: MongoClient[Any], uri: str, tmp_path: Path
) -> None:
    today = f"{local_day(datetime.now(UTC)):%y%m%d}"
    codes = client["motcua_intake"]["codes"]
    codes.insert_many([{"_id": f"000.00.06.G14-{today}", "last": 7}, {"_id": "000.00.09.G10-261001", "last": 3}])
    take(uri, tmp_path / "backup", 600, quiet)
    client.drop_database("motcua_intake")
    restore(uri, tmp_path / "backup", 100, quiet)
    assert {one["_id"]: one["last"] for one in codes.find()} == {
        f"000.00.06.G14-{today}": 107,
        f"000.00.09.G10-{today}": 100,  # none before the backup, and perhaps some after it
        "000.00.09.G10-261001": 3,
    }


def test_the_commands_say_what_they_did_and_why_they_will_not(
    client: MongoClient[Any], database: Stack, tmp_path: Path
) -> None:
    fill(client)

    def motcua(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "services.cli", "--run-dir", str(database.run_dir), *words]
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=60, check=False)

    folder = str(tmp_path / "backup")
    told = motcua("backup", folder)
    assert told.returncode == 0, told.stderr
    digest = archive.open_backup(Path(folder)).digest()
    assert digest in told.stdout
    assert digest in motcua("restore", folder, "--check").stdout
    shutil.copytree(folder, f"{folder}-harmed")
    _cut(Path(f"{folder}-harmed/motcua_routing/cases.bson.gz"))
    harmed = motcua("restore", f"{folder}-harmed", "--check")
    assert harmed.returncode == 1
    assert "cases.bson.gz is not as it was written" in harmed.stderr
    away = motcua("restore", folder)
    assert away.returncode == 1
    assert "broker.unavailable" in away.stderr, "what waits there is not known"
