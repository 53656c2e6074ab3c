"""`motcua relay status`."""

import click
from rich.console import Console
from rich.table import Table

from services.chassis.errors import ServiceError
from services.cli import topology
from services.cli.place import addresses, remote
from services.contracts.events import PUBLISHERS


@click.group()
def relay() -> None:
    """What histories have not yet published."""


@relay.command()
def status() -> None:
    """Per service: unpublished aggregates, the age of the oldest, and what waits in its queues."""
    depths = topology.depths(addresses()["MOTCUA_AMQP_URI"], topology.ladder_of(addresses()))
    table = Table("service", "relay", "unpublished", "oldest (s)", "in work queues", "on the ladder", "dead")
    calls = remote()
    for service in PUBLISHERS:
        try:
            state = calls.call(service, "health")["relay"]
            cells = ["healthy" if state["healthy"] else "paused", state["waiting"], state["oldest_seconds"]]
        except ServiceError as error:
            cells = [error.code, "?", "?"]
        table.add_row(service, *(str(cell) for cell in (*cells, *_waiting(depths, service))))
    Console().print(table)


def _waiting(depths: dict[str, int], service: str) -> tuple[int, int, int]:
    own = {name: depth for name, depth in depths.items() if name.startswith(f"{service}.")}
    ladder = sum(depth for name, depth in own.items() if name.startswith(f"{service}.retry."))
    dead = own.get(f"{service}.dead", 0)
    return sum(own.values()) - ladder - dead, ladder, dead
