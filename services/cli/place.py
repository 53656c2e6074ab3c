"""Where the stack is that a command speaks to."""

import os
from pathlib import Path
from typing import Final

import click
from amqp.exceptions import AMQPError

from deploy.local import environment
from services.chassis.actor import Actor
from services.chassis.errors import Unavailable
from services.chassis.publish import dial
from services.chassis.remote import Remote
from services.chassis.tokens import Issuer
from services.contracts.events import PUBLISHERS

RUN_DIR_VARIABLE: Final = "MOTCUA_RUN_DIR"
KEY: Final = "MOTCUA_CLI_KEY"
OPERATOR: Final = Actor("system", "operator")
_ROOT = Path(__file__).resolve().parents[2]
_SECONDS_TO_GREET = 3.0
_PREFIXES: Final = ("MOTCUA_", *(f"{service.upper()}_" for service in PUBLISHERS))


class NotUp(Exception):
    """There is no stack to speak to."""


def run_dir() -> Path:
    """The run directory: `--run-dir`, MOTCUA_RUN_DIR, or `.run` of the checkout."""
    return Path(os.environ.get(RUN_DIR_VARIABLE) or _ROOT / ".run")


def addresses() -> dict[str, str]:
    """The addresses of the running stack. Raises NotUp.

    The process's own environment goes first; with `--run-dir` only what was written down there counts.
    """
    try:
        known = environment.read(run_dir())
    except FileNotFoundError:
        known = {}
    found = known if _is_named() else {**known, **_own()}
    if "MOTCUA_AMQP_URI" not in found:
        raise NotUp("no stack is up here. Type: make up")
    return found


def _is_named() -> bool:
    """Whether this command was told with `--run-dir` which stack it is about."""
    context = click.get_current_context(silent=True)
    return context is not None and context.find_root().params.get("run_dir") is not None


def _own() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if value and name.startswith(_PREFIXES)}


def address(name: str) -> str:
    """One of the addresses. Raises NotUp when it is not known."""
    found = addresses()
    if name not in found:
        raise NotUp(f"{name} is not set")
    return found[name]


def remote(deadline_seconds: float = 10.0, most: int = 4, actor: Actor = OPERATOR) -> Remote:
    """RPC to the services, as the operator or `actor`. Raises Unavailable at once when the broker is away, BadKey."""
    uri, key = address("MOTCUA_AMQP_URI"), address(KEY)
    insist_on_broker(uri)
    return Remote(uri, Issuer.of_file(Path(key)), actor, most=most, deadline_seconds=deadline_seconds)


def insist_on_broker(uri: str) -> None:
    """A service cannot be blamed for a broker that does not answer. Raises Unavailable."""
    try:
        dial(uri, _SECONDS_TO_GREET).release()
    except (AMQPError, OSError) as error:
        raise no_broker() from error


def no_broker() -> Unavailable:
    """What an operator is told, whichever way the broker was asked."""
    return Unavailable(
        "broker.unavailable", "The message broker does not answer.", "Hệ thống truyền tin chưa sẵn sàng."
    )
