"""A result as one page that stands alone, and as the document of the last measurement."""

from collections.abc import Iterator, Sequence
from html import escape

from tests.bench.charts import sections
from tests.bench.judging import MOST_APART, MOST_OTHERS
from tests.bench.outcome import Result
from tests.bench.plots import svg
from tests.bench.table import Table
from tests.bench.tables import all_tables, machine_line
from tests.bench.targets import MILLION

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: .5em 0 } td, th { padding: .15em .8em .15em 0; text-align: left;
border-bottom: 1px solid #ddd; vertical-align: top } figure { margin: 1em 0 } svg { width: 100% }
svg text { font: 11px system-ui, sans-serif; fill: #555 } figure p span { margin-right: 1em; font-size: 13px }
figure i { display: inline-block; width: .8em; height: .8em; margin-right: .3em } .refused { color: #b00 }
"""
_DOCUMENT_HEAD = f"""\
Written by `make bench`, never by hand. The page with plots, and all numbers as JSON, are in `.run/bench/`.

| command | what it measures |
| --- | --- |
| `make bench` | every part, in about half an hour |
| `make bench FULL=1` | in full: 1,000,000 dossiers stored, memory over 30 minutes, longer runs; two hours |
| `make bench PART=growth` | one part alone: idle, ours, memory, scaling, limit, intake, django, stock, growth, pages |
| `make bench PART=ours BENCH='--rate 8'` | ours, and once more at 8 dossiers a second |
| `make bench PART=memory BENCH='--minutes 30'` | memory for so long |
| `make bench PART=growth BENCH='--dossiers 100000'` | growth to that size |
| `make bench BENCH='--dossiers 1000000'` | every part, growth in full |
| `make bench PART=growth BENCH='--full --document'` | in full, with a document of its own |
| `make bench PART=pages BENCH=--document` | pages with 100,000 dossiers of a unit; into a document of its own |
| `make bench BENCH=--quick` | a smoke test of everything, in some minutes: its figures say little |

A run whose sum does not close (every dossier resolved, every notice handed over, all books in agreement) gives no
figure; of stock nameko the wrong and missing states are counted instead. What is compared is said in the code, in
`tests/bench/`: `stock/__init__.py`, `limit.py`, `scaling.py`, `growth.py`, `portal.py`, and `django/__init__.py`
(Django REST framework with PostgreSQL, which the part installs for itself: PostgreSQL with apt, Django into
`.run/django`).

A part that was measured alone has a document beside this one, `bench-<part>.md`; which is newer, its first line says.

A figure has no mark where other programs, and others to whom the machine's host gave it, took more than
{MOST_OTHERS:.0f} % of it during a run, or {MOST_APART:.0f} more during one of two that are compared than during the
other. Fewer than 1,000,000 stored can miss a target of growth and not meet one.

What the stack needs of a machine's memory at rest is told by PSS: the processes of the services share the interpreter's
pages and those of its libraries, which the machine holds once, and RSS counts for each of them. So the 900 MB are held
against PSS, and RSS is shown beside it; the 150 MB of one service are held against RSS, which is the larger.
"""
_HEAD_ALONE = """\
# The last measurement of {parts}, alone

Written by `make bench` with `--document`, never by hand. The other parts, and what can be measured, are in
[bench.md](bench.md).
"""


def page(result: Result) -> str:
    """The page with plots."""
    title = f"make bench, {result.stamp} ({result.plan})"
    body = "".join(
        (
            f"<h1>{escape(title)}</h1><p>{escape(machine_line(result.machine))}</p>",
            *(f'<p class="refused">{escape(what)}: {escape(why)}</p>' for what, why in result.refused.items()),
            *map(_html, all_tables(result)),
            *_plots(result),
        )
    )
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def document(result: Result, alone: str = "") -> str:
    """docs/bench.md; or that of the parts that were measured `alone`."""
    head = (
        _HEAD_ALONE.format(parts=alone) if alone else f"# The last measurement{_of_fewer(result)}\n\n{_DOCUMENT_HEAD}"
    )
    parts = [head, f"Measured {result.stamp} ({result.plan} run) on {machine_line(result.machine)}.\n"]
    parts += [f"**{what}: no figures, {why}**\n" for what, why in result.refused.items()]
    return "\n".join((*parts, *map(_markdown, all_tables(result, whole=not alone))))


def _of_fewer(result: Result) -> str:
    """The first line says where growth was measured with less than was asked for, and so has no mark."""
    if result.growth is None:
        return ", without growth"
    if result.growth.dossiers < MILLION:
        return f", growth with {result.growth.dossiers:,} dossiers stored only: 1,000,000 with `make bench FULL=1`"
    return ""


def _html(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.columns)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.cells)
    about = f"<p>{escape(table.about)}</p>" if table.about else ""
    return f"<h2>{escape(table.heading)}</h2>{about}<table><tr>{head}</tr>{body}</table>"


def _markdown(table: Table) -> str:
    lines = [f"## {table.heading}\n"]
    if table.about:
        lines.append(f"{table.about}\n")
    lines += [_row(table.columns), _row(["---"] * len(table.columns))]
    return "\n".join((*lines, *(_row(row) for row in table.cells), ""))


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _plots(result: Result) -> Iterator[str]:
    for heading, charts in sections(result):
        yield f"<h2>{escape(heading)}</h2>"
        yield from map(svg, charts)
