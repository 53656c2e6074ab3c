"""What was asked for, and whether it is met: the rows of the first table, ratios first."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from deploy.local.composition import SANDBOX
from tests.bench.client import WHOLE
from tests.bench.judging import Row, compared, judged, tail
from tests.bench.outcome import Control, Flow, Result, worst
from tests.bench.plan import FEE, NOTICES, PROCEDURES
from tests.bench.stressed import FREE, HELD, MOST_AT_ALL, MOST_EACH, Asked, Growth, Memory, Scaled, Scaling, ratio

SERVICES: Final = ("intake", "routing", "payment", "notify", "registry")
_FLAT: Final = 0.33  # MB a minute: 10 in half an hour
_LONG_SECONDS: Final = 1_800
MILLION: Final = 1_000_000
_OF_A_UNIT: Final = 100_000
LOOKED_AT: Final = ("portal-http", "registry-http")  # where those who take dossiers through do not come by
_NEAR: Final = 0.8  # of our maximum: half of less is no load under which memory says anything
_FULL_PERCENT: Final = 85.0  # of the machine: who is so busy has nothing left for a second process
_MOST_MS: Final = 20.0
_IN_TIME: Final = 0.25
_PAGE_MS: Final = 300.0
_MOST_NAMED: Final = 3


def rows(result: Result) -> list[Row]:
    """All of them."""
    return [
        *_whole(result),
        *_states(result),
        *_intake(result),
        *_at_half(result),
        *_growth(result),
        *_pages(result),
        *_memory(result),
        *_scaling(result),
        *_idle(result),
    ]


def _under_load(row: Row, told: Memory | None, ours: Flow | None) -> Row:
    """The row of memory: no mark where it was not looked at under half of what ours do, on a machine of their own."""
    if told is None:
        return replace(row, met=None)
    if ours and told.maximum < _NEAR * ours.steady_rate:
        shown = f"{row.measured} (its maximum was {told.maximum:.1f} a second, ours {ours.steady_rate:.1f}: not judged)"
        return replace(row, measured=shown, met=None)
    return compared(row, told)


def _whole(result: Result) -> Iterator[Row]:
    for key in PROCEDURES:
        ours, stock, limit = result.closed.get(key), result.stock.get(key), result.limit.get(key)
        rate = ours.rate if ours else None
        steady = ours.steady_rate if ours else None
        times = ratio(steady, stock.steady_rate if stock else None)
        row = judged(f"{key}: end to end, against stock", "≥ 5 ×", times, f"{times or 0:.2f} ×", (times or 0) >= 5)
        yield compared(row, ours, stock)
        share = ratio(rate, limit.rate if limit else None)
        shown = f"{100 * (share or 0):.1f} %"
        row = judged(f"{key}: end to end, against the limit", "≥ 60 %", share, shown, (share or 0) >= 0.6)
        yield compared(row, ours, limit)
        share = ratio(rate, limit.rate_with_letters if limit else None)
        shown = f"{100 * (share or 0):.1f} %"
        yield Row(f"{key}: against the limit that also hands over the letters", "–", shown if share else "–", None)


def _states(result: Result) -> Iterator[Row]:
    for key in PROCEDURES:
        stock, flows = result.stock.get(key), (result.closed.get(key), result.open.get(key))
        sums = result.sums.get(key) or [flow.ended for flow in flows if flow]  # those of before have no other
        if sums:
            shown = f"{sum(one.wrong for one in sums)} of {sum(one.submitted for one in sums):,}"
            met = all(one.closes for one in sums)
            yield Row(f"{key}: final states wrong or missing, ours", "0", shown, met)
        if stock:
            shown = f"{stock.wrong_dossiers} of {stock.dossiers:,}"
            yield Row(f"{key}: final states wrong or missing, stock", "(some)", shown, None)


def _intake(result: Result) -> Iterator[Row]:
    ours, stock = result.accepted.get("ours, RPC"), result.accepted.get("stock, RPC")
    times = ratio(ours.rate if ours else None, stock.rate if stock else None)
    figure = "intake RPC accepted, against stock's submit"
    yield compared(judged(figure, "≥ 2 ×", times, f"{times or 0:.2f} ×", (times or 0) >= 2), ours, stock)
    p99, count = (ours.open.p99, ours.open.count) if ours else (None, 0)
    row = tail("intake RPC, p99 at half of maximum", "≤ 50 ms", count, p99, f"{p99 or 0:.1f} ms", (p99 or 0) <= 50)
    yield compared(row, ours.open_noise if ours else None)
    ours, peer = result.accepted.get("ours, HTTP"), result.accepted.get("Django REST, HTTP")
    if ours and peer:
        shown = f"{ours.rate / peer.rate:.2f} ×; {ours.work_ms:.1f} ms of a core each against {peer.work_ms:.1f}"
        yield Row("intake HTTP accepted, against Django REST with PostgreSQL", "–", shown, None)


def _at_half(result: Result) -> Iterator[Row]:
    for key in PROCEDURES:
        flow = result.open.get(key)
        slowest = worst(flow.hops) if flow else None
        p99, count = (slowest[1].p99, slowest[1].count) if slowest else (None, 0)
        name = f" ({slowest[0]})" if slowest else ""
        shown = f"{p99 or 0:.0f} ms{name}"
        row = tail(f"{key}: event to subscriber, slowest p99", "≤ 250 ms", count, p99, shown, (p99 or 0) <= 250)
        yield compared(row, flow)
        share, count = (flow.notices_in_time, flow.dossiers * NOTICES[key]) if flow else (None, 0)
        shown = f"{100 * (share or 0):.2f} %"
        yield _of_each_queue(key, flow)
        yield _waited(key, flow, result.stock_open.get(key))
        figure = f"{key}: notices handed over within 10 s"
        yield compared(tail(figure, "≥ 99.9 %", count, share, shown, (share or 0) >= 0.999), flow)


def _of_each_queue(key: str, flow: Flow | None) -> Row:
    """The queue of which fewest events had been handled in time: a p99 is no longer than that where 99 in 100 were."""
    queues = flow.ages if flow else {}
    name = min(queues, key=lambda one: (queues[one].share(_IN_TIME), -queues[one].at_most(0.99)), default="")
    slowest = queues.get(name)
    share, count = (slowest.share(_IN_TIME), slowest.count) if slowest else (None, 0)
    shown = f"≤ {1000 * slowest.at_most(0.99):.0f} ms ({name})" if slowest else ""
    figure = f"{key}: event to handled by each queue, slowest p99"
    return compared(tail(figure, "≤ 250 ms", count, share, shown, (share or 0) >= 0.99), flow)


def _waited(key: str, ours: Flow | None, stock: Control | None) -> Row:
    """How long people wait for their result, each system at half of its own maximum."""
    runs = {"ours": ours, "stock": stock}
    told = {
        f"{name} {said.p50:.0f} / {said.p99:.0f} ms of {said.count:,} at {run.rate_asked or 0:.1f}/s"
        for name, run in runs.items()
        if run and (said := run.steps.get(WHOLE))
    }
    return Row(f"{key}: submit → resolved at half of maximum, p50 / p99", "–", "; ".join(sorted(told)) or "–", None)


def _growth(result: Result) -> Iterator[Row]:
    told = result.growth
    size = f"{told.dossiers if told else MILLION:,}"
    share = told.share if told else None
    shown = f"{100 * (share or 0):.0f} %"
    figure = f"growth: throughput, {size} dossiers stored"
    row = judged(figure, "≥ 90 % of empty", share, shown, (share or 0) >= 0.9)
    yield _of_a_million(compared(row, *((told.middle.empty, told.middle.full) if told else ())), told)
    shown = f"{100 * told.work:.0f} % of empty" if told else "–"
    yield Row(f"growth: processor time of a dossier, {size} stored", "–", shown, None)
    empty = [one.name for one in told.asked if one.found_nothing] if told else []
    for rank in ("p95", "p99"):
        yield _of_a_million(_of_something(_slowest(told, rank, size), empty), told)
    longest = max(told.asked, key=lambda one: one.longest, default=None) if told else None
    shown = f"{longest.longest:.1f} ms ({longest.name})" if longest else "–"
    yield Row("growth: longest single answer of a list or look-up", "– (not judged)", shown, None)
    count = sum(bool(one.detours) for one in told.asked) if told else None
    shown = f"{count} of {len(told.asked)}" if told else ""
    row = judged("growth: lists and look-ups that go by no index", "0", count, shown, count == 0)
    yield _of_a_million(row, told)
    counted = told.asked if told and any(one.keys is not None for one in told.asked) else []
    far = [one.name for one in counted if one.is_too_far]
    figure = f"growth: lists and look-ups that examine more than {MOST_EACH} keys for each one found, and {MOST_AT_ALL}"
    row = judged(figure, "0", len(far) if counted else None, _named(far, counted), not far)
    yield _of_a_million(row, told)
    figure = "growth: lists and look-ups that found nothing, though there is something for each"
    yield judged(figure, "0", len(empty) if counted else None, _named(empty, counted), not empty)


def _slowest(told: Growth | None, rank: str, size: str) -> Row:
    """The question whose answers of this rank took longest."""
    took = {one.name: getattr(one, rank) for one in told.asked} if told else {}
    name, most = max(
        ((n, ms) for n, ms in took.items() if ms is not None), key=lambda pair: pair[1], default=("", None)
    )
    figure = f"growth: slowest list or look-up at the store, {rank}, {size} stored"
    row = judged(figure, "≤ 20 ms", most, f"{most or 0:.1f} ms ({name})", (most or 0) <= _MOST_MS)
    return compared(row, *([told.while_asked] if told else ()))


def _of_a_million(row: Row, told: Growth | None) -> Row:
    """A row that fewer stored dossiers cannot meet: they can only miss it."""
    if not (row.met and told and told.dossiers < MILLION):
        return row
    return replace(row, measured=f"{row.measured} (of {told.dossiers:,}: not judged)", met=None)


def _of_something(row: Row, empty: Sequence[str]) -> Row:
    """A row that is not met only because there was nothing to find."""
    if not (row.met and empty):
        return row
    return replace(row, measured=f"{row.measured} ({len(empty)} found nothing: not judged)", met=None)


def _named(some: Sequence[str], of: Sequence[Asked]) -> str:
    names = f" ({'; '.join(some[:_MOST_NAMED])}{', …' * (len(some) > _MOST_NAMED)})" if some else ""
    return f"{len(some)} of {len(of)}{names}"


def _pages(result: Result) -> Iterator[Row]:
    told = result.viewing
    size = f"{told.dossiers if told else _OF_A_UNIT:,} dossiers of one unit"
    slowest = told.pages[0] if told else None
    p95 = slowest.took.p95 if slowest else None
    shown = f"{p95 or 0:.0f} ms ({slowest.name})" if slowest else ""
    row = judged(f"pages: slowest at the server, p95, {size}", "≤ 300 ms", p95, shown, (p95 or 0) <= _PAGE_MS)
    yield compared(row, told.noise if told else None)
    count = sum(bool(one.detours) for one in told.pages) if told else None
    shown = f"{count} of {len(told.pages)}" if told else ""
    yield judged("pages: that ask for something by no index", "0", count, shown, count == 0)
    largest = max(told.pages, key=lambda one: one.kilobytes) if told else None
    shown = f"{largest.kilobytes:.0f} kB of HTML ({largest.name})" if largest else "–"
    yield Row("pages: largest", "–", shown, None)


def _memory(result: Result) -> Iterator[Row]:
    peaks: dict[str, float] = {}
    for flow in (*result.closed.values(), *result.open.values()):
        for name, size in flow.track.peak_rss().items():
            if name.removesuffix("-http") in SERVICES:
                peaks[name] = max(size, peaks.get(name, 0.0))
    for name, held in (result.memory.services if result.memory else {}).items():
        peaks[name] = max(held.rss_most, peaks.get(name, 0.0))
    largest = max(peaks.items(), key=lambda pair: pair[1], default=None)
    most = largest[1] if largest else None
    shown = f"{largest[1]:.0f} MB ({largest[0]})" if largest else ""
    of_largest = judged("memory: largest service under load, RSS", "≤ 150 MB", most, shown, (most or 0) <= 150)
    for row in (_visited(of_largest, result.memory), _flat(result.memory)):
        yield _under_load(row, result.memory, result.closed.get(FEE))


def _visited(row: Row, told: Memory | None) -> Row:
    """The row of the largest: no mark where a door stood open for nobody."""
    idle = [door for door in LOOKED_AT if told and not told.opened.get(door)]
    shown = f"{row.measured} (nobody was at {', '.join(idle)}: not judged)"
    return replace(row, measured=shown, met=None) if idle else row


def _flat(told: Memory | None) -> Row:
    """A short look still sees caches fill: it is asked where its pace would lead, half an hour whether it is flat."""
    if told is None:
        return Row("memory: growth under load", "flat", "–", None)
    figure = f"memory: growth over {told.seconds / 60:.0f} minutes under load"
    if told.seconds >= _LONG_SECONDS:
        name, held = max(told.services.items(), key=lambda pair: pair[1].rss_slope)
        shown = f"{held.rss_slope:+.2f} MB a minute ({name})"
        return Row(figure, f"flat: ≤ {_FLAT} MB a minute", shown, held.rss_slope <= _FLAT)
    ends = {name: held.rss_most + max(0.0, 30 * held.rss_slope) for name, held in told.services.items()}
    name, end = max(ends.items(), key=lambda pair: pair[1])
    shown = f"{end:.0f} MB ({name}, {told.services[name].rss_slope:+.2f} MB a minute)"
    return Row(figure, "≤ 150 MB after 30 minutes, extrapolated from this pace", shown, end <= 150)


def _scaling(result: Result) -> Iterator[Row]:
    told = result.scaling
    held, free = (told.ratio(HELD), told.ratio(FREE)) if told else (None, None)
    name = told.service if told else "a bottleneck service"
    share = f", each held to {100 * told.share:.0f} % of a core" if told else ""
    shown = f"{held or 0:.2f} ×"
    row = judged(f"scaling: two processes of {name}{share}", "≥ 1.6 × one", held, shown, (held or 0) >= 1.6)
    yield compared(row, *_both(told, HELD))
    alone = told.best(FREE, 1) if told else None
    busy = alone.machine_percent if alone else 0.0
    full = busy >= _FULL_PERCENT
    shown = f"{free or 0:.2f} × (cores {busy:.0f} % busy with one{': they do not allow it' if full else ''})"
    met = None if free is None or full else free >= 1.6
    row = Row(f"scaling: two processes of {name}", "≥ 1.6 × one, when cores allow", shown if free else "–", met)
    yield compared(row, *_both(told, FREE))


def _both(told: Scaling | None, limit: str) -> list[Scaled | None]:
    """The runs that the ratio is of."""
    return [told.best(limit, processes) for processes in (1, 2)] if told else []


def _idle(result: Result) -> Iterator[Row]:
    idle = result.idle
    cpu, pss = (idle.cpu_in_all, idle.pss_in_all) if idle else (None, None)
    yield judged("idle: whole stack", "≤ 5 % of a core", cpu, f"{cpu or 0:.1f} %", (cpu or 0) <= 5)
    figure = "idle: memory with both servers, shared pages counted once (PSS)"
    yield judged(figure, "≤ 900 MB", pss, f"{pss or 0:.0f} MB", (pss or 0) <= 900)
    ours = sum(mb for name, mb in idle.pss_mb.items() if name not in SANDBOX) if idle else 0
    yield Row("idle: the same without the sandbox's counterparts (PSS)", "–", f"{ours:.0f} MB" if idle else "–", None)
    shown = f"{idle.rss_in_all:.0f} MB" if idle else "–"
    yield Row("idle: the same, shared pages counted for each process (RSS)", "–", shown, None)
    first = idle.first_accepted_seconds if idle else None
    yield judged(
        "start: `make up` to first accepted dossier", "≤ 20 s", first, f"{first or 0:.1f} s", (first or 0) <= 20
    )
