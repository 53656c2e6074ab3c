"""`motcua webhook add | list | rotate | disable | enable | remove | deliveries | again`."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import click

from services.cli.layout import block, some
from services.cli.place import remote
from services.notify.webhooks import STATUSES, TYPES


@click.group()
def webhook() -> None:
    """Whom we tell of events by signed messages over HTTPS: departments that need no account at the broker."""


@webhook.command()
@click.argument("url")
@click.option("--tenant", required=True, help="The ministry whose events it is told, such as mic.")
@click.option("--unit", help="Only those of dossiers that this unit has.")
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only these, such as intake.dossier_resolved.")
def add(url: str, tenant: str, unit: str | None, types: tuple[str, ...]) -> None:
    """Tell URL of what happens from now on. Prints the secret that signs, which is never shown again."""
    unknown = [type_ for type_ in types if type_ not in TYPES]
    if unknown:
        raise click.UsageError(f"no such type of event: {', '.join(unknown)}; see docs/events.md")
    added = _change("add_webhook", url=url, tenant=tenant, unit=unit, types=list(types))
    _show_secret(added)


@webhook.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(as_json: bool) -> None:
    """Who is told, what waits for each, what was given up."""
    found = remote().call("notify", "list_webhooks")["items"]
    for one in found:
        click.echo(json.dumps(one, ensure_ascii=False) if as_json else "\n".join(_endpoint(one)) + "\n")
    if not as_json:
        click.echo(f"{some(len(found), 'webhooks')}." if found else "No webhooks.")


@webhook.command()
@click.argument("id_", metavar="ID")
def rotate(id_: str) -> None:
    """Print a new secret; for 24 hours the one before signs too."""
    _show_secret(_change("rotate_webhook", webhook_id=id_))


@webhook.command()
@click.argument("id_", metavar="ID")
def disable(id_: str) -> None:
    """Tell it no more, until it is enabled again."""
    _change("switch_webhook", webhook_id=id_, enabled=False)
    click.echo("disabled; what happens meanwhile it is told when it is enabled again")


@webhook.command()
@click.argument("id_", metavar="ID")
def enable(id_: str) -> None:
    """Tell it again, from where it stood, and at once if it wished to rest."""
    _change("switch_webhook", webhook_id=id_, enabled=True)
    click.echo("enabled")


@webhook.command()
@click.argument("id_", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(id_: str, yes: bool) -> None:
    """Forget it, with all that was or would have been sent to it."""
    if not yes:
        click.confirm("What waits for it is forgotten too. Remove it?", abort=True, err=True)
    _change("remove_webhook", webhook_id=id_)
    click.echo("removed")


@webhook.command()
@click.argument("id_", metavar="ID")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--most", type=click.IntRange(1, 200), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def deliveries(id_: str, status: str | None, most: int, as_json: bool) -> None:
    """What was and will be sent to it, the newest first."""
    asked = {"webhook_id": id_, "status": status, "limit": most}
    for one in remote().call("notify", "list_webhook_deliveries", **asked)["items"]:
        click.echo(json.dumps(one, ensure_ascii=False) if as_json else "\n".join(_delivery(one)))


@webhook.command()
@click.argument("id_", metavar="ID")
def again(id_: str) -> None:
    """Try once more, from the beginning, what was given up."""
    revived = _change("repeat_webhook", webhook_id=id_)["revived"]
    click.echo(f"{some(revived, 'deliveries')} will be tried again")


def _change(method: str, **said: Any) -> Any:
    return remote().call("notify", method, **said, request_id=uuid.uuid4().hex)


def _show_secret(answer: Mapping[str, Any]) -> None:
    click.echo("\n".join(_endpoint(answer)))
    click.echo(f"\nsecret: {answer['secret']}\nGive it to the receiver now: it is not shown again.")


def _endpoint(one: Mapping[str, Any]) -> list[str]:
    whose = "/".join(filter(None, (one["tenant"], one["unit"])))
    fields = {
        "url": one["url"],
        "told": f"{whose}: {', '.join(one['types']) or 'every event'}",
        "since": one["created_at"],
        "disabled": None if one["enabled"] else str(one["disabled_because"]),
        "wishes to rest until": one["rests_until"],
        "waiting": one["waiting"],
        "given up": one["given_up"],
        "secrets that sign": one["secrets"],
    }
    return list(block(str(one["webhook_id"]), fields))


def _delivery(one: Mapping[str, Any]) -> list[str]:
    names = ("subject", "timestamp", "tries", "tried_at", "answer", "due_at")
    return list(block(f"{one['status']}  {one['type']}  {one['id']}", {name: one[name] for name in names}))
