"""`python -m tests.bench`: measure, write the result down, show the table."""

import json
import logging
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import cattrs
import click
from rich.console import Console
from rich.table import Table as Shown

from deploy.local.composition import ALL, DOORS
from tests.bench import growth, idle, intake, limit, machine, memory, pages, portal, scaling
from tests.bench.control import Trials, prepare_indexes
from tests.bench.intake import OURS_BY_HTTP, OURS_BY_RPC
from tests.bench.ours import Ours
from tests.bench.outcome import Result, Work
from tests.bench.peer import NAME, Peer
from tests.bench.plan import FEE, FULL, NORMAL, PARTS, PROCEDURES, QUICK, Plan
from tests.bench.rig import COUNTERPARTS, ROOT, Rig
from tests.bench.stock_rig import StockServices
from tests.bench.table import Table
from tests.bench.tables import all_tables, machine_line
from tests.bench.world import Offer, offers

RESULTS: Final = ROOT / ".run" / "bench"
DOCUMENTS: Final = ROOT / "docs"
_WIDTH: Final = 150
_ENDED: Final = 128 + signal.SIGTERM
console = Console()


class Bench:
    """One invocation: its rig, and the parts in the order in which they disturb each other least."""

    def __init__(self, plan: Plan, parts: Collection[str], rig: Rig, stored: Path | None = None) -> None:
        self._plan, self._parts, self._rig, self._stored = plan, parts, rig, stored
        self._rigs = [rig]
        self._offers = offers(PROCEDURES)
        self.result = Result(f"{datetime.now(UTC):%Y-%m-%dT%H%M%SZ}", plan.name, machine.describe())

    def run(self) -> None:
        """All parts that were asked for; what goes wrong with one leaves the others alone, and what it measured is kept
        before the next begins.
        """
        steps: dict[str, Callable[[], None]] = {
            "idle": self._idle,
            "ours": self._ours,
            "memory": self._memory,
            "scaling": self._scaling,
            "limit": self._limit,
            "intake": self._intake,
            "django": self._django,
            "stock": self._stock,
            "growth": self._growth,
            "pages": self._pages,
        }
        for name in (name for name in PARTS if name in self._parts):
            with self._judged(name):
                steps[name]()
            keep_numbers(self.result)

    @contextmanager
    def _judged(self, what: str) -> Iterator[None]:
        """No figures of a run that did not close, or in which anything else went wrong."""
        console.print(f"• {what}", highlight=False)
        began = time.monotonic()
        try:
            yield
        except Exception as error:  # noqa: BLE001 – whatever it is, the other parts have their figures
            self.result.refuse(what, error)
            console.print(self.result.tracebacks[what], style="dim", highlight=False, markup=False)
            console.print(
                f"✗ {what}: no figures, {self.result.refused[what]}", style="red", highlight=False, markup=False
            )
        console.print(f"  {what}: {time.monotonic() - began:.0f} s", style="dim", highlight=False)

    def _idle(self) -> None:
        self.result.idle = idle.measure(self._rig, self._plan)

    def _ours(self) -> None:
        self._rig.up()
        for key, offer in self._offers.items():
            one = Ours(self._rig, self._plan, offer, sums=self.result.sums.setdefault(key, []))
            with self._judged(f"ours, {key}"), one.hire() as crew:
                closed = one.closed(crew, one.each(crew, one.warm(crew).rate))
                self.result.closed[key] = closed
                with self._judged(f"ours, {key}, half of maximum"):
                    self.result.open[key] = one.listened_to(crew, closed.steady_rate / 2)
                if rate := self._plan.rate:
                    with self._judged(f"ours, {key}, {rate:g} a second"):
                        self.result.rated[key] = one.listened_to(crew, rate)

    def _memory(self) -> None:
        self.result.memory = memory.measure(self._rig, self._plan, self.result.closed.get(FEE))

    def _scaling(self) -> None:
        self.result.scaling = scaling.measure(self._rig, self._plan)

    def _limit(self) -> None:
        """Of the same work as ours; a few dossiers are done to count it where ours is not measured."""
        works = {key: flow.work for key, flow in self.result.closed.items()} or self._counted()
        with self._servers("limit") as rig:
            best, self.result.limit_trials = limit.best(rig, next(iter(works.values())), self._plan)
            for key, work in works.items():
                self.result.limit[key] = limit.measure(rig, key, work, self._plan.limit_dossiers, best)

    def _counted(self) -> dict[str, Work]:
        self._rig.up()
        works = {}
        for key, offer in self._offers.items():
            one = Ours(self._rig, self._plan, offer)
            with one.hire() as crew:
                works[key] = one.warm(crew).work
        return works

    def _django(self) -> None:
        """Beside our HTTP door, which is measured in the same run."""
        if OURS_BY_HTTP not in self.result.accepted:
            self._intake({OURS_BY_HTTP})
        self._rig.stop_services()
        one = Peer(self._rig, self._plan)
        self.result.accepted[NAME] = one.measure()
        self.result.peer = one.said()

    def _intake(self, wanted: Collection[str] = (OURS_BY_RPC, OURS_BY_HTTP)) -> None:
        self._rig.up((*COUNTERPARTS, "registry", "intake", "intake-http"))
        self._rig.stop([name for name in ALL if name in {"routing", "payment", "notify", "registry", *DOORS[1:]}])
        for one in (one for one in intake.of_ours(self._rig) if one.name in wanted):
            with self._judged(f"intake, {one.name}"):
                self.result.accepted[one.name] = intake.measure(self._rig, self._plan, one)

    def _stock(self) -> None:
        with self._servers("stock") as rig:
            prepare_indexes(rig.env["MOTCUA_MONGO_URI"])
            trials = Trials(rig, self._plan)
            best = trials.best(next(iter(self._offers.values())))
            self.result.stock_trials = trials.told
            with StockServices(rig, best) as services:
                for key, offer in self._offers.items():
                    self._stock_flow(trials, services, key, offer)
            if "intake" in self._parts:
                self._stock_intake(rig, trials, StockServices(rig, best, ["intake"]))

    def _stock_flow(self, trials: Trials, services: StockServices, key: str, offer: Offer) -> None:
        with trials.hire(services, offer) as crew:
            closed = trials.closed(services, crew)
            self.result.stock[key] = closed
            with self._judged(f"stock, {key}, half of its maximum"):
                self.result.stock_open[key] = trials.half(services, crew, closed)

    def _growth(self) -> None:
        """On stacks of its own."""
        self._rig.stack.down()
        self.result.growth = growth.measure(self._rig.run_dir, self._plan, self._stored)

    def _pages(self) -> None:
        """On a stack of its own."""
        self._rig.stack.down()
        self.result.viewing = portal.measure(self._rig.run_dir, self._plan, self._stored)

    def _stock_intake(self, rig: Rig, trials: Trials, alone: StockServices) -> None:
        with self._judged("intake, stock"), alone as services:
            one = trials.contestant(services)
            self.result.accepted[one.name] = intake.measure(rig, self._plan, one)

    @contextmanager
    def _servers(self, name: str) -> Iterator[Rig]:
        """Servers and a mailbox that nobody has used, alone on the machine: as fresh as ours were for us."""
        self._rig.stack.down()
        rig = Rig(self._rig.run_dir.with_name(f"{self._rig.run_dir.name}-{name}"))
        self._rigs.append(rig)
        try:
            rig.up(COUNTERPARTS)
            yield rig
        finally:
            rig.stack.down()

    def leave(self, *, keep_logs: bool) -> None:
        """Nothing runs any more, and nothing is left but, where they are to be kept, the run directories."""
        for rig in self._rigs:
            if keep_logs:
                rig.stack.down()
            else:
                rig.wipe()


