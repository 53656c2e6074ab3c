"""`motcua refund made`."""

import uuid

import click

from services.chassis.actor import Actor
from services.cli.layout import block
from services.cli.place import remote


@click.group()
def refund() -> None:
    """Refunds that wait for a person: `motcua verify` names them."""


@refund.command()
@click.argument("order", metavar="ORDER")
@click.argument("number", metavar="REFUND", type=click.IntRange(min=1))
@click.option("--by", "staff_id", required=True, metavar="STAFF_ID", help="Who has looked, or paid it out.")
def made(order: str, number: int, staff_id: str) -> None:
    """Record that the refund REFUND (1, 2, …) of ORDER was made: the gateway's page says so, or you paid it out.

    It is never sent to the gateway afterwards. Was it not made, `motcua dead replay payment --id ID` sends it anew.
    """
    calls = remote(actor=Actor("operator", staff_id))
    told = calls.call("payment", "confirm_refund", order_id=order, refund=number, request_id=uuid.uuid4().hex)
    for one in told["refunds"]:
        fields = {name: one[name] for name in ("amount_vnd", "reason", "attempt", "due_at", "refunded_at")}
        click.echo("\n".join(block(f"{order}  refund {one['refund']}", fields)))
    click.echo(f"\nThe order is {told['status']}.")
