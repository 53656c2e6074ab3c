"""`motcua verify` on an installation of its own: nothing wrong, something wrong, nobody there; and nothing written."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner
from pymongo import monitoring

from deploy.local.stack import Stack
from services.chassis import chain
from services.chassis.publish import connect
from services.chassis.topology import dead_name
from services.cli.verify.command import verify
from tests.conftest import eventually
from tests.integration.apart.conftest import Installation
from tests.integration.books import Books
from tests.integration.crowd import Crowd, PatientTown, await_rest, plots
from tests.integration.test_command_line import motcua
from tests.integration.world import Raw

pytestmark = [pytest.mark.servers, pytest.mark.timeout(300)]
READS: Final = {"find", "getMore", "count", "aggregate", "killCursors", "endSessions", "hello", "ismaster", "ping"}
_STORIES: Final = 8  # of nearly every fate


@pytest.fixture(scope="module")
def own(installation: Installation) -> Stack:
    """An installation that no other test has spoilt or will miss."""
    return installation.stack


@pytest.fixture(scope="module")
def earlier(own: Stack) -> int:
    """How many dossiers are there before."""
    with Books(own.env) as books:
        return int(books.collection("intake.dossiers").count_documents({}))


@pytest.fixture(scope="module")
def codes(own: Stack, earlier: int) -> list[str]:
    """The codes of dossiers that ended, or not, in every way, while they were looked at all the time."""
    town, looks = PatientTown(own.env), []
    with ThreadPoolExecutor(1) as pool:
        telling = pool.submit(Crowd(town, plots(town, _STORIES)).told)
        while not telling.done():
            looks.append(motcua(own, "verify"))
    await_rest(town)
    town.close()
    assert looks
    assert [look.stdout + look.stderr for look in looks if look.returncode] == []
    return [one.dossier_code for one in telling.result()]


def told(own: Stack, *words: str) -> list[dict[str, Any]]:
    """What the command says as data; it must have looked."""
    result = motcua(own, "verify", "--json", *words)
    assert result.returncode in {0, 1}, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == bool(lines[-1]["exceptions"])
    return lines


def test_nothing_is_wrong_and_the_sum_closes(own: Stack, codes: list[str], earlier: int) -> None:
    result = motcua(own, "verify", "--patience", "0")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"submitted {earlier + len(codes)} = " in result.stdout
    assert "nothing is wrong" in result.stdout
    (total,) = told(own, "--patience", "0")
    assert total["closes"]
    assert total["intake"] == total["routing"] == Counter(total["intake"])
    assert set(total["intake"]) >= {"resolved", "withdrawn", "rejected", "in progress"}


def test_nothing_is_written(own: Stack, codes: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Told(monitoring.CommandListener):
        """Which commands were sent, and to which collections."""

        seen: list[tuple[str, Any]] = []

        def started(self, event: monitoring.CommandStartedEvent) -> None:
            """Before it is answered."""
            self.seen.append((event.command_name, event.command.get(event.command_name)))
            assert event.command.get("readConcern", {"level": "majority"})["level"] == "majority"

        def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
            """Nothing of interest."""

        def failed(self, event: monitoring.CommandFailedEvent) -> None:
            """Nothing of interest."""

    for name in ("MOTCUA_MONGO_URI", "MOTCUA_AMQP_URI"):
        monkeypatch.setenv(name, own.env[name])
    listeners = monitoring._LISTENERS  # noqa: SLF001 – what is registered is never given back
    monkeypatch.setattr(monitoring, "_LISTENERS", listeners._replace(command_listeners=[Told()]))
    result = CliRunner().invoke(verify, ["--patience", "0"])
    assert result.exit_code == 0, result.output
    assert {name for name, _ in Told.seen} <= READS
    read = {of for name, of in Told.seen if name == "find"}
    assert {"dossiers", "cases", "orders", "records", "notices", "receipts", "codes", "papers.files"} <= read


def test_what_is_wrong_is_named_with_its_dossier_until_it_is_mended(own: Stack, codes: list[str]) -> None:
    with Books(own.env) as books:
        cases = books.collection("routing.cases")
        case = cases.find_one({"_id": codes[0]})
        cases.update_one({"_id": codes[0]}, {"$set": {"state.unit": "cuc-khac"}})
        try:
            shown = motcua(own, "verify", "--patience", "1")
            lines = told(own, "--patience", "0")
            of_it, of_another = (told(own, "--patience", "0", "--dossier", code) for code in codes[:2])
        finally:
            cases.replace_one({"_id": codes[0]}, case)
    wrong = {(one["dossier"], one["where"], one["wrong"]) for one in lines if one["kind"] == "exception"}
    where = f"routing.cases {codes[0]}"
    assert wrong == {
        (codes[0], where, "its state is not what its history makes: unit"),
        (codes[0], where, "intake and routing differ in unit"),
        (
            codes[0],
            f"payment.dossiers {codes[0]}",
            f"it says that {case['state']['unit']} has the dossier, routing says cuc-khac",
        ),
    }
    assert shown.returncode == 1
    assert codes[0] in shown.stdout
    assert "3 exceptions" in shown.stdout
    assert [one["exceptions"] for one in (of_it[-1], of_another[-1])] == [3, 0]
    assert told(own, "--patience", "0")[-1]["exceptions"] == 0


def test_a_changed_past_is_named_by_its_chain_and_chained_anew_by_an_anchor(
    own: Stack, codes: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "anchor"
    written = motcua(own, "anchor", "--margin", "0", str(file))
    assert (written.returncode, written.stderr) == (0, "")
    with Books(own.env) as books:
        cases = books.collection("routing.cases")
        case, forged = (cases.find_one({"_id": codes[0]}) for _ in range(2))
        forged["history"][1]["by"] = {"kind": "officer", "id": "nobody"}
        try:
            cases.replace_one({"_id": codes[0]}, forged)
            *by_chain, _ = told(own, "--patience", "0", "--dossier", codes[0])
            bare = [{name: one[name] for name in one if name != "hash"} for one in forged["history"]]
            forged["history"] = chain.extend(f"/routing/case/{codes[0]}", (), bare)
            cases.replace_one({"_id": codes[0]}, forged)
            *by_anchor, _ = told(own, "--patience", "0", "--anchor", str(file))
        finally:
            cases.replace_one({"_id": codes[0]}, case)
    assert [(one["where"], one["wrong"][:23]) for one in by_chain] == [
        (f"routing.cases {codes[0]}", "event 2 does not follow")
    ]
    assert [one["where"].partition(" bucket ")[0] for one in by_anchor] == ["routing.cases"]
    assert told(own, "--patience", "0", "--anchor", str(file))[-1]["exceptions"] == 0


def test_a_lost_dossier_is_missed_by_all_others(own: Stack, codes: list[str]) -> None:
    with Books(own.env) as books:
        dossiers = books.collection("intake.dossiers")
        dossier = dossiers.find_one_and_delete({"_id": codes[0]})
        try:
            *wrong, total = told(own, "--patience", "0")
        finally:
            dossiers.insert_one(dossier)
    assert [(one["dossier"], one["where"]) for one in wrong] == [(codes[0], f"intake.dossiers {codes[0]}")]
    assert "there is no such dossier, but in notify.notices, payment.dossiers" in wrong[0]["wrong"]
    assert not total["closes"]


def test_a_dead_letter_is_named_with_its_queue(own: Stack, codes: list[str]) -> None:
    raw = Raw(own.env["MOTCUA_AMQP_URI"])
    raw.send("", "routing.open_case", b"{", {"cloudEvents:subject": codes[0]})
    raw.close()
    found = eventually(lambda: [one for one in told(own, "--patience", "0") if one["kind"] == "exception"], every=1)
    assert [(one["dossier"], one["where"]) for one in found] == [(codes[0], "routing.dead ← routing.open_case")]
    assert "Invalid message." in found[0]["wrong"]
    with connect(own.env["MOTCUA_AMQP_URI"]) as connection:
        connection.channel().queue_purge(dead_name("routing"))
    assert told(own, "--patience", "0")[-1]["exceptions"] == 0


@pytest.mark.parametrize(("server", "said"), [("rabbitmq", "message broker"), ("mongodb", "database")])
def test_servers_away_are_told_in_one_line(own: Stack, codes: list[str], server: str, said: str) -> None:
    own.stop(server)
    try:
        result = motcua(own, "verify")
    finally:
        own.start(server)
        own.wait_ready()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"✗ could not look: The {said} does not answer")
    assert len(result.stderr.splitlines()) == 1


def test_without_a_stack_it_could_not_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MOTCUA_MONGO_URI", "MOTCUA_AMQP_URI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MOTCUA_RUN_DIR", str(tmp_path))
    result = CliRunner().invoke(verify)
    assert result.exit_code == 2
    assert "make up" in result.stderr
