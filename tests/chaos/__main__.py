"""`python -m tests.chaos`: play the plan and write down how it went."""

import logging
import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from deploy.local.programs import ROOT
from tests.bench.machine import commit
from tests.chaos import report
from tests.chaos.ending import leave
from tests.chaos.judge import JUDGED
from tests.chaos.load import be_patient
from tests.chaos.plan import chosen
from tests.chaos.play import play
from tests.chaos.report import Run
from tests.chaos.scenario import Outcome, Scenario
from tests.chaos.stage import Stage

FOLDER: Final = ROOT / ".run" / "chaos"
_PATIENCE: Final = {False: 240.0, True: 1_200.0}
console = Console()


@click.command()
@click.option("--full", is_flag=True, help="Everything, with the numbers and times of the full plan.")
@click.option("--only", "names", multiple=True, metavar="NAME", help="Only this scenario; may be given several times.")
@click.option("--seed", type=int, help="Of an earlier run; else one is chosen, and told.")
@click.option("--dossiers", type=click.IntRange(min=1), help="How many in each scenario, instead of the plan's number.")
@click.option(
    "--page",
    "kept",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Play nothing: put what a kept run showed on the page; of several, each scenario as the newest has it.",
)
def chaos(full: bool, names: tuple[str, ...], seed: int | None, dossiers: int | None, kept: tuple[Path, ...]) -> None:
    """Make everything go wrong that may, and check that nothing is lost, doubled, or wrong."""
    if kept:
        write_page([report.read(file) for file in kept])
        return
    os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
    logging.getLogger("amqp").setLevel(logging.ERROR)  # what a closed channel still gets is no news
    try:
        plan = chosen(names, full=full)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--only") from None
    be_patient(_PATIENCE[full])
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # whoever is ended takes the stack along
    plan_name = "full" if full else "short"
    run = Run(f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}", plan_name, _fresh_seed() if seed is None else seed)
    run.machine, run.commit, run.judged = report.machine(), commit(), list(JUDGED)
    began = time.monotonic()
    console.print(f"seed {run.seed}: {', '.join(one.name for one in plan)}", highlight=False)
    play_all(run, plan, dossiers, began)
    console.print(report.summary(run))
    console.print(report.whole_time(run), highlight=False)
    console.print(f"written down in {report.keep(run, FOLDER).relative_to(ROOT)}", highlight=False)
    if not names and dossiers is None:
        write_page([run])
    leave(exit_code(run))


def write_page(runs: Sequence[Run]) -> None:
    """What these runs, all of one plan, showed anew stands on its page."""
    try:
        where = report.publish(*runs)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--page") from None
    console.print(f"the page is {where.relative_to(ROOT)}", highlight=False)


def play_all(run: Run, plan: Sequence[Scenario], dossiers: int | None, began: float) -> None:
    """One after the other, on one stage as long as it holds and is what they need; each is kept when it has ended."""
    stage: Stage | None = None
    before: Scenario | None = None
    try:
        for one in plan:
            console.print(f"\n[bold]{one.name}[/]: {one.what}", highlight=False, soft_wrap=True)
            if stage is not None and before is not None and before.stage != one.stage:
                stage.close()
                stage = None
            stage, before = stage or _opened(one), one
            outcome = play(stage, one, run.seed, dossiers, full=run.plan == "full", tell=_tell)
            run.outcomes.append(outcome)
            run.seconds = round(time.monotonic() - began, 1)
            report.keep(run, FOLDER)
            report.show(outcome, console)
            if outcome.violations or outcome.broke_off:  # what it left behind is no one else's
                stage.keep_logs(_kept(run, outcome))
                stage.close()
                stage = None
    finally:
        if stage is not None:
            stage.close()


def exit_code(run: Run) -> int:
    """1 where something was violated, 2 where something was not really run, else 0."""
    if any(one.violations for one in run.outcomes):
        return 1
    return 0 if run.held else 2


def _opened(one: Scenario) -> Stage:
    stage = one.stage(FOLDER / "stack")
    try:
        with console.status("Starting RabbitMQ, MongoDB, five services and their counterparts …"):
            stage.open()
    except BaseException:
        stage.close()
        raise
    return stage


def _kept(run: Run, outcome: Outcome) -> Path:
    return FOLDER / f"{run.stamp}-{outcome.scenario.replace(' ', '-')}"


def _tell(line: str) -> None:
    console.print(f"  {line}", markup=False, highlight=False)


def _fresh_seed() -> int:
    return random.SystemRandom().randrange(1, 1_000_000)


if __name__ == "__main__":
    chaos()
