"""`motcua up | down | status`."""

import click
from rich.console import Console
from rich.table import Table

from deploy.local.stack import Stack
from services.chassis.errors import ServiceError, Unavailable
from services.chassis.remote import Remote
from services.cli import topology
from services.cli.place import OPERATOR, run_dir
from services.contracts.events import PUBLISHERS

console = Console()


def local_stack() -> Stack:
    """The stack in the run directory, with what must be there before its services start."""
    return Stack(run_dir(), before_services=declare_topology, ready=is_ready)


def declare_topology(env: dict[str, str]) -> None:
    """Every exchange and queue of every service, so that the order of starting does not matter."""
    topology.declare_all(env["MOTCUA_AMQP_URI"], topology.ladder_of(env))


def is_ready(service: str, env: dict[str, str]) -> bool:
    """Whether a service answers its health question."""
    remote = Remote(env["MOTCUA_AMQP_URI"], OPERATOR, most=1, deadline_seconds=2)
    try:
        return bool(remote.call(service, "health")["ready"])
    except Unavailable:
        return False
    finally:
        remote.close()


@click.command()
@click.option("--scale", multiple=True, metavar="SERVICE=N", help="Processes of a service, such as intake=4.")
def up(scale: tuple[str, ...]) -> None:
    """Start the servers, the services and the sandbox counterparts; leave them running."""
    stack = local_stack()
    with console.status("Starting RabbitMQ, MongoDB, five services and their counterparts …"):
        stack.up(scale=_read_scale(scale))
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
    """What runs, where, and what waits."""
    show_status(local_stack())


def show_status(stack: Stack) -> None:
    """A table of processes and, when they run, of each service's health."""
    table = Table("program", "state", "pid", "address", title="Processes")
    for one in stack.status():
        table.add_row(one.name, one.state, str(one.pid or ""), one.address)
    console.print(table)
    if stack.env and any(one.pid for one in stack.status()):
        console.print(_health(stack.env))


def _health(env: dict[str, str]) -> Table:
    table = Table("service", "ready", "unpublished", "oldest (s)", "dead letters", title="Health")
    remote = Remote(env["MOTCUA_AMQP_URI"], OPERATOR, most=1, deadline_seconds=5)
    for service in PUBLISHERS:
        try:
            health = remote.call(service, "health")
        except ServiceError as error:
            table.add_row(service, f"[red]{error.code}[/]", "", "", "")
            continue
        relay = health["relay"]
        cells = (health["ready"], relay["waiting"], relay["oldest_seconds"], health["dead_letters"])
        table.add_row(service, *(str(cell) for cell in cells))
    remote.close()
    return table


def _read_scale(wishes: tuple[str, ...]) -> dict[str, int]:
    try:
        return {name: int(count) for name, _, count in (wish.partition("=") for wish in wishes)}
    except ValueError:
        raise click.BadParameter("give SERVICE=N, such as intake=4", param_hint="--scale") from None