def keep(result: Result) -> Path:
    """The result as JSON and as a page, in the run directory of the checkout; the page's path."""
    path = keep_numbers(result).with_suffix(".html")
    path.write_text(pages.page(result), encoding="utf-8")
    return path


def keep_numbers(result: Result) -> Path:
    """The result as JSON; its path."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{result.stamp}.json"
    path.write_text(json.dumps(asdict(result), ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def show(result: Result) -> None:
    """The tables."""
    wide = Console(width=max(_WIDTH, console.width))
    wide.print(machine_line(result.machine), highlight=False)
    for table in all_tables(result):
        wide.print(_shown(table))


def _shown(table: Table) -> Shown:
    shown = Shown(*table.columns, title=table.heading, caption=table.about or None, title_justify="left")
    for row in table.cells:
        shown.add_row(*row)
    return shown


@click.command()
@click.option("--quick", "form", flag_value="quick", help="A smoke test of some minutes.")
@click.option("--full", "form", flag_value="full", help="A million dossiers stored, half an hour of memory: two hours.")
@click.option("--part", "parts", multiple=True, type=click.Choice(PARTS), help="Only this part; may be repeated.")
@click.option("--minutes", type=click.FloatRange(min=0.1), help="So long is memory looked at.")
@click.option("--rate", type=click.FloatRange(min=0.5), help="One run more of `ours`, of so many dossiers a second.")
@click.option("--dossiers", type=click.IntRange(min=1000), help="So many are stored for `growth`.")
@click.option("--of-one-unit", type=click.IntRange(min=1000), help="So many are stored for `pages`.")
@click.option(
    "--stored",
    type=click.Path(file_okay=False, path_type=Path),
    help="What `growth` or `pages` fills in is left in this run directory, and found there by the next run.",
)
@click.option("--document", is_flag=True, help="Write the document also when this is quick; of one part, its own.")
@click.option("--keep-logs", is_flag=True, help="Leave the run directory of the stack behind.")
@click.option(
    "--again", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Only show this JSON again."
)
def main(
    form: str | None,
    parts: tuple[str, ...],
    minutes: float | None,
    rate: float | None,
    dossiers: int | None,
    of_one_unit: int | None,
    stored: Path | None,
    document: bool,
    keep_logs: bool,
    again: Path | None,
) -> None:
    """Measure the system beside stock nameko, the machine's limit and Django; about half an hour."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(_ENDED))  # so that what was started is ended with us
    if stored and {"growth", "pages"} <= set(parts or PARTS):
        raise click.UsageError("growth and pages fill in something else each: --stored is for one of them")
    if again is None:
        plan = planned(form, minutes, rate, dossiers, of_one_unit)
        result = measure(plan, parts or PARTS, stored, keep_logs=keep_logs)
    else:
        result = cattrs.structure(json.loads(again.read_text(encoding="utf-8")), Result)
    page = keep(result)
    show(result)
    if document or (again is None and form != QUICK.name and set(parts or PARTS) == set(PARTS)):
        keep_document(result, parts or PARTS)
    console.print(f"\nPage: {page}    JSON: {page.with_suffix('.json')}", highlight=False)
    sys.exit(1 if result.refused else 0)


