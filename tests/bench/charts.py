"""What is drawn of a result: its runs over time, each under a heading."""

from collections.abc import Iterator, Mapping, Sequence

from tests.bench.outcome import Accepted, Control, Flow, Limit, Result
from tests.bench.plots import Chart, Points
from tests.bench.stats import Moment
from tests.bench.stressed import Memory
from tests.bench.track import Track

Section = tuple[str, list[Chart]]


def sections(result: Result) -> Iterator[Section]:
    """Every heading that has charts, with these."""
    for heading, charts in _sections(result):
        if drawn := list(charts):
            yield heading, drawn


def _sections(result: Result) -> Iterator[tuple[str, Iterator[Chart]]]:
    for load, flows in (("maximum", result.closed), ("half of maximum", result.open), ("set rate", result.rated)):
        yield from ((f"Ours, {key}, {load}", _of_flow(flow)) for key, flow in flows.items())
    for key, control in result.stock.items():
        yield f"Stock, {key}, maximum", _of_control(control)
        if ours := result.closed.get(key):
            yield f"Ours beside stock, {key}, maximum", _side_by_side(ours, control)
    for key, control in result.stock_open.items():
        yield f"Stock, {key}, half of its maximum", _of_control(control)
        if ours := result.open.get(key):
            yield f"Ours beside stock, {key}, each at half of its own maximum", _side_by_side(ours, control)
    yield from ((f"The limit, {key}", _of_limit(limit)) for key, limit in result.limit.items())
    for door, accepted in result.accepted.items():
        yield f"Intake alone, {door}, maximum", _of_track(accepted.track)
        yield f"Intake alone, {door}, half of maximum", _of_accepted(accepted)
    for run in result.scaling.runs if result.scaling else ():
        yield f"Scaling, {run.processes} under {run.clients} clients, limited by {run.limit}", _of_track(run.track)
    if result.memory:
        yield "Memory under load", _of_memory(result.memory)


def _of_flow(flow: Flow) -> Iterator[Chart]:
    yield Chart("Throughput", "a second", {"resolved": flow.resolved_per_second, "notices sent": flow.sent_per_second})
    yield _percentiles("intake.submit", flow.submit_over_time)
    yield _percentiles("submit → resolved", flow.whole_over_time)
    yield from _of_track(flow.track)


def _of_control(control: Control) -> Iterator[Chart]:
    yield Chart("Throughput", "a second", {"resolved": control.resolved_per_second})
    for title, moments in (("intake.submit", control.submit_over_time), ("submit → resolved", control.whole_over_time)):
        if moments:
            yield _percentiles(title, moments)
    yield from _of_track(control.track)


def _of_limit(limit: Limit) -> Iterator[Chart]:
    if limit.per_second:
        yield Chart("Throughput", "dossiers a second", {"done": limit.per_second})
    yield from _of_track(limit.track)


def _of_accepted(accepted: Accepted) -> Iterator[Chart]:
    yield _percentiles("submit", accepted.open_over_time)
    if accepted.flush_ms:
        yield Chart("Flushes of the journal", "ms", {"mean of a second": accepted.flush_ms})
    yield from _of_track(accepted.open_track)


def _side_by_side(ours: Flow, stock: Control) -> Iterator[Chart]:
    """Each from the beginning of its own run."""
    yield Chart("Throughput", "a second", {"ours": ours.resolved_per_second, "stock": stock.resolved_per_second})
    if stock.whole_over_time:
        runs = (("ours", ours.whole_over_time), ("stock", stock.whole_over_time))
        lines = {f"{name} {rank}": _line(moments, rank) for name, moments in runs for rank in ("p50", "p99")}
        yield Chart("submit → resolved", "ms", lines)


def _of_memory(told: Memory) -> Iterator[Chart]:
    for name, sizes in (("RSS", told.rss_mb), ("PSS", told.pss_mb)):
        yield Chart(name, "MB", {service: list(zip(told.at, own, strict=True)) for service, own in sizes.items()})


def _of_track(track: Track) -> Iterator[Chart]:
    if not track.at:
        return
    yield Chart("Processor", "% of one core", _over(track, track.cpu_percent))
    yield Chart("Memory", "MB", _over(track, track.rss_mb))
    yield Chart("Messages ready in queues", "messages", _over(track, track.queued))
    if track.unpublished:
        lag = {"seconds of the oldest": list(zip(track.at, track.lag_seconds, strict=False))}
        yield Chart("Relay lag", "seconds", lag)
        yield Chart(
            "Not published yet", "histories", {"histories": list(zip(track.at, track.unpublished, strict=False))}
        )


def _over(track: Track, values: Mapping[str, Sequence[float | None]]) -> dict[str, Points]:
    """Only what ever shows: a program that slept all the time is no line."""
    return {name: list(zip(track.at, own, strict=False)) for name, own in values.items() if any(own)}


def _percentiles(title: str, moments: list[Moment]) -> Chart:
    return Chart(title, "ms", {rank: _line(moments, rank) for rank in ("p50", "p95", "p99")})


def _line(moments: list[Moment], rank: str) -> Points:
    return [(one.at, float(getattr(one, rank))) for one in moments]
