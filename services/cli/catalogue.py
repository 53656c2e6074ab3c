"""`motcua catalogue check | load`."""

import itertools
import sys
import uuid
from pathlib import Path
from typing import Any

import click

from services.cli.layout import some
from services.cli.place import remote
from services.contracts.catalogue.loading import Document, Loaded, load

FOLDER = Path(__file__).resolve().parents[2] / "catalogue"
_COUNTRY = "vn"


@click.group()
def catalogue() -> None:
    """Procedures, units, fees, calendars: data in `catalogue/<tenant>/`."""


@catalogue.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=FOLDER)
def check(folder: Path) -> None:
    """Explain every mistake with file and line; nothing is changed."""
    _insist(folder)


@catalogue.command("load")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=FOLDER)
def load_(folder: Path) -> None:
    """Check, then publish to the running registry what has changed."""
    loaded = _insist(folder)
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
        _tell(tenant, answer["items"])


def _insist(folder: Path) -> Loaded:
    """Each mistake on a line of its own, however long: `file:line: …`, as editors and grep read it."""
    loaded = load(folder)
    for mistake in loaded.mistakes:
        click.echo(f"{_near(folder)}/{mistake}")
    if loaded.mistakes:
        sys.exit(f"✗ {some(len(loaded.mistakes), 'mistakes')}; nothing was published")
    click.echo(f"{some(len(loaded.documents), 'documents')}, no mistakes.")
    return loaded


def _near(folder: Path) -> Path:
    """The folder as one would name it from here."""
    whole = folder.resolve()
    return whole.relative_to(Path.cwd()) if whole.is_relative_to(Path.cwd()) else whole


def _tell(tenant: str, items: list[dict[str, Any]]) -> None:
    """What is new, each by its name; the rest only counted."""
    published = [item for item in items if item["published"]]
    for item in published:
        click.echo(f"{item['name']}: published, revision {item['revision']}")
    click.echo(f"{tenant}: {len(published)} published, {len(items) - len(published)} unchanged")


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
