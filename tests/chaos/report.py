"""How a run went, as data and as the page `docs/chaos.md`, which is written here and never by hand."""

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from tests.chaos.scenario import Outcome

_HEAD: Final = """\
# What was made to go wrong, and what held

Written by `make chaos`; not by hand. Each scenario runs on a stack of its own making: real RabbitMQ, real MongoDB, the
five services, their doors, the gateway and the mailbox. After each one, everything must be drained within 60 s, every
dossier that was accepted must have ended once and as it was told, every history must fold to its state, all services
must tell one story (`motcua verify`), every event must be in the stream `events.log`, in order and whole, and no dead
letter may rest that was not planned. A fault that was not felt counts as not run: *did not bite*.

    make chaos                      # the short plan
    make chaos FULL=1               # all of it
    make chaos ONLY="cut off" SEED=7 DOSSIERS=100

The same seed gives the same faults to the same programs in the same order; their moments follow the dossiers, and so
the machine.
"""


@dataclass
class Run:
    """One invocation."""

    stamp: str
    plan: str
    seed: int
    outcomes: list[Outcome] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether everything held, and was felt."""
        return all(one.is_well for one in self.outcomes)


def keep(run: Run, folder: Path) -> Path:
    """Write the whole run down as JSON; where."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{run.stamp}.json"
    outcomes = [{**asdict(one), "result": one.result} for one in run.outcomes]
    file.write_text(json.dumps({**asdict(run), "outcomes": outcomes}, indent=1, ensure_ascii=False), encoding="utf-8")
    return file


def page(run: Run) -> str:
    """The page for readers."""
    rows = [_row(one) for one in run.outcomes]
    names = ("scenario", "result", "seed", "dossiers", "faults", "felt as", "told twice", "violations", "recovery (s)")
    lines = [
        _HEAD,
        f"Last run: {run.stamp}, the {run.plan} plan, {_machine()}, {run.seconds / 60:.0f} min.\n",
        f"| {' | '.join(names)} |",
        f"|{'---|' * len(names)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
        *(f"- **{one.scenario}**: {one.what}." for one in run.outcomes),
    ]
    return "\n".join(lines) + "\n"


def show(one: Outcome, console: Console) -> None:
    """How a scenario went; what it takes to play it again where it did not hold."""
    colour = "green" if one.is_well else "red"
    console.print(
        f"[{colour}]{one.result}[/]  {one.scenario}: {one.dossiers} dossiers, {_listed(one.faults)};"
        f" {_listed(one.bites)}; recovery {_seconds(one.recovery_seconds)} s; {one.seconds:.0f} s in all",
        highlight=False,
        soft_wrap=True,
    )
    if one.is_well:
        return
    for line in (*one.violations[:40], *one.missed, *one.broke_off.splitlines(), *filter(None, [one.not_here])):
        console.print(f"  ✗ {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f'  play it again: make chaos ONLY="{one.scenario}" SEED={one.seed}', highlight=False)
    for step in one.steps:
        console.print(f"    {step}", markup=False, highlight=False)


def summary(run: Run) -> Table:
    """One line a scenario."""
    table = Table("scenario", "result", "dossiers", "told twice", "violations", "recovery (s)", "s")
    for one in run.outcomes:
        cells = (
            one.dossiers,
            one.duplicates,
            len(one.violations),
            _seconds(one.recovery_seconds),
            f"{one.seconds:.0f}",
        )
        table.add_row(one.scenario, one.result, *map(str, cells))
    return table


def _row(one: Outcome) -> Sequence[str]:
    cells: tuple[Any, ...] = (
        *(one.scenario, one.result, one.seed, one.dossiers, _listed(one.faults), _listed(one.bites)),
        *(one.duplicates, len(one.violations), _seconds(one.recovery_seconds)),
    )
    return [str(cell) for cell in cells]


def _listed(counts: Mapping[str, float]) -> str:
    return ", ".join(f"{what} {count:g}" for what, count in counts.items()) or "–"


def _seconds(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds:.1f}"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
