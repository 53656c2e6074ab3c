"""`motcua anchor`: what all histories have come to, for a place where nobody can rewrite it."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from services.cli.layout import some
from services.cli.place import address
from services.cli.verify.anchor import MARGIN, Anchor, take, write
from services.cli.verify.books import Books

_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--margin",
    default=MARGIN.total_seconds(),
    show_default=True,
    type=click.FloatRange(min=0),
    help="How many seconds ago it ends: longer than clocks are apart and a write takes.",
)
def anchor(file: Path, margin: float) -> None:
    """Write into a new FILE what all histories came to a while ago. Everything may go on meanwhile.

    Keep it where nobody can write who administers the databases; `motcua verify --anchor FILE` compares. It holds
    no personal data.
    """
    if file.exists():
        sys.exit(f"✗ {file} is there already: an anchor is never written over")
    try:
        with Books({"MOTCUA_MONGO_URI": address("MOTCUA_MONGO_URI")}) as books, Console(stderr=True).status("reading"):
            taken = take(books, timedelta(seconds=margin))
        write(taken, file)
    except OSError as error:
        sys.exit(f"✗ {error}")
    click.echo(_told(taken, file))


def _told(taken: Anchor, file: Path) -> str:
    counted = f"{some(taken.histories, 'histories')} in {some(len(taken.head.journals), 'journals')}"
    return f"{counted} as of {taken.head.as_of.isoformat()}; SHA-256 of the file: {taken.digest()}, in {file}"
