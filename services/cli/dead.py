"""`motcua dead list | show | replay`."""

import json
from collections.abc import Callable, Iterator

import click
from rich.console import Console
from rich.table import Table

from services.chassis import dead as letters
from services.chassis.dead import DeadLetter
from services.cli.place import addresses
from services.contracts.events import PUBLISHERS

console = Console()
_SERVICES = click.Choice(tuple(PUBLISHERS))


@click.group()
def dead() -> None:
    """Messages that failed to the end: look at them, send them back once the cause is mended."""


@dead.command("list")
@click.argument("service", type=_SERVICES, required=False)
@click.option("--most", default=100, show_default=True)
def list_(service: str | None, most: int) -> None:
    """The dead letters of one service, or of all."""
    table = Table("service", "id", "queue", "event", "dossier", "tries", "failed at", "reason")
    for name, letter in _all(service, most):
        cells = (letter.id, letter.queue, letter.type, letter.subject, str(letter.attempts), letter.failed_at)
        table.add_row(name, *cells, letter.reason)
    console.print(table if table.row_count else "No dead letters.")


@dead.command()
@click.argument("id_", metavar="ID")
def show(id_: str) -> None:
    """One dead letter whole: headers and body."""
    for service, letter in _all(None, 10_000):
        if letter.id == id_:
            console.print(f"[bold]{service}[/] {letter.queue}: {letter.reason}")
            console.print_json(json.dumps(letter.headers, default=str))
            console.print(letter.body.decode(errors="replace"), markup=False)
            return
    raise click.ClickException(f"no dead letter has the id {id_}")


@dead.command()
@click.argument("service", type=_SERVICES)
@click.option("--id", "ids", multiple=True, help="Only these (default: all of the service).")
def replay(service: str, ids: tuple[str, ...]) -> None:
    """Send dead letters back to the queue they failed in."""
    sent = letters.replay(addresses()["MOTCUA_AMQP_URI"], service, _among(ids))
    console.print(f"{sent} sent back.")


def _all(service: str | None, most: int) -> Iterator[tuple[str, DeadLetter]]:
    uri = addresses()["MOTCUA_AMQP_URI"]
    for name in (service,) if service else PUBLISHERS:
        for letter in letters.peek(uri, name, most):
            yield name, letter


def _among(ids: tuple[str, ...]) -> Callable[[DeadLetter], bool]:
    return lambda letter: not ids or letter.id in ids
