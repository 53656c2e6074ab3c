"""`motcua catalogue check | load`."""

import itertools
import sys
import uuid
from pathlib import Path

import click
from rich.console import Console

from services.cli.place import remote
from services.contracts.catalogue.loading import Document, Loaded, load

console = Console()
FOLDER = Path(__file__).resolve().parents[2] / "catalogue"
_COUNTRY = "vn"


@click.group()
def catalogue() -> None:
    """Procedures, units, fees, calendars: data in `catalogue/<tenant>/`."""


@catalogue.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=FOLDER)
def check(folder: Path) -> None:
    """Explain every mistake with file and line; nothing is changed."""
    _insist(load(folder))


@catalogue.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=FOLDER)
def load_(folder: Path) -> None:
    """Check, then publish to the running registry what has changed."""
    loaded = _insist(load(folder))
    calls = remote(deadline_seconds=60)
    ordered = sorted(loaded.documents, key=_country_first)
    for tenant, documents in itertools.groupby(ordered, _owner):
        answer = calls.call(
            "registry",
            "publish_catalogue",
            tenant=tenant,
            documents=[_published(document) for document in documents],
            request_id=str(uuid.uuid4()),
        )
        console.print(f"{tenant}: {answer}")


def _insist(loaded: Loaded) -> Loaded:
    for mistake in loaded.mistakes:
        console.print(str(mistake), markup=False, highlight=False)
    if loaded.mistakes:
        sys.exit(f"✗ {len(loaded.mistakes)} mistakes; nothing was published")
    console.print(f"{len(loaded.documents)} documents, no mistakes.")
    return loaded


def _owner(document: Document) -> str:
    return document.tenant or _COUNTRY


def _country_first(document: Document) -> tuple[bool, str]:
    """Units of every ministry refer to the country's calendar."""
    return _owner(document) != _COUNTRY, _owner(document)


def _published(document: Document) -> dict[str, object]:
    return {
        "kind": document.kind,
        "key": document.key,
        "valid_from": document.valid_from,
        "valid_to": document.valid_to,
        "document": document.body,
    }
