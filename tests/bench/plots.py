"""Lines over time as inline SVG: no script, no font, no file beside."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import Final

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 26
_COLOURS: Final = (
    *("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf"),
    *("#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#003f5c", "#58508d"),
)
Points = Sequence[tuple[float, float | None]]  # None where nothing is known: the line has a gap


@dataclass(frozen=True)
class Chart:
    """Several lines over the same seconds; `unit` is what the upright axis counts."""

    title: str
    unit: str
    lines: Mapping[str, Points]


def svg(chart: Chart) -> str:
    """The chart; a word instead where there is nothing to draw."""
    drawn = {name: points for name, points in chart.lines.items() if points}
    if not drawn:
        return f"<figure><figcaption>{escape(chart.title)}: nothing was seen</figcaption></figure>"
    right = max(x for points in drawn.values() for x, _ in points) or 1.0
    top = ticks(max((y for points in drawn.values() for _, y in points if y is not None), default=0))[-1]
    body = "".join((*_grid(right, top), *_lines(drawn, right, top)))
    heading = f"<figcaption>{escape(chart.title)} <small>({escape(chart.unit)} over seconds)</small></figcaption>"
    picture = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(chart.title)}">{body}</svg>'
    return f"<figure>{heading}{picture}{_legend(list(drawn))}</figure>"


def ticks(highest: float, most: int = 5) -> list[float]:
    """Round numbers from 0 to at least `highest`."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    return [round(step * number, 10) for number in range(math.ceil(highest / step) + 1)]


def _grid(right: float, top: float) -> list[str]:
    found = []
    for value in ticks(top):
        y = _y(value, top)
        found.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}" stroke="#ddd"/>')
        found.append(f'<text x="{_LEFT - 6}" y="{y + 4}" text-anchor="end">{value:g}</text>')
    return found + [
        f'<text x="{_x(value, right)}" y="{_HEIGHT - 8}" text-anchor="middle">{value:g}</text>'
        for value in ticks(right, 8)
        if value <= right
    ]


def _lines(drawn: Mapping[str, Points], right: float, top: float) -> list[str]:
    found = []
    for number, points in enumerate(drawn.values()):
        colour = _COLOURS[number % len(_COLOURS)]
        for stretch in _stretches(points):
            path = " ".join(f"{_x(x, right)},{_y(y, top)}" for x, y in stretch)
            found.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
    return found


def _stretches(points: Points) -> Iterator[list[tuple[float, float]]]:
    """What lies between the gaps."""
    for is_known, stretch in groupby(points, key=lambda point: point[1] is not None):
        if is_known:
            yield [(x, y) for x, y in stretch if y is not None]


def _legend(names: Sequence[str]) -> str:
    items = (
        f'<span><i style="background:{_COLOURS[number % len(_COLOURS)]}"></i>{escape(name)}</span>'
        for number, name in enumerate(names)
    )
    return f"<p>{' '.join(items)}</p>"


def _x(value: float, right: float) -> float:
    return round(_LEFT + value / right * (_WIDTH - _LEFT - _RIGHT), 1)


def _y(value: float, top: float) -> float:
    return round(_HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM), 1)
