"""What a demonstration leaves behind, and where it says that it is."""

from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from services.cli.demo import command

ADDRESS = "http://127.0.0.1:8443"


class FakeStack:
    """A stack that is up or not; before it was ever up it knows no addresses."""

    def __init__(self, pids: list[int | None]) -> None:
        self.pids, self.env, self.is_down = pids, dict[str, str](), False

    def status(self) -> list[SimpleNamespace]:
        """Its programs, as they are."""
        return [SimpleNamespace(pid=pid) for pid in self.pids]

    def up(self) -> None:
        """Now it has addresses."""
        self.env = {"MOTCUA_PORTAL_URL": ADDRESS}

    def down(self) -> None:
        """It was stopped."""
        self.is_down = True


class FakeTown:
    """Nobody lives there."""

    def __init__(self, env: Mapping[str, str]) -> None:
        assert env, "the stack was not up"

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("words", "pids", "is_left"),
    [([], [None, None], False), (["--keep"], [None, None], True), ([], [4711, None], True)],
    ids=["stopped afterwards", "kept", "up before"],
)
@pytest.mark.parametrize("closes", [True, False])
def test_a_stack_that_is_left_running_is_named_by_its_portal_and_another_is_stopped(
    words: list[str], pids: list[int | None], is_left: bool, closes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = FakeStack(pids)
    monkeypatch.setattr(command, "local_stack", lambda: stack)
    monkeypatch.setattr(command, "Town", FakeTown)
    monkeypatch.setattr(command, "tell_all", lambda _town: closes)
    told = CliRunner().invoke(command.demo, words)
    assert (f"The portal: {ADDRESS}\n" in told.output, stack.is_down) == (is_left, not is_left)
    assert told.exit_code == (0 if closes else 1)
