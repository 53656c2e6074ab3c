"""What was asked for, and whether it is met: the rows of the first table, ratios first."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.bench.outcome import Result, ratio, worst
from tests.bench.plan import PROCEDURES

SERVICES: Final = ("intake", "routing", "payment", "notify", "registry")
_NOT_MEASURED: Final = "not measured by this tool yet"


@dataclass(frozen=True)
class Row:
    """One figure. `met` is None where there is no figure to judge."""

    figure: str
    target: str
    measured: str
    met: bool | None


def rows(result: Result) -> list[Row]:
    """All of them."""
    return [
        *_whole(result),
        *_states(result),
        *_intake(result),
        *_at_half(result),
        Row("growth: throughput with 1,000,000 dossiers stored", "≥ 90 % of empty", _NOT_MEASURED, None),
        _memory(result),
        Row("scaling: two processes of a bottleneck service", "≥ 1.6 × one", _NOT_MEASURED, None),
        *_idle(result),
    ]


def judged(figure: str, target: str, value: float | None, shown: str, met: bool) -> Row:
    """A row, empty where there is no value."""
    return Row(figure, target, shown if value is not None else "–", met if value is not None else None)


def _whole(result: Result) -> Iterator[Row]:
    for key in PROCEDURES:
        ours, stock, limit = result.closed.get(key), result.stock.get(key), result.limit.get(key)
        rate = ours.rate if ours else None
        times = ratio(rate, stock.rate if stock else None)
        yield judged(f"{key}: end to end, against stock", "≥ 5 ×", times, f"{times or 0:.2f} ×", (times or 0) >= 5)
        share = ratio(rate, limit.rate if limit else None)
        shown = f"{100 * (share or 0):.1f} %"
        yield judged(f"{key}: end to end, against the limit", "≥ 60 %", share, shown, (share or 0) >= 0.6)
        share = ratio(rate, limit.rate_with_letters if limit else None)
        shown = f"{100 * (share or 0):.1f} %"
        yield Row(f"{key}: against the limit that also hands over the letters", "–", shown if share else "–", None)


def _states(result: Result) -> Iterator[Row]:
    for key in PROCEDURES:
        ours, stock = result.closed.get(key), result.stock.get(key)
        if ours:
            yield Row(f"{key}: final states wrong or missing, ours", "0", f"0 of {ours.dossiers:,}", True)
        if stock:
            shown = f"{stock.wrong_dossiers} of {stock.dossiers:,}"
            yield Row(f"{key}: final states wrong or missing, stock", "(some)", shown, None)


def _intake(result: Result) -> Iterator[Row]:
    ours, stock = result.accepted.get("ours, RPC"), result.accepted.get("stock, RPC")
    times = ratio(ours.rate if ours else None, stock.rate if stock else None)
    yield judged(
        "intake RPC accepted, against stock's submit", "≥ 2 ×", times, f"{times or 0:.2f} ×", (times or 0) >= 2
    )
    p99 = ours.open.p99 if ours else None
    yield judged("intake RPC, p99 at half of maximum", "≤ 50 ms", p99, f"{p99 or 0:.1f} ms", (p99 or 0) <= 50)


def _at_half(result: Result) -> Iterator[Row]:
    for key in PROCEDURES:
        flow = result.open.get(key)
        slowest = worst(flow.hops) if flow else None
        p99 = slowest[1].p99 if slowest else None
        name = f" ({slowest[0]})" if slowest else ""
        shown = f"{p99 or 0:.0f} ms{name}"
        yield judged(f"{key}: event to subscriber, slowest p99", "≤ 250 ms", p99, shown, (p99 or 0) <= 250)
        share = flow.notices_in_time if flow else None
        shown = f"{100 * (share or 0):.2f} %"
        yield judged(f"{key}: notices handed over within 10 s", "≥ 99.9 %", share, shown, (share or 0) >= 0.999)


def _memory(result: Result) -> Row:
    peaks: dict[str, float] = {}
    for flow in (*result.closed.values(), *result.open.values()):
        for name, size in flow.track.peak_rss().items():
            if name.removesuffix("-http") in SERVICES:
                peaks[name] = max(size, peaks.get(name, 0.0))
    most = max(peaks.items(), key=lambda pair: pair[1], default=None)
    shown = f"{most[1]:.0f} MB ({most[0]})" if most else ""
    return judged(
        "memory: largest service under load",
        "≤ 150 MB",
        most[1] if most else None,
        shown,
        bool(most and most[1] <= 150),
    )


def _idle(result: Result) -> Iterator[Row]:
    idle = result.idle
    cpu, rss = (idle.cpu_in_all, idle.rss_in_all) if idle else (None, None)
    yield judged("idle: whole stack", "≤ 5 % of a core", cpu, f"{cpu or 0:.1f} %", (cpu or 0) <= 5)
    yield judged("idle: memory with both servers", "≤ 900 MB", rss, f"{rss or 0:.0f} MB", (rss or 0) <= 900)
    first = idle.first_accepted_seconds if idle else None
    yield judged(
        "start: `make up` to first accepted dossier", "≤ 20 s", first, f"{first or 0:.1f} s", (first or 0) <= 20
    )
