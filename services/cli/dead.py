"""`motcua dead list | show | replay | discard`."""

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from services.chassis import dead as letters
from services.chassis.dead import DeadLetter
from services.cli.layout import block, some
from services.cli.place import address, run_dir
from services.contracts.events import PUBLISHERS

_SERVICES = click.Choice(tuple(PUBLISHERS))
_MOST = 10_000


@click.group()
def dead() -> None:
    """Messages that failed to the end: look at them, then send them back, or discard what nothing can mend."""


@dead.command("list")
@click.argument("service", type=_SERVICES, required=False)
@click.option("--most", type=click.IntRange(min=1), default=100, show_default=True, help="The oldest of each service.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(service: str | None, most: int, as_json: bool) -> None:
    """The dead letters of one service, or of all."""
    found = list(_all(service, most))
    if as_json:
        for name, letter in found:
            click.echo(_line(_summary(name, letter)))
        return
    for name, letter in found:
        click.echo("\n".join(_shown(name, letter)) + "\n")
    click.echo(f"{some(len(found), 'dead letters')}." if found else "No dead letters.")


@dead.command()
@click.argument("id_", metavar="ID")
def show(id_: str) -> None:
    """One dead letter whole, as JSON: why it rests, headers and body."""
    found = [_whole(service, letter) for service, letter in _all(None, _MOST) if letter.id == id_]
    if not found:
        raise click.ClickException(f"no dead letter has the id {id_}")
    for one in found:  # an event that failed in two queues rests twice
        click.echo(json.dumps(one, ensure_ascii=False, indent=2, default=str))


@dead.command()
@click.argument("service", type=_SERVICES)
@click.option("--id", "ids", multiple=True, help="Only these (default: all of the service).")
def replay(service: str, ids: tuple[str, ...]) -> None:
    """Send dead letters back to the queue they failed in."""
    sent = letters.replay(address("MOTCUA_AMQP_URI"), service, ids or None)
    if not sent:
        raise click.ClickException(f"{service} has no such dead letters, or none whose queue is still there")
    click.echo(f"{sent} of {len(ids)} sent back." if ids else f"{sent} sent back.")


@dead.command()
@click.argument("service", type=_SERVICES)
@click.option("--id", "ids", multiple=True, metavar="ID", help="This one; may be given several times.")
@click.option("--all", "every", is_flag=True, help="All of the service.")
@click.option("--reason", required=True, help="Why nothing is lost by it; kept with each letter.")
@click.option("--keep-in", type=click.Path(dir_okay=False, path_type=Path), help="Default: .run/logs/discarded.jsonl")
@click.option("--yes", is_flag=True, help="Do not ask.")
def discard(service: str, ids: tuple[str, ...], every: bool, reason: str, keep_in: Path | None, yes: bool) -> None:
    """Take dead letters away for good. Each is first kept whole, as a line of JSON."""
    if bool(ids) == every:
        raise click.UsageError("name the letters with --id, or all of the service with --all")
    uri, kept_in = address("MOTCUA_AMQP_URI"), keep_in or run_dir() / "logs" / "discarded.jsonl"
    found = [letter for letter in letters.peek(uri, service, _MOST) if every or letter.id in ids]
    if not found:
        raise click.ClickException(f"{service} has no such dead letters")
    if not yes:
        _insist(service, found)
    seen = [letter.id for letter in found]  # what comes in meanwhile, nobody has looked at
    with _open(kept_in) as book:
        gone = letters.discard(uri, service, seen, partial(_keep, book, service, reason), _MOST)
    click.echo(f"{gone} of {len(seen)} discarded; kept in {kept_in}")


def _all(service: str | None, most: int) -> Iterator[tuple[str, DeadLetter]]:
    uri = address("MOTCUA_AMQP_URI")
    for name in (service,) if service else PUBLISHERS:
        for letter in letters.peek(uri, name, most):
            yield name, letter


def _shown(service: str, letter: DeadLetter) -> Iterator[str]:
    fields = _summary(service, letter)
    return block(f"{fields.pop('service')}  {fields.pop('id')}", fields)


def _summary(service: str, letter: DeadLetter) -> dict[str, Any]:
    return {
        "service": service,
        "id": letter.id,
        "queue": letter.queue,
        "event": letter.type,
        "dossier": letter.subject,
        "tries": letter.attempts,
        "failed_at": letter.failed_at,
        "reason": letter.reason,
    }


def _whole(service: str, letter: DeadLetter) -> dict[str, Any]:
    """Everything of it; a body that is no text as base64."""
    try:
        body = {"body": letter.body.decode()}
    except UnicodeDecodeError:
        body = {"body_base64": base64.b64encode(letter.body).decode()}
    content = {"content_type": letter.content_type, "headers": letter.headers, **body}
    return {**_summary(service, letter), **content}


def _insist(service: str, found: list[DeadLetter]) -> None:
    for letter in found[:20]:
        click.echo("\n".join(_shown(service, letter)), err=True)
    answer = click.prompt(f"Discard {some(len(found), 'dead letters')} for good? Type {service}", err=True)
    if answer != service:
        raise click.ClickException("nothing was discarded")


def _open(kept_in: Path) -> Any:
    """For its owner only: what could not be read may hold anything."""
    try:
        kept_in.parent.mkdir(parents=True, exist_ok=True)
        return os.fdopen(os.open(kept_in, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600), "a", encoding="utf-8")
    except OSError as error:
        raise click.FileError(str(kept_in), error.strerror) from error


def _keep(book: Any, service: str, reason: str, letter: DeadLetter) -> None:
    """On the disk before it leaves the queue. The broker is not to blame for a disk that is full."""
    entry = {"discarded_at": datetime.now(UTC).isoformat(), "why": reason, **_whole(service, letter)}
    try:
        book.write(_line(entry) + "\n")
        book.flush()
        os.fsync(book.fileno())
    except OSError as error:
        raise click.FileError(str(book.name), error.strerror) from error


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
