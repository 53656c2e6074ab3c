"""Where the stack is that a command speaks to."""

import os
from pathlib import Path
from typing import Final

from deploy.local import environment
from services.chassis.actor import Actor
from services.chassis.remote import Remote

RUN_DIR_VARIABLE: Final = "MOTCUA_RUN_DIR"
OPERATOR: Final = Actor("system", "operator")
_ROOT = Path(__file__).resolve().parents[2]


class NotUp(Exception):
    """There is no stack to speak to."""


def run_dir() -> Path:
    """The run directory: `--run-dir`, MOTCUA_RUN_DIR, or `.run` of the checkout."""
    return Path(os.environ.get(RUN_DIR_VARIABLE, _ROOT / ".run"))


def addresses() -> dict[str, str]:
    """The addresses of the running stack; the process's own environment goes first. Raises NotUp."""
    try:
        known = environment.read(run_dir())
    except FileNotFoundError:
        known = {}
    found = {**known, **{name: value for name, value in os.environ.items() if name.startswith("MOTCUA_")}}
    if "MOTCUA_AMQP_URI" not in found:
        raise NotUp("no stack is up here. Type: make up")
    return found


def remote(deadline_seconds: float = 10.0) -> Remote:
    """RPC to the services, as the operator."""
    return Remote(addresses()["MOTCUA_AMQP_URI"], OPERATOR, deadline_seconds=deadline_seconds)
