"""The command line on a running system, as an operator types it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.stack import Stack
from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import SYSTEM, Town
from tests.conftest import ROOT, eventually

pytestmark = pytest.mark.servers
CALENDAR, TENANT = "vn", "mic"


def motcua(stack: Stack, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line against the stack under test."""
    return subprocess.run(
        [sys.executable, "-m", "services.cli", "--run-dir", str(stack.run_dir), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
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


def test_an_unknown_dossier_is_said_in_one_line(stack: Stack, town: Town) -> None:
    shown = motcua(stack, "dossier", "show", "000.00.05.G14-200101-9999")
    assert shown.returncode != 0
    assert "no service knows a dossier" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_the_relay_and_the_dead_letters_are_told(stack: Stack, town: Town) -> None:
    assert "healthy" in motcua(stack, "relay", "status").stdout
    assert motcua(stack, "dead", "list").returncode == 0
    assert "no dead letter has the id" in motcua(stack, "dead", "show", "nothing").stderr


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
    assert f"mic/procedures/gp-phu-truong.yaml:{line}" in told.stdout


def test_a_procedure_written_by_the_guide_is_loaded_and_used(stack: Stack, town: Town, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "catalogue", tmp_path / "catalogue")
    (tmp_path / "catalogue/mic/procedures/gp-phu-truong-2.yaml").write_text(written_in_the_guide())
    loaded = motcua(stack, "catalogue", "load", str(tmp_path / "catalogue"))
    assert loaded.returncode == 0, loaded.stdout + loaded.stderr

    def offered() -> list[str]:
        page = town.ask(SYSTEM, "intake.list_procedures", tenant=TENANT, limit=100)
        return [item["key"] for item in page["items"] if item["key"] == "gp-phu-truong-2"]

    eventually(offered)
    procedure = town.ask(SYSTEM, "intake.get_procedure", tenant=TENANT, key="gp-phu-truong-2")
    told = Story(town, TENANT, procedure, "new").tell("granted")
    assert told.fee_vnd == 32 * 5_000
    assert told.number
