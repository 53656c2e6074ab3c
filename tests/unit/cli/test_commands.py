"""The list of commands: each is where the list says, and none is loaded before it is named."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from services.cli.__main__ import COMMANDS, motcua


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_where_the_list_says(name: str) -> None:
    command = motcua.get_command(click.Context(motcua), name)
    assert command is not None
    assert command.name == name


def test_all_are_told_of() -> None:
    told = CliRunner().invoke(motcua, ["--help"])
    assert told.exit_code == 0
    assert all(f"\n  {name} " in told.output for name in COMMANDS)


def test_another_word_is_refused_by_name() -> None:
    told = CliRunner().invoke(motcua, ["nothing"])
    assert told.exit_code == 2
    assert "No such command 'nothing'" in told.output


def test_a_command_loads_no_other() -> None:
    loaded = "import sys; from services.cli.__main__ import motcua; motcua(['key', '--help'], standalone_mode=False)"
    asked = f"{loaded}; print(sorted(name for name in sys.modules if name.startswith('services.cli.')))"
    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert told.stdout.splitlines()[-1] == "['services.cli.__main__', 'services.cli.keys', 'services.cli.place']"
