"""The view: a line a process, a line a service, again and again."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import click
from rich.console import Console
from rich.live import Live
from rich.text import Text

from services.chassis.errors import Unavailable
from services.cli import topology
from services.cli.layout import columns
from services.cli.place import NotUp, address, addresses
from services.cli.relay import waiting
from services.cli.top.rates import Between
from services.cli.top.scraping import Seen, look
from services.contracts.events import PUBLISHERS

_PROCESS: Final = ("process", "pid", "ready", "req/s", "p95", "ev/s", "p95", "err/s", "pub/s", "MB", "late")
_SERVICE: Final = ("service", "unpublished", "oldest (s)", "in queues", "on the ladder", "dead")
_FAILED: Final = {
    "motcua_request_seconds_count": ("Unavailable", "Defect"),
    "motcua_message_seconds_count": ("ladder", "outage", "dead"),
}
_SECONDS: Final = 2.0  # a view that waits for who hangs shows nothing of the others meanwhile
_MILLION, _THOUSAND = 1e6, 1e3
Depths = Mapping[str, int]


@click.command()
@click.option("--once", is_flag=True, help="Print one view and end, as it does in a pipe.")
@click.option("--every", default=2.0, show_default=True, type=click.FloatRange(0.2, 60), help="Seconds between looks.")
def top(once: bool, every: float) -> None:
    """What every process does now: requests and events, within how many ms 95 of 100 are done, what fails, what waits.

    err/s counts requests that end through our own fault, and events that are not done: they go up the ladder, or die.
    """
    folder, console = Path(address("MOTCUA_METRICS_DIR")), Console()
    before = look(folder, _SECONDS)
    if not before:
        raise NotUp(f"no process has its address in {folder}. Type: make up")
    time.sleep(every)
    if once or not console.is_terminal:
        click.echo("\n".join(frame(before, look(folder, _SECONDS), _depths())))
        return
    try:
        _watch(folder, before, every, console)
    except KeyboardInterrupt:
        return


def frame(before: Sequence[Seen], now: Sequence[Seen], depths: Depths | None) -> Iterator[str]:
    """What happened between two looks, line by line; `depths` is None while the broker does not answer."""
    earlier = {(seen.name, seen.pid): seen for seen in before}
    steps = [Between(earlier.get((seen.name, seen.pid), Seen(seen.name, seen.pid, seen.at)), seen) for seen in now]
    yield from columns(_PROCESS, [_process(step) for step in steps])
    yield ""
    yield from columns(_SERVICE, [_service(name, steps, depths) for name in PUBLISHERS])
    if depths is None:
        yield "✗ broker.unavailable: The message broker does not answer."


def _watch(folder: Path, before: Sequence[Seen], every: float, console: Console) -> None:
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            now = look(folder, _SECONDS)
            lines = (f"motcua top  {time.strftime('%H:%M:%S')}  (Ctrl-C ends)", "", *frame(before, now, _depths()))
            live.update(Text("\n".join(lines), no_wrap=True), refresh=True)
            before = now
            time.sleep(every)


def _process(step: Between) -> tuple[str, ...]:
    if not step.now.samples:
        return step.now.name, str(step.now.pid), "silent", *("–",) * 8
    memory, late = step.value("process_resident_memory_bytes"), step.value("motcua_loop_lag_seconds")
    return (
        step.now.name,
        str(step.now.pid),
        "yes" if step.now.health.get("ready") else "NO",
        f"{step.rate('motcua_request_seconds_count'):.1f}",
        _milliseconds(step.quantile(0.95, "motcua_request_seconds")),
        f"{step.rate('motcua_message_seconds_count', outcome='done'):.1f}",
        _milliseconds(step.quantile(0.95, "motcua_message_seconds", outcome="done")),
        f"{_failures(step):.1f}",
        f"{step.rate('motcua_events_published_total'):.1f}",
        "–" if memory is None else f"{memory / _MILLION:.0f}",
        "–" if late is None else f"{late:.2f}",
    )


def _service(name: str, steps: Sequence[Between], depths: Depths | None) -> tuple[object, ...]:
    """All processes of a service look at the same database: the one that saw most saw last."""
    relays = [step.now.health.get("relay", {}) for step in steps if step.now.name.partition("-")[0] == name]
    unpublished, oldest = (
        max((relay[what] for relay in relays if relay.get(what) is not None), default=None)
        for what in ("waiting", "oldest_seconds")
    )
    counts = ("?",) * 3 if depths is None else waiting(dict(depths), name)
    return name, _or_unknown(unpublished, "d"), _or_unknown(oldest, ".1f"), *counts


def _failures(step: Between) -> float:
    return sum(step.rate(name, outcome=outcome) for name, outcomes in _FAILED.items() for outcome in outcomes)


def _or_unknown(value: float | None, form: str) -> str:
    return "?" if value is None else format(value, form)


def _milliseconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds * _THOUSAND:.0f}"


def _depths() -> Depths | None:
    try:
        return topology.depths(address("MOTCUA_AMQP_URI"), topology.ladders_of(addresses()))
    except Unavailable:
        return None
