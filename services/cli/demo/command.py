"""The command: bring the stack up, tell every story, close the sum, stop what was started."""

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from typing import Any, Final

import click
import requests
from nameko.exceptions import RemoteError
from rich.console import Console
from rich.progress import Progress

from services.cli import topology
from services.cli.catalogue import FOLDER
from services.cli.demo import report
from services.cli.demo.stories import FATES, Story, Told
from services.cli.demo.town import SYSTEM, DemoError, Town, patiently
from services.cli.stack import local_stack
from services.contracts.events import PUBLISHERS

TENANTS: Final = ("mic", "mcst")
_AT_ONCE = 3
_SETTLE_SECONDS = 60
console = Console()


@click.command()
@click.option("--keep", is_flag=True, help="Leave the stack running afterwards.")
def demo(keep: bool) -> None:
    """Run one real dossier of each procedure through the five services, and one of each other fate."""
    stack = local_stack()
    was_up = any(one.pid for one in stack.status())
    try:
        with console.status("Starting RabbitMQ, MongoDB, five services and their counterparts …"):
            stack.up()
        town = Town(stack.env)
        try:
            closed = tell_all(town)
        except DemoError as error:
            sys.exit(f"✗ {error}")
        finally:
            town.close()
    finally:
        if keep or was_up:
            console.print(f"The portal: {stack.env.get('MOTCUA_PORTAL_URL')}", highlight=False)
        else:
            with console.status("Stopping …"):
                stack.down()
    sys.exit(0 if closed else 1)


def tell_all(town: Town) -> bool:
    """Every story, with progress, the table and the sum; whether it closes."""
    tag = f"{int(time.time()):x}"
    with console.status("Waiting for the catalogue to reach intake …"):
        procedures = {tenant: await_catalogue(town, tenant) for tenant in TENANTS}
    plots, before, old_dead = cast(procedures), kept(town), counted(town)["dead letters"]
    told, failed = tell(town, plots, tag)
    told.sort(key=lambda one: [(plot[1]["key"], plot[2]) for plot in plots].index((one.procedure, one.outcome)))
    report.show(told, console)
    for story in failed:
        console.print(f"[red]✗ {story}[/]", highlight=False)
    waiting = settled(town, old_dead)
    closed = report.closes(told, kept(town) - before, waiting, console, old_dead)
    if failed:
        console.print(f"[red]✗ {len(failed)} of the stories went wrong: see above[/]")
    return closed and not failed


def await_catalogue(town: Town, tenant: str) -> Any:
    """The procedures of a tenant, once all of the folder are on offer."""
    return patiently(partial(catalogue, town, tenant), f"the catalogue of {tenant}", "NotFound", "Unavailable")


def catalogue(town: Town, tenant: str) -> Any:
    """The whole of a tenant's procedures as intake offers them, or None while it is still coming in."""
    keys, after = [], None
    while True:
        page = town.ask(
            SYSTEM, "intake.list_procedures", tenant=tenant, limit=100, **({"after": after} if after else {})
        )
        keys += [item["key"] for item in page["items"]]
        after = page["next"]
        if not after:
            break
    return (
        [town.ask(SYSTEM, "intake.get_procedure", tenant=tenant, key=key) for key in keys]
        if len(keys) >= expected(tenant)
        else None
    )


def expected(tenant: str) -> int:
    """How many procedures the catalogue folder holds for a tenant."""
    return len(list((FOLDER / tenant / "procedures").glob("*.yaml")))


def cast(procedures: Mapping[str, Sequence[Any]]) -> list[tuple[str, Any, str]]:
    """One granted dossier of each procedure, and one of each other fate."""
    plots = [(tenant, procedure, FATES[0]) for tenant, offered in procedures.items() for procedure in offered]
    with_papers = [plot for plot in plots if plot[1]["example"]["documents"]]
    paid = [plot for plot in with_papers if plot[1]["fees"]] or with_papers
    return plots + [
        (tenant, procedure, fate) for fate, (tenant, procedure, _) in zip(FATES[1:], paid * 5, strict=False)
    ]


def tell(town: Town, plots: Sequence[tuple[str, Any, str]], tag: str) -> tuple[list[Told], list[str]]:
    """Tell a few stories at a time; those that went wrong are named."""
    told: list[Told] = []
    failed: list[str] = []
    with Progress(console=console) as progress, ThreadPoolExecutor(_AT_ONCE) as pool:
        bar = progress.add_task("Dossiers", total=len(plots))
        running = {
            pool.submit(Story(town, tenant, procedure, f"{tag}-{number}").tell, fate): f"{procedure['key']} {fate}"
            for number, (tenant, procedure, fate) in enumerate(plots)
        }
        for done in as_completed(running):
            try:
                one = done.result()
                told.append(one)
                progress.console.print(f"  {one.dossier_code}  {one.outcome:<12} {one.procedure}", highlight=False)
            except (DemoError, RemoteError, requests.RequestException) as error:
                failed.append(f"{running[done]}: {error}")
            progress.advance(bar)
    return told, failed


def kept(town: Town) -> Counter[str]:
    """How many dossiers intake keeps in each status: what was submitted, by its own books."""
    found, after = Counter[str](), None
    while True:
        page = town.ask(SYSTEM, "intake.list_dossiers", limit=200, **({"after": after} if after else {}))
        found.update(one["status"] for one in page["items"])
        after = page["next"]
        if not after:
            return found


def settled(town: Town, old_dead: int = 0) -> dict[str, int]:
    """What still waits once the system had time to come to rest: all of it must be nought, but the old dead letters."""
    until = time.monotonic() + _SETTLE_SECONDS
    while True:
        waiting = counted(town)
        waiting["dead letters"] = max(0, waiting["dead letters"] - old_dead)
        if not any(waiting.values()) or time.monotonic() > until:
            return waiting
        time.sleep(0.5)


def counted(town: Town) -> dict[str, int]:
    """Dead letters, messages in queues, and events not yet published."""
    depths = topology.depths(town.env["MOTCUA_AMQP_URI"], topology.ladders_of(town.env))
    dead = sum(depth for name, depth in depths.items() if name.endswith(".dead"))
    unpublished = sum(town.ask(SYSTEM, f"{name}.health")["relay"]["waiting"] for name in PUBLISHERS)
    return {
        "dead letters": dead,
        "undelivered events": sum(depths.values()) - dead,
        "unpublished events": unpublished,
    }
