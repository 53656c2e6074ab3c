"""Tokens and keys by hand: what the command line prints is what services read."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.local import keys as local_keys
from services.chassis.actor import Actor
from services.chassis.keys import read_private, read_public
from services.chassis.tokens import Verifier
from services.cli.__main__ import motcua


def run(*words: str) -> Result:
    """One command."""
    return CliRunner().invoke(motcua, words)


@pytest.fixture
def stack_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The keys of a stack that has addresses, and nothing else."""
    local_keys.settle(tmp_path)
    found = {**local_keys.variables(tmp_path), "MOTCUA_AMQP_URI": "amqp://nowhere", "MOTCUA_RUN_DIR": str(tmp_path)}
    for name, value in found.items():
        monkeypatch.setenv(name, value)
    return found


def test_a_printed_token_is_believed(stack_keys: dict[str, str]) -> None:
    verifier = Verifier(Path(stack_keys["MOTCUA_ACTOR_KEYS"]))
    assert verifier.read(run("token", "citizen", "001801000001").output.strip()) == Actor("citizen", "001801000001")
    told = run("token", "officer", "cb-001", "--unit", "vnnic", "--minutes", "60")
    assert verifier.read(told.output.strip()) == Actor("officer", "cb-001", "vnnic")
    told = run("token", "officer", "cb-002", "--unit", "vnnic", "--duty", "sign", "--duty", "transfer")
    assert verifier.read(told.output.strip()) == Actor("officer", "cb-002", "vnnic", "sign transfer")


@pytest.mark.parametrize(
    "words",
    [
        ("officer", "cb-001"),
        ("king", "1"),
        ("citizen", ""),
        ("citizen", "1", "--minutes", "61"),
        ("citizen", "1", "--duty", "sign"),
        ("officer", "cb-001", "--unit", "vnnic", "--duty", "rule"),
    ],
)
def test_who_cannot_be_gets_no_token(stack_keys: dict[str, str], words: tuple[str, ...]) -> None:
    told = run("token", *words)
    assert told.exit_code != 0
    assert "." not in told.output.split()[-1].rstrip(".")


def test_keys_that_are_made_by_hand_work_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    portal, services, public = (tmp_path / f"{name}.json" for name in ("portal", "services", "public"))
    portal.write_text(run("key", "make", "portal", "citizen", "officer").output)
    services.write_text(run("key", "make", "services", "system").output)
    public.write_text(run("key", "public", str(portal), str(services)).output)
    assert {key.issuer: set(key.kinds) for key in read_public(public).values()} == {
        "portal": {"citizen", "officer"},
        "services": {"system"},
    }
    monkeypatch.setenv("MOTCUA_AMQP_URI", "amqp://nowhere")
    monkeypatch.setenv("MOTCUA_CLI_KEY", str(portal))
    assert Verifier(public).read(run("token", "citizen", "1").output.strip()) == Actor("citizen", "1")
    told = run("token", "system", "1")
    assert told.exit_code != 0
    assert "does not speak for" in told.output


def test_the_keys_of_a_stack_are_made_once_for_their_owner_only(stack_keys: dict[str, str], tmp_path: Path) -> None:
    before = {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()}
    local_keys.settle(tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "keys").iterdir()} == before
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    assert not any("d" in key for key in json.loads(before["public.json"])["keys"])
    assert read_private(Path(stack_keys["MOTCUA_ACTOR_KEY"])).kinds == {"system"}
    assert "system" not in read_private(Path(stack_keys["PORTAL_ACTOR_KEY"])).kinds
