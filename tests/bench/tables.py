"""The figures as tables of words, the same for the page and for the document."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from tests.bench import flushes, stress_tables
from tests.bench.backlogs import backlogs
from tests.bench.outcome import BESIDE, Control, Flow, Result
from tests.bench.plan import PROCEDURES
from tests.bench.stats import Spread
from tests.bench.table import Table
from tests.bench.targets import rows

_SHOWN_AGES = (0.025, 0.05, 0.1, 0.25)  # in seconds, as the services count them
_MARKS = {True: "✓", False: "✗", None: ""}


def all_tables(result: Result, *, whole: bool = True) -> list[Table]:
    """Every table that has anything in it, the targets first; of a `whole` run also those without a figure."""
    tables = (
        _targets(result, whole=whole),
        _throughput(result),
        _processor_time(result),
        _steps(result),
        _hops(result),
        _ages(result),
        backlogs(result),
        _intake(result),
        _limit(result),
        _control(result),
        _work(result),
        stress_tables.scaling(result),
        stress_tables.memory(result),
        stress_tables.growth(result),
        stress_tables.lookups(result),
        stress_tables.viewing(result),
        _idle(result),
    )
    return [table for table in tables if table.cells]


def _targets(result: Result, *, whole: bool) -> Table:
    shown = (row for row in rows(result) if whole or row.measured != "–")
    cells = [(row.figure, row.target, row.measured, _MARKS[row.met]) for row in shown]
    return Table("Targets", "", ("figure", "target", "measured", ""), cells)


def _throughput(result: Result) -> Table:
    cells = []
    for key in PROCEDURES:
        ours, stock, limit = result.closed.get(key), result.stock.get(key), result.limit.get(key)
        shown = (
            _rate(ours.rate if ours else None),
            _rate(stock.rate if stock else None),
            _rate(ours.steady_rate if ours else None),
            _rate(stock.steady_rate if stock else None),
            _rate(limit.rate if limit else None),
            _rate(limit.rate_with_letters if limit else None),
        )
        if any(one != "–" for one in shown):
            cells.append((key, *shown))
    about = (
        "Dossiers a second, submit → resolved and all notices handed over; every client always has one on its way. "
        "Steady is the rate of the middle, from when a tenth of the dossiers had ended until nine tenths had: "
        "we are compared with stock by it, as a client whose dossier stock lost waits for that. With the "
        "limit we are compared by the whole run."
    )
    columns = ("procedure", "ours", "stock", "ours, steady", "stock, steady", "limit", "limit and letters")
    return Table("Throughput", about, columns, cells)


def _processor_time(result: Result) -> Table:
    runs: list[tuple[str, Flow | Control]] = [
        *((f"ours, {key}", flow) for key, flow in result.closed.items()),
        *((f"stock, {key}", control) for key, control in result.stock.items()),
    ]
    names = sorted({name for _, run in runs for name, ms in run.cpu_ms.items() if ms >= 0.05})
    cells = [(name, *(_number(run.cpu_ms.get(name)) for _, run in runs)) for name in names]
    if runs:
        totals = [sum(ms for name, ms in run.cpu_ms.items() if name not in BESIDE) for _, run in runs]
        cells.append(("all but the clients", *(f"{total:.1f}" for total in totals)))
        cells.append(("used by other programs, % of the machine", *(f"{run.others_percent:.0f}" for _, run in runs)))
        cells.append(("given to others by its host, %", *(f"{run.stolen_percent:.0f}" for _, run in runs)))
    about = "Milliseconds of one core for one dossier, with every client busy."
    return Table("Processor time", about, ("program", *(name for name, _ in runs)), cells)


def _steps(result: Result) -> Table:
    cells = [
        (key, who, f"{load} ({run.rate:.1f}/s)", step, *_spread(said), _again(run, step))
        for who, load, runs in _loads(result)
        for key, run in runs.items()
        for step, said in run.steps.items()
    ]
    about = (
        "What clients waited for, in milliseconds; at half of maximum from the instant at which it should have begun. "
        "`again` counts what they were told to ask again; a run of ours with more than one in a thousand has no "
        "figures. Of stock the steps stand here of the dossiers that came so far, however few that are."
    )
    columns = ("procedure", "of", "load", "step", "p50", "p95", "p99", "count", "again")
    return Table("Steps", about, columns, cells)


def _loads(result: Result) -> Iterator[tuple[str, str, Mapping[str, Flow | Control]]]:
    """All runs of whole dossiers: whose, under which load, by procedure."""
    yield "ours", "half of maximum", result.open
    yield "stock", "half of its maximum", result.stock_open
    yield "ours", "set rate", result.rated
    yield "ours", "maximum", result.closed
    yield "stock", "maximum", result.stock


def _again(run: Flow | Control, step: str) -> str:
    return str(run.again.get(step, 0)) if isinstance(run, Flow) else "–"


def _hops(result: Result) -> Table:
    cells = [
        (key, f"{load} ({flow.rate:.1f}/s)", name, *_spread(said))
        for load, flows in (("half of maximum", result.open), ("set rate", result.rated))
        for key, flow in flows.items()
        for name, said in sorted(flow.hops.items(), key=lambda pair: -pair[1].p99)
    ]
    about = (
        "From the `at` of an event to the `at` of what its subscriber appended, or until a department's own program "
        "heard of it, in milliseconds."
    )
    return Table("Events", about, ("procedure", "load", "event → subscriber", "p50", "p95", "p99", "count"), cells)


def _ages(result: Result) -> Table:
    cells = [
        (
            key,
            f"{load} ({flow.rate:.1f}/s)",
            queue,
            *(f"{100 * aged.share(seconds):.2f}" for seconds in _SHOWN_AGES),
            f"{1000 * aged.at_most(0.99):.0f}",
            f"{aged.count:,}",
        )
        for load, flows in (("half of maximum", result.open), ("set rate", result.rated))
        for key, flow in flows.items()
        for queue, aged in sorted(flow.ages.items(), key=lambda pair: pair[1].share(_SHOWN_AGES[-1]))
    ]
    about = (
        "Every event that each queue was given, from when it was written until its handler was done and the broker "
        "was told so: the share in % that was no older than so many milliseconds, and a bound for the p99."
    )
    shares = tuple(f"≤ {1000 * seconds:.0f}" for seconds in _SHOWN_AGES)
    return Table("Deliveries", about, ("procedure", "load", "queue", *shares, "p99 ≤", "count"), cells)


def _intake(result: Result) -> Table:
    cells = [
        (
            door,
            f"{one.rate:.0f}",
            *_spread(one.closed)[:3],
            f"{one.work_ms:.1f}",
            f"{one.open_rate:.0f}",
            *_spread(one.open)[:3],
            f"{one.open_work_ms:.1f}",
            f"{one.open_others_percent:.1f}",
            f"{one.open_stolen_percent:.1f}",
            flushes.in_words(one.flush_ms),
            f"{one.owed_seconds:.1f}",
        )
        for door, one in result.accepted.items()
    ]
    about = (
        "Submissions alone, one intake process: accepted a second and latency in ms at maximum, then at half of it; "
        "`core` is what one takes of a core, in ms, in all processes that have a part in it, servers and relays "
        "included: more at half of the maximum, where fewer are done together. Beside the latter stands what kept it "
        "waiting that is none of ours: the shares of the machine that other programs used and that its host gave to "
        "others meanwhile, in %, and how long MongoDB's journal took to reach the disk, in ms: the mean of a flush in "
        "the middle second and in the slowest. What stock accepted it has published when it answers; ours is waited "
        "for, which counts in `core`: `owed` is for how many seconds after the last answer, in the worse of both runs."
    )
    if result.peer:
        about += f" Django REST framework with PostgreSQL (`tests/bench/django/__init__.py`): {result.peer}"
    half = ("half of it", "p50", "p95", "p99", "core", "others", "stolen", "flush", "owed")
    return Table("Intake alone", about, ("door", "a second", "p50", "p95", "p99", "core", *half), cells)


def _limit(result: Result) -> Table:
    cells = [
        (
            key,
            *(f"{rate:.1f}" for rate in (one.rate, one.rate_with_letters)),
            *(f"{share:.0f}" for share in (one.machine_percent, one.others_percent, one.stolen_percent)),
            f"{one.dossiers:,}",
            ", ".join(f"{name} {ms:.1f}" for name, ms in sorted(one.cpu_ms.items(), key=lambda pair: -pair[1])[:3]),
        )
        for key, one in result.limit.items()
    ]
    chosen = {_setting(asdict(one)) for one in result.limit.values()}
    tried = "; ".join(f"{_setting(one)}: {one['rate']:.0f}/s" for one in result.limit_trials)
    about = (
        f"The same writes and messages without any logic: dossiers a second, by {'; '.join(sorted(chosen))}. Tried: "
        f"{tried or 'nothing else'}. A machine that is not full waited for its disk or for confirms."
    )
    shares = ("machine busy, %", "others, %", "stolen, %")
    columns = ("procedure", "a second", "and letters", *shares, "dossiers", "ms of a core for one")
    return Table("The limit", about, columns, cells)


def _setting(one: Mapping[str, Any]) -> str:
    return f"{one['processes']:.0f} processes × {one['threads']:.0f}, {one['batch']:,.0f} together"


def _control(result: Result) -> Table:
    cells = [
        (
            key,
            f"{one.wrong_dossiers} of {one.dossiers}",
            _listed(one.wrong),
            _listed(one.failures),
        )
        for key, one in result.stock.items()
    ]
    tried = ", ".join(
        f"{one['workers']:.0f} workers and prefetch with {one['connections']:.0f} connections: {one['rate']:.1f}/s"
        for one in result.stock_trials
    )
    chosen = {f"{one.workers} workers, {one.connections} connections" for one in result.stock.values()}
    about = f"Measured with {', '.join(sorted(chosen))}. Tried: {tried or 'nothing else'}."
    return Table("What stock left wrong", about, ("procedure", "dossiers", "what", "told to clients"), cells)


def _work(result: Result) -> Table:
    cells = [
        (
            key,
            *(_number(value) for value in (flow.work.inserts, flow.work.documents)),
            *(_number(value) for value in (flow.work.updates, flow.work.appends, flow.work.queries)),
            _number(flow.work.messages),
            _number(flow.work.deliveries),
            str(flow.work.letters),
            _number(sum(result.stock[key].published.values()) if key in result.stock else None),
        )
        for key, flow in result.closed.items()
    ]
    about = (
        "What one dossier makes the servers do, counted while it was measured. Of the inserts some begin a history "
        "(state, subject, event), of the updates some append to one and set its state; the limit does as many of each, "
        "of the same sizes, and for all others small rows and small fields. It publishes as many events, delivers as "
        "many, and with the letters hands over as many. It leaves out the queries, the files that are uploaded, every "
        "index but that of ids, and all that is decided, checked or rendered."
    )
    columns = (
        *("procedure", "inserts", "histories begun", "updates", "appends", "queries", "events", "deliveries"),
        *("letters", "events of stock"),
    )
    return Table("Work", about, columns, cells)


def _idle(result: Result) -> Table:
    idle = result.idle
    if idle is None:
        return Table("Idle", "", (), ())
    names = sorted(idle.rss_mb, key=lambda name: -idle.rss_mb[name])
    cells = [
        (name, f"{idle.cpu_percent.get(name, 0):.2f}", f"{idle.rss_mb[name]:.0f}", f"{idle.pss_mb.get(name, 0):.0f}")
        for name in names
    ]
    cells.append(("together", f"{idle.cpu_in_all:.2f}", f"{idle.rss_in_all:.0f}", f"{idle.pss_in_all:.0f}"))
    about = f"Over {idle.seconds:.0f} s at rest. `make up` took {idle.up_seconds:.1f} s."
    return Table("Idle", about, ("program", "% of a core", "RSS in MB", "PSS in MB"), cells)


def machine_line(machine: Mapping[str, Any]) -> str:
    """The machine in one line."""
    versions = ", ".join(
        f"{name} {machine[name]}" for name in ("python", "rabbitmq", "mongod", "nameko", "eventlet", "pymongo", "amqp")
    )
    load = "/".join(str(one) for one in machine["load_before"])
    return (
        f"{machine['cores']} cores of {machine['processor']}, {machine['memory_gb']} GB, kernel {machine['kernel']}; "
        f"{versions}; commit {machine['commit']}; load before the run {load}"
    )


def _spread(said: Spread) -> tuple[str, str, str, str]:
    return f"{said.p50:.0f}", f"{said.p95:.0f}", f"{said.p99:.0f}", f"{said.count}"


def _rate(value: float | None) -> str:
    return f"{value:.1f}" if value is not None else "–"


def _number(value: float | None) -> str:
    return f"{value:.1f}" if value is not None else "–"


def _listed(counts: Mapping[str, int]) -> str:
    return "; ".join(_items(counts)) or "–"


def _items(counts: Mapping[str, int]) -> Iterable[str]:
    return (f"{count} × {what}" for what, count in sorted(counts.items(), key=lambda pair: -pair[1]))
