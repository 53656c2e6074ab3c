"""`motcua relay status`."""

import click

from services.chassis.errors import ServiceError
from services.cli import topology
from services.cli.layout import columns
from services.cli.place import addresses, remote
from services.contracts.events import PUBLISHERS

_HEAD = ("service", "relay", "unpublished", "oldest (s)", "in queues", "on the ladder", "dead")


@click.group()
def relay() -> None:
    """What histories have not yet published."""


@relay.command()
def status() -> None:
    """Per service: unpublished aggregates, the age of the oldest, and what waits in its queues."""
    depths = topology.depths(addresses()["MOTCUA_AMQP_URI"], topology.ladder_of(addresses()))
    calls, rows = remote(), []
    for service in PUBLISHERS:
        try:
            state = calls.call(service, "health")["relay"]
            cells = ["healthy" if state["healthy"] else "paused", state["waiting"], state["oldest_seconds"]]
        except ServiceError as error:
            cells = [error.code, "?", "?"]
        rows.append((service, *("?" if cell is None else cell for cell in cells), *waiting(depths, service)))
    click.echo("\n".join(columns(_HEAD, rows)))


def waiting(depths: dict[str, int], service: str) -> tuple[int, int, int]:
    """What waits in the work queues of a service, on its retry ladder, and among its dead letters."""
    own = {name: depth for name, depth in depths.items() if name.startswith(f"{service}.")}
    ladder = sum(depth for name, depth in own.items() if name.startswith(f"{service}.retry."))
    dead = own.get(f"{service}.dead", 0)
    return sum(own.values()) - ladder - dead, ladder, dead
