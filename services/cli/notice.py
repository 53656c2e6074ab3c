"""`motcua notice list | resend`."""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

import click

from services.chassis.errors import NotFound, Refused
from services.chassis.remote import Remote
from services.cli.layout import block, some
from services.cli.place import remote

_AT_ONCE: Final = 200  # that notify tells in one answer
_BY_REASON: Final = click.option(
    "--reason",
    metavar="CODE",
    help="Only those that failed with this, or with a code that begins so: '554 5.7'.",
)


@click.group()
def notice() -> None:
    """Letters that could not be delivered: look at them, and send them again once the cause is mended."""


@notice.command("list")
@_BY_REASON
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(reason: str | None, as_json: bool) -> None:
    """What could not be delivered, the first to fail first. Holds no personal data."""
    count = 0
    for count, one in enumerate(_failed(remote(), reason), 1):  # noqa: B007 - told at the end
        click.echo(json.dumps(one, ensure_ascii=False) if as_json else "\n".join(_shown(one)))
    if not as_json:
        click.echo(f"{some(count, 'notices')} could not be delivered." if count else "No notice failed.")


@notice.command()
@click.argument("ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "every", is_flag=True, help="All that failed.")
@_BY_REASON
def resend(ids: tuple[str, ...], every: bool, reason: str | None) -> None:
    """Send failed notices again, to the addresses that are known now."""
    if sum((bool(ids), every, reason is not None)) != 1:
        raise click.UsageError("name the notices, or those of a --reason, or --all")
    notify, sent = remote(), 0
    for id_ in ids or [str(one["notice_id"]) for one in _failed(notify, reason)]:  # all of them first: some fail again
        try:
            notify.call("notify", "resend", notice_id=id_, request_id=uuid.uuid4().hex)
        except (NotFound, Refused) as error:
            click.echo(f"{id_}: {error.code}: {error.en}", err=True)
        else:
            sent += 1
    click.echo(f"{some(sent, 'notices')} will be sent again.")


def _failed(notify: Remote, reason: str | None) -> Iterator[Mapping[str, Any]]:
    after = None
    while True:
        page = notify.call("notify", "list_failed_notices", limit=_AT_ONCE, after=after)
        yield from (one for one in page["items"] if reason is None or str(one["reason"]).startswith(reason))
        after = page["next"]
        if after is None:
            return


def _shown(one: Mapping[str, Any]) -> Iterator[str]:
    names = ("dossier_code", "moment", "audience", "round", "failed_at", "reason")
    return block(str(one["notice_id"]), {name: one[name] for name in names})
