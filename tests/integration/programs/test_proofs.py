"""The proofs work: one scenario of chaos, and the short look at memory, each by its own command on its own stack."""

import re
import subprocess
import sys

import pytest

from deploy.local.programs import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]
_SECONDS = 380


def said(*command: str) -> str:
    """What a proof prints. Fails with it where the proof does."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    return done.stdout


def test_a_scenario_bites_and_holds() -> None:
    told = said("tests.chaos", "--only", "said again", "--dossiers", "6", "--seed", "1")
    assert "held  said again" in told


def test_memory_is_measured_under_load() -> None:
    told = said("tests.bench", "--quick", "--part", "memory")
    assert "✗ memory: no figures" not in told
    (largest,) = (line for line in told.splitlines() if "memory: largest service under load" in line)
    size = re.search(r"(\d+) MB \(", largest)  # the machine is shared here: the row may have no mark
    assert size, largest
    assert int(size[1]) <= 150, largest
    assert re.search(r"[1-9]\d* visits\s+to portal-http", told), "nobody was at the portal"
    # Growth is shown too, and not insisted on: a line through some seconds says nothing of half an hour.
    assert "memory: growth over" in told
