"""`motcua up | down | status`."""

import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import click
from rich.console import Console

from deploy.local.composition import SERVERS, check_scale
from deploy.local.programs import http_answers
from deploy.local.stack import ProgramStatus, Stack
from services.chassis.errors import ServiceError, Unavailable
from services.chassis.remote import Remote
from services.cli import topology
from services.cli.layout import columns
from services.cli.place import insist_on_broker, run_dir
from services.cli.relay import told_of
from services.contracts.events import PUBLISHERS

ALL_WELL, SOMETHING_SILENT, NOTHING_UP = 0, 1, 3
_CHOSEN: Final = ("MOTCUA_OTLP_ENDPOINT", "MOTCUA_TRACE_RATIO", "MOTCUA_LOG_LEVEL")  # who types `up` decides on these
_HEALTH_SECONDS: Final = 10.0  # a database that is away is waited for before a service says so
_NOT_A_DOOR: Final = {
    "gateway": "/health",
    "mailbox": "/health",
    "oidc": "/.well-known/openid-configuration",
}  # the counterparts' own word
console = Console()


def local_stack() -> Stack:
    """The stack in the run directory, with what must be there before its services start."""
    chosen = {name: value for name in _CHOSEN if (value := os.environ.get(name))}
    return Stack(run_dir(), env=chosen, before_services=declare_topology, ready=is_ready)


def declare_topology(env: dict[str, str]) -> None:
    """Every exchange and queue of every service, so that the order of starting does not matter.

    Services that start after that can no longer see that the broker has lost its disk: so it is said here.
    """
    unknown = topology.declare_all(env["MOTCUA_AMQP_URI"], topology.ladders_of(env))
    if told := told_of(env["MOTCUA_MONGO_URI"], unknown):
        console.print(
            f"✗ The broker has come back empty: what was on its way from {', '.join(told)} is gone. "
            "Type: ./motcua relay again",
            soft_wrap=True,
        )


def is_ready(service: str, env: dict[str, str]) -> bool:
    """Whether a service answers its health question."""
    remote = Remote(env["MOTCUA_AMQP_URI"], most=1, deadline_seconds=2)
    try:
        return bool(remote.call(service, "health")["ready"])
    except Unavailable:
        return False
    finally:
        remote.close()


@click.command()
@click.option(
    "--scale",
    multiple=True,
    metavar="NAME=N",
    help="Processes of a service or a door, such as intake=4 or intake-http=2. Kept until chosen otherwise.",
)
@click.option("--servers", is_flag=True, help="Only RabbitMQ and MongoDB: for `motcua restore`.")
def up(scale: tuple[str, ...], *, servers: bool) -> None:
    """Start the servers, the services and the sandbox counterparts; leave them running."""
    chosen, stack = _read_scale(scale), local_stack()
    if servers:
        with console.status("Starting RabbitMQ and MongoDB …"):
            stack.up(SERVERS)
        console.print(f"RabbitMQ and MongoDB are up. Addresses: {run_dir() / 'env'}")
        return
    with console.status("Starting RabbitMQ, MongoDB, five services and their counterparts …"):
        stack.up(scale=chosen)
    show_status(stack)
    console.print(f"\nAddresses: {run_dir() / 'env'}    Stop: make down    Logs: make logs")


@click.command()
def down() -> None:
    """Stop everything that `up` started; the data stays."""
    with console.status("Stopping …"):
        local_stack().down()
    console.print("Everything is stopped.")


@click.command()
def status() -> None:
    """What runs, where, and what waits.

    Ends with 0 when all that should run answers, with 1 when something does not, with 3 when nothing is up.
    """
    sys.exit(show_status(local_stack()))


def show_status(stack: Stack) -> int:
    """The processes, each service's health, and what is wrong, a line each; the exit code that says so."""
    programs = stack.status()
    if not any(one.pid for one in programs):
        click.echo("Nothing is up here. Type: make up")
        return NOTHING_UP
    rows = [(one.name, one.state, one.pid or "", one.address) for one in programs]
    click.echo("\n".join((*columns(("program", "state", "pid", "address"), rows), "")))
    wrong = [*_silent(programs), *_ill(stack.env)]
    for line in wrong:
        click.echo(f"✗ {line}")
    return SOMETHING_SILENT if wrong else ALL_WELL


def _silent(programs: Sequence[ProgramStatus]) -> Iterator[str]:
    for one in programs:
        if not one.pid:
            yield f"{one.name} is {one.state}. Type: make up"
        elif one.address.startswith("http:") and not _answers(one):
            yield f"{one.name} is not ready: {one.address}"


def _answers(program: ProgramStatus) -> bool:
    port = int(program.address.rpartition(":")[2])
    return http_answers(port, _NOT_A_DOOR.get(program.name, "/health/ready"))()


def _ill(env: dict[str, str]) -> list[str]:
    """Show the health of each service; what is wrong with it."""
    try:
        insist_on_broker(env["MOTCUA_AMQP_URI"])
    except Unavailable as error:
        return [f"{error.code}: {error.en} Type: make up"]
    remote = Remote(env["MOTCUA_AMQP_URI"], most=len(PUBLISHERS), deadline_seconds=_HEALTH_SECONDS)
    with ThreadPoolExecutor(len(PUBLISHERS)) as pool:
        told = dict(zip(PUBLISHERS, pool.map(lambda service: _health(remote, service), PUBLISHERS), strict=True))
    remote.close()
    head = ("service", "ready", "unpublished", "oldest (s)", "dead letters")
    click.echo("\n".join((*columns(head, [_row(service, one) for service, one in told.items()]), "")))
    return [_complaint(service, one) for service, one in told.items() if not one["ready"]]


def _health(remote: Remote, service: str) -> dict[str, Any]:
    try:
        health: dict[str, Any] = remote.call(service, "health")
    except ServiceError as error:
        return {"ready": False, "error": error}
    return health


def _row(service: str, health: dict[str, Any]) -> tuple[object, ...]:
    if "error" in health:
        return service, "no answer", "?", "?", "?"
    relay = health["relay"]
    cells = (relay["waiting"], relay["oldest_seconds"], health["dead_letters"])
    return service, "yes" if health["ready"] else "no", *("?" if cell is None else cell for cell in cells)


def _complaint(service: str, health: dict[str, Any]) -> str:
    if "error" in health:
        return f"{health['error'].code}: {health['error'].en} Type: make up"
    if not health["store"]:
        return f"{service} is not ready: the database does not answer it"
    if health["broker"] and not health.get("publishing", True):
        return f"{service} is not ready: the broker takes no messages of it (out of memory or disk?)"
    if health["broker"] and not health.get("catalogue", True):
        return f"{service} is not ready: the catalogue has not come to it (docs/monitoring.md)"
    return f"{service} is not ready: the broker does not answer it"


def _read_scale(wishes: tuple[str, ...]) -> dict[str, int]:
    try:
        scale = {name: int(count) for name, _, count in (wish.partition("=") for wish in wishes)}
    except ValueError:
        raise click.BadParameter("give NAME=N, such as intake=4", param_hint="--scale") from None
    try:
        check_scale(scale)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--scale") from None
    return scale
