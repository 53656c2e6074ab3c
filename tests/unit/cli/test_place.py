"""Which stack a command is about, and what it may be told of it."""

import json
import subprocess
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result

from deploy.local import identity, scale
from deploy.local.stack import Stack
from services.chassis import keys
from services.chassis.dead import DeadLetter
from services.chassis.settings import BadSettings
from services.cli import place, stack, topology
from services.cli.__main__ import motcua
from tests.conftest import ROOT

LADDER = "NOTIFY_RETRY_LADDER"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `motcua dead list` would have asked which broker."""
    found: list[str] = []

    def peek(uri: str, *_: object) -> list[DeadLetter]:
        found.append(uri)
        return []

    monkeypatch.setattr("services.cli.dead.letters.peek", peek)
    monkeypatch.setenv(place.RUN_DIR_VARIABLE, "")  # the command line sets it
    monkeypatch.setenv("MOTCUA_AMQP_URI", "amqp://exported")
    return found


def run(*words: str) -> Result:
    """One command."""
    return CliRunner().invoke(motcua, words)


def test_a_run_dir_that_is_named_goes_before_what_a_shell_exports(asked: list[str], tmp_path: Path) -> None:
    identity.write_private(tmp_path / "env", "MOTCUA_AMQP_URI=amqp://written-down\n")
    run("dead", "list", "intake")
    assert run("--run-dir", str(tmp_path), "dead", "list", "intake").exit_code == 0
    assert asked == ["amqp://exported", "amqp://written-down"]


def test_a_run_dir_that_is_named_and_was_never_up_is_nobody_elses(asked: list[str], tmp_path: Path) -> None:
    told = run("--run-dir", str(tmp_path / "none"), "dead", "list", "intake")
    assert (type(told.exception), asked) == (place.NotUp, [])


def test_a_path_is_one_from_where_it_is_typed(tmp_path: Path) -> None:
    (tmp_path / "services").mkdir()
    (tmp_path / "services" / "__init__.py").write_text("raise SystemExit('of somebody else')", encoding="utf-8")
    (tmp_path / "mine.json").write_text(json.dumps(keys.make("me", ["system"])), encoding="utf-8")
    told = subprocess.run(
        [ROOT / "motcua", "key", "public", "mine.json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (told.returncode, told.stderr) == (0, "")
    assert len(json.loads(told.stdout)["keys"]) == 1


@pytest.mark.parametrize("wish", ["intak=4", "rabbitmq=2", "intake=0", "intake=-1", "intake", "intake=many"])
def test_a_scale_that_cannot_be_is_refused_before_anything_is_touched(
    wish: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stack, "local_stack", lambda: SimpleNamespace())
    told = CliRunner().invoke(stack.up, ["--scale", wish])
    assert (told.exit_code, "--scale" in told.output) == (2, True)
    assert not any(tmp_path.iterdir())


def test_dead_letters_are_counted_from_one() -> None:
    assert run("dead", "list", "--most", "-1").exit_code == 2


def test_what_was_scaled_stays_so_until_it_is_scaled_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, int]] = []

    def look(one: Any, _seconds: float) -> dict[str, Any]:
        seen.append(dict(one._plan.scale))  # noqa: SLF001
        return {}

    monkeypatch.setattr(Stack, "_prepare", look)
    monkeypatch.setattr(Stack, "_start_step", lambda *_: None)
    Stack(tmp_path).up(scale={"intake": 2})
    Stack(tmp_path).up(scale={"portal-http": 3})
    Stack(tmp_path).up()
    Stack(tmp_path).up(scale={"intake": 1})
    assert seen == [
        {"intake": 2},
        {"intake": 2, "portal-http": 3},
        {"intake": 2, "portal-http": 3},
        {"intake": 1, "portal-http": 3},
    ]
    with pytest.raises(ValueError, match="intake"):
        scale.settle(tmp_path, {"intake": 0})
    assert scale.recall(tmp_path) == seen[-1]


def test_each_service_has_its_own_ladder_where_it_was_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LADDER, "1,10,60")
    monkeypatch.setenv("MOTCUA_AMQP_URI", "amqp://exported")
    ladders = topology.ladders_of({**place.addresses(), "MOTCUA_RETRY_LADDER": "2,"})
    assert (ladders["notify"], ladders["intake"]) == ((1, 10, 60), (2,))
    monkeypatch.setattr(topology, "_depth", lambda _connection, _name: 0)
    monkeypatch.setattr(topology, "connect", lambda _uri: nullcontext())
    asked = topology.depths("amqp://nowhere", ladders)
    assert "notify.retry.60s" in asked
    assert "intake.retry.60s" not in asked


@pytest.mark.parametrize("ladder", ["1,x", "0", ",", "nan"])
def test_a_ladder_that_cannot_be_climbed_is_named(ladder: str) -> None:
    with pytest.raises(BadSettings, match=LADDER):
        topology.ladders_of({LADDER: ladder})
