"""Every setting has an example line, and the example is one a service starts with, whoever reads it."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from services.chassis.settings import BadSettings, read_settings
from services.cli.settings import kinds, lines
from tests.conftest import ROOT

EXAMPLE = ROOT / "deploy/settings.example.env"
WHOLE = re.sub(r"(?m)^#(?=[A-Z_]+=)", "", EXAMPLE.read_text(encoding="utf-8"))
LIMITS = ("PORTAL_LOOKUP_LIMIT", "PORTAL_VERIFY_LIMIT", "PORTAL_SIGN_IN_LIMIT", "REGISTRY_VERIFY_LIMIT")


def read(text: str) -> dict[str, str]:
    """As systemd and compose read it: a line each, remarks on lines of their own, quotes around a value."""
    pairs = (line.split("=", 1) for line in text.splitlines() if line and not line.startswith("#"))
    return {name: "".join(shlex.split(value)) for name, value in pairs}


def given(*, defaults_too: bool) -> dict[str, str]:
    """The variables of the example."""
    return read(WHOLE if defaults_too else EXAMPLE.read_text(encoding="utf-8"))


def sourced(text: str, folder: Path) -> dict[str, str]:
    """As a shell reads it."""
    (folder / "env").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["/bin/sh", "-ec", "set -a; . ./env; exec /usr/bin/env -0"], cwd=folder, env={}, capture_output=True, check=True
    )
    assert done.stderr == b""
    found = dict(one.split("=", 1) for one in done.stdout.decode().split("\0") if one)
    return {name: value for name, value in found.items() if name in text}


def test_the_example_is_what_the_code_asks_for() -> None:
    assert EXAMPLE.read_text(encoding="utf-8") == "\n".join(lines()) + "\n", (
        "write it anew: ./motcua settings > deploy/settings.example.env"
    )


def test_a_shell_reads_the_example_as_others_do(tmp_path: Path) -> None:
    named = re.findall(r"(?m)^([A-Z_]+)=", WHOLE)
    assert sourced(WHOLE, tmp_path) == read(WHOLE)
    assert sorted(read(WHOLE)) == sorted(named)


@pytest.mark.parametrize("service", kinds())
def test_a_service_starts_with_the_required_ones_and_the_defaults_are_what_is_shown(service: str) -> None:
    kind = kinds()[service]
    assert read_settings(kind, service, given(defaults_too=False)) == read_settings(
        kind, service, given(defaults_too=True)
    )


@pytest.mark.parametrize("service", kinds())
def test_an_empty_variable_counts_as_left_out(service: str) -> None:
    kind, required = kinds()[service], given(defaults_too=False)
    emptied = {**dict.fromkeys(given(defaults_too=True), ""), **required}
    assert read_settings(kind, service, emptied) == read_settings(kind, service, required)


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("limit", ["30/minuet", "30", " ", "30/minute  # of one address", "12/minute,"])
def test_a_limit_that_cannot_be_counted_keeps_a_service_from_starting(name: str, limit: str) -> None:
    service = name.partition("_")[0].lower()
    with pytest.raises(BadSettings, match=name):
        read_settings(kinds()[service], service, {**given(defaults_too=True), name: limit})
