"""`motcua verify`: the check as a command."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.progress import Progress, TaskID

from services.chassis.errors import Unavailable
from services.cli.layout import plain, some
from services.cli.place import NotUp, address, addresses
from services.cli.verify.anchor import BadAnchor, read
from services.cli.verify.checker import PATIENCE_SECONDS, Report, Watcher
from services.cli.verify.checker import verify as check

_MOST_SHOWN: Final = 500
_WRONG, _COULD_NOT_LOOK = 1, 2


class Bars(Watcher):
    """A bar for each area."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._bars = progress, dict[str, TaskID]()
        self._now = TaskID(0)

    def begin(self, name: str, size: int) -> None:
        """As many keys as there are, or as are looked at again."""
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name)
        self._now = self._bars[name]
        self._progress.reset(self._now, total=size or None)

    def step(self) -> None:
        """One more."""
        self._progress.advance(self._now)


@click.command()
@click.option("--patience", default=PATIENCE_SECONDS, show_default=True, help="How long what disagrees is waited for.")
@click.option("--dossier", "codes", multiple=True, metavar="CODE", help="Only this one; may be given several times.")
@click.option("--files", is_flag=True, help="Read every file too, and compare its SHA-256 with what was handed in.")
@click.option(
    "--anchor",
    "anchor_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Compare all histories with what `motcua anchor` wrote down.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def verify(patience: float, codes: tuple[str, ...], *, files: bool, anchor_file: Path | None, as_json: bool) -> None:
    """Check that all services agree, and name each exception. Nothing is written.

    Ends with 0 when nothing is wrong, with 1 when something is, with 2 when it could not look.
    """
    if codes and anchor_file:
        raise click.UsageError("an anchor is of all histories, not of some dossiers")
    try:
        anchor = read(anchor_file) if anchor_file else None
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
            report = check(_env(), set(codes) or None, patience, Bars(progress), reads_files=files, anchor=anchor)
    except (NotUp, Unavailable, BadAnchor, OSError, PyMongoError) as error:
        click.echo(f"✗ could not look: {_why(error)}", err=True)
        sys.exit(_COULD_NOT_LOOK)
    for line in lines(report) if as_json else show(report):
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else line)
    sys.exit(0 if report.sound else _WRONG)


def _env() -> dict[str, str]:
    """Where to look. Raises NotUp."""
    return {**addresses(), "MOTCUA_MONGO_URI": address("MOTCUA_MONGO_URI")}


def show(report: Report) -> Iterator[str]:
    """The exceptions by dossier, what is worth knowing beside them, and the sum."""
    for dossier, found in groupby(report.findings[:_MOST_SHOWN], key=lambda one: one.dossier):
        yield from ("", plain(dossier or "of no dossier"))
        yield from (f"  {plain(one.where)}: {plain(one.wrong)}" for one in found)
    if len(report.findings) > _MOST_SHOWN:
        yield f"\n… and {len(report.findings) - _MOST_SHOWN} more; --json prints all of them"
    yield ""
    yield from (f"note: {note}" for note in report.notes)
    yield from (f"waiting in {name}: {some(depth, 'messages')}" for name, depth in report.depths.items())
    yield str(report.account.sum)
    wrong = some(len(report.findings), "exceptions") if report.findings else "the sum does not close"
    yield click.style("✓ nothing is wrong", fg="green") if report.sound else click.style(f"✗ {wrong}", fg="red")


def lines(report: Report) -> Iterator[dict[str, Any]]:
    """The same as data, one after the other."""
    yield from ({"kind": "exception", **asdict(one)} for one in report.findings)
    yield from ({"kind": "note", "note": note} for note in report.notes)
    yield from ({"kind": "queue", "queue": name, "messages": depth} for name, depth in report.depths.items())
    total = report.account.sum
    counted = {"submitted": total.submitted, "intake": dict(total.at_intake), "routing": dict(total.at_routing)}
    counted["noted"] = dict(report.account.notes)
    yield {"kind": "sum", **counted, "closes": total.closes, "exceptions": len(report.findings)}


def _why(error: Exception) -> str:
    """One line, without the addresses and keys that a driver may repeat."""
    if isinstance(error, (NotUp, BadAnchor, OSError)):
        return str(error)
    return error.en if isinstance(error, Unavailable) else f"the database says {type(error).__name__}"
