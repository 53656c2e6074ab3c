"""What the READMEs print works as printed, in both languages."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.chassis.publish import connect
from services.cli.demo.command import await_catalogue
from services.cli.demo.stories import Story
from services.cli.demo.town import SYSTEM, Town, fresh, patiently
from tests.conftest import ROOT, eventually

pytestmark = pytest.mark.servers
READMES = ("README.md", "README.vi.md")
SCAN = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"xref\n0 3\n0000000000 65535 f \n0000000009 00000 n \n0000000052 00000 n \n"
    b"trailer<</Root 1 0 R/Size 3>>\nstartxref\n96\n%%EOF\n"
)


def program(readme: str, place: int) -> str:
    """A Python program of a README: the first is a client, the second a subscriber."""
    found = re.findall(r"```python\n(.*?)```", (ROOT / readme).read_text(encoding="utf-8"), re.DOTALL)
    return str(found[place])


def printed_token(town: Town, readme: str) -> str:
    """What the command prints that a README puts before its client."""
    (command,) = re.findall(r"ME=\$\((\./motcua token [^)]+)\)", (ROOT / readme).read_text(encoding="utf-8"))
    run_dir = Path(town.env["MOTCUA_METRICS_DIR"]).parent
    env = {"PATH": os.environ["PATH"], "MOTCUA_RUN_DIR": str(run_dir)}
    told = subprocess.run(command.split(), capture_output=True, text=True, cwd=ROOT, env=env, timeout=60, check=True)
    return told.stdout.strip()


@pytest.mark.parametrize("readme", READMES)
def test_the_client_submits_a_dossier(town: Town, tmp_path: Path, readme: str) -> None:
    (tmp_path / "scan.pdf").write_bytes(SCAN)
    (tmp_path / "first.py").write_text(program(readme, 0), encoding="utf-8")
    told = subprocess.run(
        [sys.executable, "first.py"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **town.env, "ME": printed_token(town, readme)},
        timeout=60,
    )
    assert told.returncode == 0, told.stderr
    code, status = told.stdout.split()
    assert status in ("submitted", "payment_required")
    assert patiently(lambda: town.ask(SYSTEM, "routing.get_case", dossier_code=code), code, "NotFound")


@pytest.mark.parametrize("readme", READMES)
def test_the_subscriber_hears_of_results(town: Town, tmp_path: Path, readme: str) -> None:
    procedure = next(one for one in await_catalogue(town, "mic") if one["key"] == "gp-phu-truong")
    with subscriber(town, tmp_path, program(readme, 1)) as log:
        told = Story(town, "mic", procedure, fresh()).tell("refused")
        eventually(lambda: f"{told.dossier_code} refused" in log.read_text())


@contextmanager
def subscriber(town: Town, folder: Path, text: str) -> Iterator[Path]:
    """The program, listening; what it prints is in the file. Its queue goes with it."""
    (name,) = re.findall(r'name = "(\w+)"', text)
    (handler,) = re.findall(r"def (\w+)\(self, event", text)
    (folder / f"{name}.py").write_text(text, encoding="utf-8")
    log, uri = folder / "log", town.env["MOTCUA_AMQP_URI"]
    command = [str(Path(sys.executable).parent / "nameko"), "run", "--broker", uri, name]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(folder), "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder, env=env)
    try:
        eventually(lambda: "Connected to amqp" in log.read_text())
        yield log
    finally:
        process.terminate()
        process.wait(30)
        with connect(uri) as connection:
            connection.channel().queue_delete(f"evt-intake-dossier_resolved--{name}.{handler}")