def planned(
    form: str | None, minutes: float | None, rate: float | None, dossiers: int | None, of_one_unit: int | None
) -> Plan:
    """The plan of a form, with what was asked for otherwise."""
    plan = {QUICK.name: QUICK, FULL.name: FULL}.get(form or "", NORMAL)
    asked: dict[str, Any] = {
        "memory_seconds": 60 * minutes if minutes is not None else None,
        "rate": rate,
        "growth_dossiers": dossiers,
        "pages_dossiers": of_one_unit,
    }
    return replace(plan, **{name: value for name, value in asked.items() if value is not None})


def keep_document(result: Result, parts: Collection[str]) -> None:
    """All parts make the document; some of them, measured alone, make one of their own beside it."""
    alone = "-".join(name for name in PARTS if name in parts) if set(parts) != set(PARTS) else ""
    path = DOCUMENTS / f"bench{'-' * bool(alone)}{alone}.md"
    path.write_text(pages.document(result, alone), encoding="utf-8")


def measure(plan: Plan, parts: Collection[str], stored: Path | None, *, keep_logs: bool) -> Result:
    """Everything asked for, on a stack that is gone afterwards."""
    logging.getLogger("amqp").setLevel(logging.ERROR)  # it wonders aloud at what arrives while a channel closes
    rig = Rig(ROOT / ".run" / f"bench-{datetime.now(UTC):%H%M%S}")
    bench = Bench(plan, parts, rig, stored and stored.resolve())
    try:
        bench.run()
    finally:
        bench.leave(keep_logs=keep_logs)
    return bench.result


if __name__ == "__main__":
    main()
