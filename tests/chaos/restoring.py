"""A backup taken under load, and the way back from it: with the operators' own commands."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from deploy.local.programs import ROOT
from tests.chaos.stage import Stage
from tests.chaos.stream import Stream

_SECONDS: Final = 300


def back_up(stage: Stage) -> None:
    """`motcua backup`, while everything goes on."""
    shutil.rmtree(_place(stage), ignore_errors=True)
    _motcua(stage, "backup", str(_place(stage)))


@contextmanager
def lost_and_restored(stage: Stage) -> Iterator[None]:
    """Both servers lose their disks; `motcua restore` puts the database back; in the end everything starts."""
    stage.stack.down()
    shutil.rmtree(stage.run_dir / "mongodb")
    shutil.rmtree(stage.run_dir / "rabbitmq" / "mnesia")
    _motcua(stage, "up", "--servers")
    _motcua(stage, "restore", str(_place(stage)))
    yield
    stage.up()
    stage.stream = Stream(stage.stack.env)


def _motcua(stage: Stage, *words: str) -> None:
    """What an operator would type. Raises RuntimeError with what it said."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_")}
    command = [sys.executable, "-m", "services.cli", "--run-dir", str(stage.run_dir), *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"motcua {words[0]}: {done.stdout}{done.stderr}")


def _place(stage: Stage) -> Path:
    return stage.run_dir / "backup"
