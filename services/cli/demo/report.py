"""The table at the end, and the sum that must close."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import Final

from rich.console import Console
from rich.table import Column, Table

from services.cli.demo.stories import Told

_TABLE_WIDTH = 160
_LOCAL = timezone(timedelta(hours=7))
_ENDS: Final = {"resolved": "resolved", "returned": "resolved", "rejected": "rejected", "withdrawn": "withdrawn"}


def show(told: Sequence[Told], console: Console) -> None:
    """One line a dossier."""
    names = ("procedure", "unit", "dossier code", "fee (đ)", "result", "due", "outcome", "letters", "s")
    table = Table(*(Column(name, no_wrap=True) for name in names))
    for one in told:
        fee = f"{one.fee_vnd:,}".replace(",", ".") if one.fee_vnd else "–"
        cells = (one.procedure, one.unit, one.dossier_code, fee, one.number or "–", _day(one.due_at), one.outcome)
        table.add_row(*cells, str(one.letters), f"{one.seconds:.1f}")
    Console(file=console.file, width=max(_TABLE_WIDTH, console.width)).print(table)


def closes(told: Sequence[Told], kept: Mapping[str, int], waiting: Mapping[str, int], console: Console) -> bool:
    """Print the sum and what still waits; whether it closes and nothing waits.

    `kept` is what intake has more of than before, by status: it must be what the stories say, dossier by dossier.
    """
    ends, ended = _ends(Counter(one.status for one in told)), _ends(kept)
    submitted = sum(kept.values())
    console.print(
        f"submitted {submitted} = resolved {ended['resolved']} + rejected {ended['rejected']}"
        f" + withdrawn {ended['withdrawn']} + in progress {ended['in progress']}"
    )
    console.print(", ".join(f"{count} {what}" for what, count in waiting.items()))
    closed = submitted == len(told) and ends == ended and not any(waiting.values())
    console.print("[green]✓ the sum closes[/]" if closed else "[red]✗ the sum does not close[/]")
    return closed


def _ends(statuses: Mapping[str, int]) -> Counter[str]:
    ends = Counter[str]()
    for status, count in statuses.items():
        ends[_ENDS.get(status, "in progress")] += count
    return ends


def _day(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(_LOCAL).strftime("%d/%m/%Y") if moment else "–"
