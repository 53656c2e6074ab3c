"""`motcua relay status | again`."""

from collections.abc import Collection
from datetime import datetime

import click

from services.chassis.errors import ServiceError
from services.chassis.retelling import tell_again, was_told
from services.chassis.store import outages_named
from services.cli import topology
from services.cli.backup.restoring import durable
from services.cli.backup.taking import open_client
from services.cli.layout import columns, some
from services.cli.place import address, addresses, remote
from services.cli.verify.books import HISTORIES
from services.contracts.catalogue.dates import local_midnight
from services.contracts.events import PUBLISHERS

_HEAD = ("service", "relay", "unpublished", "oldest (s)", "in queues", "on the ladder", "dead")


@click.group()
def relay() -> None:
    """What histories have not yet published."""


@relay.command()
def status() -> None:
    """Per service: unpublished aggregates, the age of the oldest, and what waits in its queues."""
    depths = topology.depths(addresses()["MOTCUA_AMQP_URI"], topology.ladders_of(addresses()))
    calls, rows = remote(), []
    for service in PUBLISHERS:
        try:
            state = calls.call(service, "health")["relay"]
            cells = ["healthy" if state["healthy"] else "paused", state["waiting"], state["oldest_seconds"]]
        except ServiceError as error:
            cells = [error.code, "?", "?"]
        rows.append((service, *("?" if cell is None else cell for cell in cells), *waiting(depths, service)))
    click.echo("\n".join(columns(_HEAD, rows)))


@relay.command()
@click.argument("services", nargs=-1, type=click.Choice(tuple(PUBLISHERS)))
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only histories that have grown since that day began.")
def again(services: tuple[str, ...], since: datetime | None) -> None:
    """Let the histories of SERVICES (default: all) be published again: the broker has lost what it held.

    Everything may go on meanwhile. Whoever has heard an event knows it by its id; who has not, hears it now.
    """
    topology.declare_all(address("MOTCUA_AMQP_URI"), topology.ladders_of(addresses()))  # nobody may miss it once more
    first, histories = local_midnight(since) if since else None, 0
    with open_client(address("MOTCUA_MONGO_URI")) as client:
        for name in (shelf.name for shelf in HISTORIES):
            if not services or name.partition(".")[0] in services:
                marked = tell_again(durable(client, f"motcua_{name}"), first)
                click.echo(f"{name}: {marked}")
                histories += marked
    click.echo(f"{some(histories, 'histories')} will be published again; how many still: ./motcua relay status")


def told_of(uri: str, services: Collection[str]) -> list[str]:
    """Those of the services that have published something already. Raises Unavailable."""
    found = set()
    with open_client(uri) as client, outages_named():
        for service, _, collection in (shelf.name.partition(".") for shelf in HISTORIES):
            if service in services and was_told(client[f"motcua_{service}"][collection]):
                found.add(service)
    return sorted(found)


def waiting(depths: dict[str, int], service: str) -> tuple[int, int, int]:
    """What waits in the work queues of a service, on its retry ladder, and among its dead letters."""
    own = {name: depth for name, depth in depths.items() if name.startswith(f"{service}.")}
    ladder = sum(depth for name, depth in own.items() if name.startswith(f"{service}.retry."))
    dead = own.get(f"{service}.dead", 0)
    return sum(own.values()) - ladder - dead, ladder, dead
