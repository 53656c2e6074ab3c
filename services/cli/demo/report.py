"""The table at the end, and the sum that must close."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Final

from rich.console import Console
from rich.table import Column, Table

from services.cli.demo.stories import Told
from services.cli.layout import some

_TABLE_WIDTH = 160
_LOCAL = timezone(timedelta(hours=7))
_ENDS: Final = {
    "resolved": "resolved",
    "returned": "resolved",
    "rejected": "rejected",
    "withdrawn": "withdrawn",
    "stopped": "stopped",
}
_IN_PROGRESS: Final = "in progress"


def show(told: Sequence[Told], console: Console) -> None:
    """One line a dossier."""
    names = ("procedure", "unit", "dossier code", "fee (đ)", "result", "due", "outcome", "letters", "s")
    table = Table(*(Column(name, no_wrap=True) for name in names))
    for one in told:
        fee = f"{one.fee_vnd:,}".replace(",", ".") if one.fee_vnd else "–"
        cells = (one.procedure, one.unit, one.dossier_code, fee, one.number or "–", _day(one.due_at), one.outcome)
        table.add_row(*cells, str(one.letters), f"{one.seconds:.1f}")
    Console(file=console.file, width=max(_TABLE_WIDTH, console.width)).print(table)


def closes(
    told: Sequence[Told], kept: Mapping[str, int], waiting: Mapping[str, int], console: Console, old_dead: int = 0
) -> bool:
    """Print the sum and what still waits; whether it closes and nothing waits.

    `kept` is what intake has more of than before, by status: it must be what the stories say, dossier by dossier.
    `old_dead` letters rested before and are not in `waiting`: they are named, and no fault of this run.
    """
    ends, ended = _ends(Counter(one.status for one in told)), _ends(kept)
    console.print(f"submitted {sum(kept.values())} = {_sum(ended)}")
    console.print(", ".join(some(count, what) for what, count in waiting.items()))
    if old_dead:
        console.print(f"{some(old_dead, 'dead letters')} from before this run: ./motcua dead list", highlight=False)
    wrong = list(_wrong(ends, ended, waiting))
    console.print(f"[red]✗ {'; '.join(wrong)}[/]" if wrong else "[green]✓ the sum closes[/]", highlight=False)
    return not wrong


def _wrong(ends: Counter[str], ended: Counter[str], waiting: Mapping[str, int]) -> Iterator[str]:
    """What keeps this run from being a good one, each thing by its name."""
    if ends != ended:
        yield f"the sum does not close: the stories tell of {_sum(ends)}"
    left = ", ".join(some(count, what) for what, count in waiting.items() if count)
    if left:
        said = "something is left" if ends != ended else "the sum closes, but something is left"
        yield f"{said}: {left}. Look: ./motcua dead list, ./motcua relay status"


def _sum(ends: Counter[str]) -> str:
    return " + ".join(f"{name} {ends[name]}" for name in (*dict.fromkeys(_ENDS.values()), _IN_PROGRESS))


def _ends(statuses: Mapping[str, int]) -> Counter[str]:
    ends = Counter[str]()
    for status, count in statuses.items():
        ends[_ENDS.get(status, _IN_PROGRESS)] += count
    return ends


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(_LOCAL).strftime("%d/%m/%Y") if moment else "–"
