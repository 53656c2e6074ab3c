"""`motcua backup` and `motcua restore` as commands."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from services.cli import topology
from services.cli.backup import archive
from services.cli.backup.archive import BadBackup, Manifest
from services.cli.backup.restoring import SKIPPED_CODES, WillNotRestore
from services.cli.backup.restoring import restore as put_back
from services.cli.backup.taking import WINDOW_SECONDS, CannotBackUp, take
from services.cli.layout import plain, some
from services.cli.place import address, addresses, insist_on_broker

_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option(
    "--window",
    default=WINDOW_SECONDS,
    show_default=True,
    help="For how many seconds the database is to keep the past: longer than the backup takes.",
)
def backup(folder: Path, window: int) -> None:
    """Write all five databases, as of one instant, into a new FOLDER. Everything may go on meanwhile.

    It holds personal data, and is not encrypted.
    """
    try:
        with _telling() as tell:
            manifest = take(address("MOTCUA_MONGO_URI"), folder, window, tell)
    except (CannotBackUp, OSError) as error:
        sys.exit(f"✗ {error}")
    click.echo(f"{_told(manifest)}, in {folder}")


@click.command()
@click.argument("folder", type=_FOLDER)
@click.option("--check", is_flag=True, help="Only look whether the backup is whole.")
@click.option("--discard-messages", is_flag=True, help="Take away what waits in the broker's queues.")
@click.option(
    "--skip-codes",
    default=SKIPPED_CODES,
    show_default=True,
    type=click.IntRange(min=0),
    help="How many dossier codes of each unit and day are not given again.",
)
def restore(folder: Path, *, check: bool, discard_messages: bool, skip_codes: int) -> None:
    """Put the backup in FOLDER into an installation whose databases are empty and whose services are stopped.

    When the services start, they tell each other everything again, from their histories.
    """
    try:
        if check:
            click.echo(_told(archive.open_backup(folder)))
            return
        _insist_on_empty_queues(discard_messages)
        with _telling() as tell:
            done = put_back(address("MOTCUA_MONGO_URI"), folder, skip_codes, tell)
    except (BadBackup, WillNotRestore) as error:
        sys.exit("\n".join(f"✗ {plain(line)}" for line in str(error).splitlines()))
    click.echo(f"{some(done.documents, 'documents')} are back; {some(done.histories, 'histories')} will be told again.")
    click.echo(f"{some(done.counters, 'counters')} of dossier codes moved on by {skip_codes}.")
    click.echo("Now start the services; when all is told: ./motcua verify")


def _insist_on_empty_queues(discard: bool) -> None:
    """What waits in a queue may tell of what is no longer known. Raises WillNotRestore, Unavailable."""
    uri, ladders = address("MOTCUA_AMQP_URI"), topology.ladders_of(addresses())
    insist_on_broker(uri)
    waiting = {name: depth for name, depth in topology.depths(uri, ladders).items() if depth}
    if waiting and not discard:
        told = "\n".join(f"waiting in {name}: {some(depth, 'messages')}" for name, depth in waiting.items())
        raise WillNotRestore(
            f"{told}\nmessages of a later time than the backup's would be acted on; --discard-messages"
        )
    topology.purge(uri, waiting)


def _told(manifest: Manifest) -> str:
    counted = f"{some(manifest.documents, 'documents')} in {some(len(manifest.collections), 'collections')}"
    return f"{counted} as of {manifest.taken_at}; SHA-256 of the manifest: {manifest.digest()}"


@contextmanager
def _telling() -> Iterator[Callable[[str], None]]:
    """A line that says what is being done, where somebody looks."""
    with Console(stderr=True).status("") as status:
        yield status.update
