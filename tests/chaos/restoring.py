"""Disks that are lost, and the ways back: a backup, or the histories alone. With the operators' own commands."""

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
_PLACES: Final = {"MOTCUA_MONGOD"}  # where a server's program is, which is nothing of any stack
_WRITTEN: Final = {"mongodb": "mongodb", "rabbitmq": "rabbitmq/mnesia"}


def back_up(stage: Stage) -> None:
    """`motcua backup`, while everything goes on."""
    shutil.rmtree(_place(stage), ignore_errors=True)
    motcua(stage, "backup", str(_place(stage)))


@contextmanager
def lost_and_restored(stage: Stage) -> Iterator[None]:
    """Both servers lose their disks; `motcua restore` puts the database back; in the end everything starts."""
    stage.stack.down()
    for server in _WRITTEN:
        lose_disk(stage, server)
    motcua(stage, "up", "--servers")
    motcua(stage, "restore", str(_place(stage)))
    yield
    stage.up()
    stage.stream = Stream(stage.stack.env)


def lose_disk(stage: Stage, server: str) -> None:
    """All is gone that a server has written, which must not run; with the broker's, the past of the stream."""
    for one in (stage.run_dir / _WRITTEN[server]).iterdir():  # the folder itself may be a disk
        shutil.rmtree(one) if one.is_dir() else one.unlink()
    if server == "rabbitmq":
        stage.stream = Stream(stage.stack.env, past_is_lost=True)


def tell_again(stage: Stage) -> int:
    """`motcua relay again`, while everything goes on; how many histories that is."""
    return int(motcua(stage, "relay", "again").splitlines()[-1].partition(" ")[0])


def motcua(stage: Stage, *words: str) -> str:
    """What an operator would type, and what it says. Raises RuntimeError where it fails."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA_") or name in _PLACES}
    command = [sys.executable, "-m", "services.cli", "--run-dir", str(stage.run_dir), *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=_SECONDS, check=False)
    if done.returncode:
        raise RuntimeError(f"motcua {words[0]}: {done.stdout}{done.stderr}")
    return done.stdout


def _place(stage: Stage) -> Path:
    return stage.run_dir / "backup"
