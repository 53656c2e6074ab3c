"""The command line on a running system, as an operator types it."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.composition import DOORS, SERVICES
from deploy.local.stack import Stack
from services.chassis import dead
from services.chassis.publish import Outgoing, Publisher
from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import SYSTEM, Town, fresh
from tests.conftest import ROOT, eventually

pytestmark = pytest.mark.servers
CALENDAR, TENANT = "vn", "mic"


def motcua(stack: Stack, *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line against the stack under test."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli", "--run-dir", str(stack.run_dir), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        input=typed,
        env={**os.environ, "COLUMNS": "80"},
        timeout=60,
    )


def written_in_the_guide() -> str:
    """The procedure that docs/catalogue.md prints."""
    found = re.search(r"```yaml\n(kind: procedure\n.*?)```", (ROOT / "docs/catalogue.md").read_text(), re.DOTALL)
    assert found
    return found[1]


def test_status_tells_what_runs_and_what_waits(stack: Stack, town: Town) -> None:
    told = motcua(stack, "status")
    assert told.returncode == 0, told.stderr
    for name in ("rabbitmq", "mongodb", "intake", "routing", "payment", "registry", "notify", "payment-http"):
        assert name in told.stdout
    assert "dead letters" in told.stdout


def test_a_dossier_is_shown_across_services_in_order_and_without_personal_data(stack: Stack, town: Town) -> None:
    procedure = next(one for one in await_catalogue(town, TENANT) if one["key"] == "ma-so-quan-ly-qc")
    told = Story(town, TENANT, procedure, "shown").tell("granted")
    shown = motcua(stack, "dossier", "show", told.dossier_code)
    assert shown.returncode == 0, shown.stderr
    order = ["dossier_submitted", "case_accepted", "fee_requested", "fee_paid", "case_decided", "record_issued"]
    places = [shown.stdout.index(type_) for type_ in (*order, "dossier_resolved")]
    assert places == sorted(places)
    assert procedure["example"]["applicant"]["name"] not in shown.stdout
    assert procedure["example"]["applicant"]["tax_code"] not in shown.stdout


def test_a_history_is_whole_at_80_columns_and_can_be_read_by_programs(stack: Stack, town: Town) -> None:
    procedure = next(one for one in await_catalogue(town, TENANT) if one["key"] == "ma-so-quan-ly-qc")
    code = Story(town, TENANT, procedure, fresh()).tell("rejected").dossier_code
    shown, brief, data = (
        motcua(stack, "dossier", "show", code, *how).stdout for how in ((), ("--brief",), ("--json",))
    )
    events = [json.loads(line) for line in data.splitlines()]
    assert {"intake", "routing", "payment", "notify"} <= {event["service"] for event in events}
    assert all(event["type"] in shown and event["aggregate"] in shown for event in events)
    assert "\n  procedure: ma-so-quan-ly-qc\n" in shown
    assert len(brief.splitlines()) == len(events) + 1
    assert max(map(len, (*brief.splitlines(), *shown.splitlines()))) <= 80


def test_an_unknown_dossier_is_said_in_one_line(stack: Stack, town: Town) -> None:
    shown = motcua(stack, "dossier", "show", "000.00.05.G14-200101-9999")
    assert shown.returncode != 0
    assert "no service knows a dossier" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_the_relay_and_the_dead_letters_are_told(stack: Stack, town: Town) -> None:
    assert "healthy" in motcua(stack, "relay", "status").stdout
    told = motcua(stack, "relay", "again", "intake", "--since", "2099-01-01")
    assert told.stdout.splitlines()[-1].startswith("0 histories will be published again"), told.stderr
    assert motcua(stack, "dead", "list").returncode == 0
    assert "no dead letter has the id" in motcua(stack, "dead", "show", "nothing").stderr


def test_a_dead_letter_is_listed_whole_and_discarded_with_a_trace(stack: Stack, town: Town, tmp_path: Path) -> None:
    uri, book, name = stack.env["MOTCUA_AMQP_URI"], tmp_path / "kept" / "book.jsonl", f"bad-{fresh()}"
    publisher = Publisher(uri)
    publisher.publish([Outgoing(f"{name}-{n}", "", "routing.open_case", b"\xff nothing", {}) for n in range(2)])
    publisher.close()
    eventually(lambda: sum(letter.id.startswith(name) for letter in dead.peek(uri, "routing")) == 2)
    shown = motcua(stack, "dead", "list", "routing").stdout
    assert f"routing  {name}-0\n  queue: routing.open_case\n" in shown
    listed = [json.loads(line) for line in motcua(stack, "dead", "list", "--json").stdout.splitlines()]
    assert f"{name}-1" in {letter["id"] for letter in listed}
    words = ("dead", "discard", "routing", "--id", f"{name}-0", "--reason", "made by a test", "--keep-in", str(book))
    assert motcua(stack, *words, typed="yes\n").returncode == 1
    assert not book.exists()
    assert motcua(stack, *words, typed="routing\n").returncode == 0
    assert [letter.id for letter in dead.peek(uri, "routing") if letter.id.startswith(name)] == [f"{name}-1"]
    (kept,) = map(json.loads, book.read_text().splitlines())
    assert (kept["id"], kept["why"], base64.b64decode(kept["body_base64"])) == (
        f"{name}-0",
        "made by a test",
        b"\xff nothing",
    )
    everything = ("dead", "discard", "routing", "--all", "--reason", "made by a test", "--keep-in", str(book), "--yes")
    told = motcua(stack, *everything)
    assert (told.returncode, told.stdout) == (0, f"1 of 1 discarded; kept in {book}\n")
    assert len(book.read_text().splitlines()) == 2
    assert dead.count(uri, "routing") == 0
    assert motcua(stack, *everything).returncode == 1
    for chosen in ((), ("--id", f"{name}-1")):
        assert "routing has no such dead letters" in motcua(stack, "dead", "replay", "routing", *chosen).stderr


@pytest.mark.timeout(300)
def test_what_is_away_is_said_in_one_line_and_the_status_says_so_with_its_end(stack: Stack, town: Town) -> None:
    code = "000.00.05.G14-200101-9999"
    away = "✗ broker.unavailable: The message broker does not answer. Type: make up\n"
    stack.stop("rabbitmq")
    try:
        for words in (
            ("relay", "status"),
            ("relay", "again"),
            ("dead", "list"),
            ("dead", "replay", "notify"),
            ("catalogue", "load"),
        ):
            assert motcua(stack, *words).stderr == away, words
        told = motcua(stack, "status")
        assert (told.returncode, told.stderr) == (1, "")
        assert "✗ rabbitmq is STOPPED" in told.stdout
    finally:
        stack.start("rabbitmq")
        stack.wait_ready()
    stack.stop("mongodb")
    try:
        told = motcua(stack, "dossier", "show", code)
        assert told.stderr == "✗ store.unavailable: The database does not answer; try again. Type: make up\n"
        told = motcua(stack, "status")
        assert (told.returncode, told.stderr) == (1, "")
        assert "✗ routing is not ready: the database does not answer it" in told.stdout
    finally:
        stack.start("mongodb")
        stack.wait_ready()
    eventually(lambda: motcua(stack, "status").returncode == 0, every=0.5)


def test_the_live_view_prints_one_frame_in_a_pipe(stack: Stack, town: Town) -> None:
    def frame() -> str:
        told = motcua(stack, "top", "--once", "--every", "0.5")
        assert told.returncode == 0, told.stderr
        return told.stdout if "?" not in told.stdout.partition("unpublished")[2] else ""

    shown = eventually(frame, every=1)  # a process that has just come back has not counted yet
    ready = {line.split()[0] for line in shown.splitlines() if line.split()[2:3] == ["yes"]}
    assert ready == {*SERVICES, *DOORS}
    assert max(map(len, shown.splitlines())) <= 80
    queues = shown.partition("unpublished")[2].splitlines()
    assert {line.split()[0] for line in queues[1:]} == set(SERVICES)


def test_without_a_stack_the_status_ends_with_three(tmp_path: Path) -> None:
    told = motcua(Stack(tmp_path / "none"), "status")
    assert (told.returncode, told.stdout) == (3, "Nothing is up here. Type: make up\n")


def test_without_a_stack_it_says_what_to_type(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "services.cli", "--run-dir", str(tmp_path / "none"), "relay", "status"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")},
        timeout=60,
    )
    assert told.returncode == 1
    assert "make up" in told.stderr


def test_a_mistake_in_the_catalogue_is_explained_with_file_and_line(stack: Stack, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "catalogue", tmp_path / "catalogue")
    procedure = tmp_path / "catalogue/mic/procedures/gp-phu-truong.yaml"
    text = procedure.read_text()
    procedure.write_text(text.replace("unit: cuc-bao-chi", "unit: cuc-khong-co"))
    line = text.splitlines().index("unit: cuc-bao-chi") + 1
    told = motcua(stack, "catalogue", "check", str(tmp_path / "catalogue"))
    assert told.returncode == 1
    (said,) = told.stdout.splitlines()
    assert said.startswith(f"{tmp_path}/catalogue/mic/procedures/gp-phu-truong.yaml:{line}: ")


def test_a_procedure_written_by_the_guide_is_loaded_and_used(stack: Stack, town: Town, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "catalogue", tmp_path / "catalogue")
    (tmp_path / "catalogue/mic/procedures/gp-phu-truong-2.yaml").write_text(written_in_the_guide())
    loaded = motcua(stack, "catalogue", "load", str(tmp_path / "catalogue"))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr
    published = [line for line in loaded.stdout.splitlines() if ": published" in line]
    assert published == ["mic/procedure/gp-phu-truong-2@2026-01-01: published, revision 1"]
    assert re.search(r"^mic: 1 published, \d+ unchanged$", loaded.stdout, re.MULTILINE)

    def offered() -> list[str]:
        page = town.ask(SYSTEM, "intake.list_procedures", tenant=TENANT, limit=100)
        return [item["key"] for item in page["items"] if item["key"] == "gp-phu-truong-2"]

    eventually(offered)
    procedure = town.ask(SYSTEM, "intake.get_procedure", tenant=TENANT, key="gp-phu-truong-2")
    told = Story(town, TENANT, procedure, "new").tell("granted")
    assert told.fee_vnd == 32 * 5_000
    assert told.number
