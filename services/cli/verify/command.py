"""`motcua verify`: the check as a command."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import click
from pymongo.errors import PyMongoError
from rich.console import Console
from rich.progress import Progress, TaskID

from services.chassis.errors import Unavailable
from services.cli.place import NotUp, addresses
from services.cli.verify.checker import PATIENCE_SECONDS, Report, Watcher
from services.cli.verify.checker import verify as check
from services.cli.verify.finding import phrase

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
@click.option(
    "--dossier", "codes", multiple=True, metavar="CODE", help="Only this dossier; may be given several times."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line instead of the table.")
def verify(patience: float, codes: tuple[str, ...], as_json: bool) -> None:
    """Check that all services agree, and name each exception. Nothing is written.

    Ends with 0 when nothing is wrong, with 1 when something is, with 2 when it could not look.
    """
    try:
        with Progress(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as progress:
            report = check(_addresses(), set(codes) or None, patience, Bars(progress))
    except (NotUp, Unavailable, PyMongoError) as error:
        click.echo(f"✗ could not look: {_why(error)}", err=True)
        sys.exit(_COULD_NOT_LOOK)
    for line in lines(report) if as_json else show(report):
        click.echo(json.dumps(line, ensure_ascii=False) if as_json else line)
    sys.exit(0 if report.sound else _WRONG)


def _addresses() -> Mapping[str, str]:
    """Where to look. Raises NotUp."""
    found = addresses()
    if "MOTCUA_MONGO_URI" not in found:
        raise NotUp("MOTCUA_MONGO_URI is not set")
    return found


def show(report: Report) -> Iterator[str]:
    """The exceptions, what is worth knowing beside them, and the sum: whole lines, also in a pipe."""
    yield from _table([(one.dossier or "–", one.where, one.wrong) for one in report.findings[:_MOST_SHOWN]])
    if len(report.findings) > _MOST_SHOWN:
        yield f"… and {len(report.findings) - _MOST_SHOWN} more; --json prints all of them"
    yield from (f"note: {note}" for note in report.notes)
    yield from (f"waiting in {name}: {phrase(depth, 'message')}" for name, depth in report.depths.items())
    yield str(report.account.sum)
    wrong = phrase(len(report.findings), "exception") if report.findings else "the sum does not close"
    yield click.style("✓ nothing is wrong", fg="green") if report.sound else click.style(f"✗ {wrong}", fg="red")


def lines(report: Report) -> Iterator[dict[str, Any]]:
    """The same as data, one after the other."""
    yield from ({"kind": "exception", **asdict(one)} for one in report.findings)
    yield from ({"kind": "note", "note": note} for note in report.notes)
    yield from ({"kind": "queue", "queue": name, "messages": depth} for name, depth in report.depths.items())
    total = report.account.sum
    counted = {"submitted": total.submitted, "intake": dict(total.at_intake), "routing": dict(total.at_routing)}
    yield {"kind": "sum", **counted, "closes": total.closes, "exceptions": len(report.findings)}


def _table(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """In columns; only letters that a terminal shows and does not obey, since some of them may be anybody's."""
    if rows:
        shown = [("dossier", "where", "what is wrong"), *(tuple(map(_plain, row)) for row in rows)]
        first, second = (max(len(row[place]) for row in shown) for place in (0, 1))
        yield from (f"{dossier:<{first}}  {where:<{second}}  {wrong}" for dossier, where, wrong in shown)


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else "�" for letter in text)


def _why(error: Exception) -> str:
    """One line, without the addresses and keys that a driver may repeat."""
    if isinstance(error, NotUp):
        return str(error)
    return error.en if isinstance(error, Unavailable) else f"the database says {type(error).__name__}"
