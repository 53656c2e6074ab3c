"""The tables of what happens in the long run: two processes for one, memory over time, many dossiers stored."""

from tests.bench.outcome import Result
from tests.bench.stressed import MOST_AT_ALL, MOST_EACH, Asked
from tests.bench.table import Table

_MIDDLE = (
    "The rate is that of the middle of the run, from when a tenth of the dossiers had ended until nine tenths had."
)


def scaling(result: Result) -> Table:
    """One process and two."""
    told = result.scaling
    if told is None:
        return Table("Scaling", "", (), ())
    cells = [
        (
            run.limit,
            str(run.processes),
            str(run.clients),
            f"{run.rate:.1f}",
            f"{told.ratio(run.limit) or 0:.2f} ×" if run.processes > 1 else "",
            f"{run.service_ms:.1f}",
            f"{run.machine_percent:.0f}",
            f"{run.others_percent:.0f}",
            f"{run.stolen_percent:.0f}",
            f"{run.dossiers:,}",
            f"{run.events:,}",
        )
        for run in told.runs
    ]
    about = (
        f"{told.service} works most for {told.procedure}; in one process, then in two. One is measured under as many "
        f"clients as each of two has and under as many as both, and two are held against the better of it. Where "
        f"the cores are full with one, two have nothing more to run on; so it is measured again with each process "
        f"held to {100 * told.share:.1f} % of a core, as on machines of their own. Each client does as many dossiers. "
        f"{_MIDDLE} The sum of every run closed, and "
        f"each history was told in its order, without a gap."
    )
    columns = (
        *("limited by", "processes", "clients", "a second", "", "its ms"),
        *("machine busy, %", "others, %", "stolen, %", "dossiers", "events in order"),
    )
    return Table("Scaling", about, columns, cells)


def memory(result: Result) -> Table:
    """Each service under load."""
    told = result.memory
    if told is None:
        return Table("Memory under load", "", (), ())
    cells = [
        (
            name,
            *(f"{size:.0f}" for size in (held.rss_first, held.rss_most, held.pss_most)),
            *(f"{grows:+.3f}" for grows in (held.rss_slope, held.pss_slope)),
        )
        for name, held in sorted(told.services.items(), key=lambda pair: -pair[1].rss_most)
    ]
    looks = " and ".join(f"{count:,} visits to {door}" for door, count in told.opened.items()) or "no visits to doors"
    about = (
        f"{told.dossiers:,} dossiers of {told.procedure} at {told.rate:.1f} a second, half of the maximum "
        f"({told.maximum:.1f}), for {told.seconds / 60:.1f} minutes, and {looks}; other programs used "
        f"{told.others_percent:.0f} % of the machine, and its host gave {told.stolen_percent:.0f} % to others. Growth "
        f"in MB a minute is the slope of a line through all looks by least squares, the first fifth of the time left "
        f"out. RSS counts shared pages for each process, PSS each one's part of them; targets are held against RSS."
    )
    columns = ("service", "RSS at first, MB", "RSS at most", "PSS at most", "RSS grows a minute", "PSS grows a minute")
    return Table("Memory under load", about, columns, cells)


def growth(result: Result) -> Table:
    """Throughput with empty and with full stores."""
    told = result.growth
    if told is None:
        return Table("Growth", "", (), ())
    cells = [
        (
            name,
            f"{run.rate:.1f}",
            f"{run.cpu_ms:.1f}",
            f"{run.others_percent:.0f}",
            f"{run.stolen_percent:.0f}",
            f"{run.dossiers:,}",
        )
        for one in told.pairs
        for name, run in (("empty", one.empty), (f"{told.dossiers:,} dossiers", one.full))
    ]
    stored = ", ".join(f"{name} {size:.2f}" for name, size in told.stored_gigabytes.items())
    about = (
        f"{told.procedure}, every client busy, at two stacks in turns, each pair one straight after the other and of "
        f"as many dossiers; the median of the pairs' ratios counts. {_MIDDLE} "
        f"Into the one, {told.documents:,} documents ({told.gigabytes:.1f} GB, in "
        f"{told.seconds:.0f} s) were filled: real dossiers of all procedures and fates cast again, with dates, codes, "
        f"numbers and ids of their own. `motcua verify` found nothing wrong with a sample of them, nor "
        f"with any series of numbers. On the disk, in GB with indexes: {stored}."
    )
    return Table(
        "Growth", about, ("stored", "a second", "ms of a core each", "others, %", "stolen, %", "dossiers"), cells
    )


def lookups(result: Result) -> Table:
    """All questions, the slowest first."""
    told = result.growth
    if told is None:
        return Table("Lists and look-ups", "", (), ())
    cells = [
        (
            one.name,
            *(f"{took:.1f}" for took in (one.p50, one.p95)),
            "–" if one.p99 is None else f"{one.p99:.1f}",
            f"{one.longest:.1f}",
            "–" if one.keys is None else f"{one.keys:,}",
            f"{one.examined:,}",
            f"{one.returned:,}",
            ", ".join(one.detours) or "index",
            _remark(one),
        )
        for one in told.asked
    ]
    about = (
        f"Every list and look-up of the five services with {told.dossiers:,} dossiers stored, about dossiers picked at "
        f"random; beside these lie {told.beside:,} documents of what is late, failed, revoked, given back, drafted or "
        "unpublished, so that there is something to find, and no service runs. Milliseconds at the store (p50 and "
        "p95: of three rounds' the median; p99: of all together); then, for the same question put once more and not "
        "timed, the keys and the documents that the server examined, what it returned or counted, and the way that it "
        "takes, by its own plan: of all such answers the one for which it looked furthest beyond what it found, or "
        f"else the largest. More than {MOST_EACH} keys or documents for each one found, and {MOST_AT_ALL} besides, are "
        "too many. The target is held against the slowest p95 and the slowest p99. The longest single answer is shown "
        "and not judged: it is that of the one moment at which something else, of the store or of the machine, was in "
        "the way."
    )
    columns = ("question", "p50", "p95", "p99", "longest", "keys", "documents", "found", "by", "")
    return Table("Lists and look-ups", about, columns, cells)


def _remark(one: Asked) -> str:
    said = {"found nothing": one.found_nothing, "examined many more than it found": one.is_too_far}
    return "; ".join(words for words, holds in said.items() if holds)


def viewing(result: Result) -> Table:
    """Every page, the slowest first."""
    told = result.viewing
    if told is None:
        return Table("Pages", "", (), ())
    cells = [
        (
            one.name,
            one.visitor,
            *(f"{took:.0f}" for took in (one.took.p50, one.took.p95, one.took.p99)),
            f"{one.kilobytes:.0f}",
            str(one.questions),
            f"{one.examined:,}",
            ", ".join(one.detours) or "index",
        )
        for one in told.pages
    ]
    about = (
        f"The portal with {told.dossiers:,} dossiers of {told.unit}, {told.open:,} of them at work "
        f"({told.documents:,} documents, filled in within {told.seconds:.0f} s): milliseconds over loopback until the "
        f"whole page was there, each opened {told.pages[0].took.count} times, one at a time and in turns, with nothing "
        f"else running. Every answer was 200, and every list showed what the stores have. Then the size of the page at "
        f"most, and what mongod wrote down of it: questions, with those that the services ask for themselves "
        f"meanwhile, documents read for the longest of them, and the way that it took."
    )
    columns = ("page", "for", "p50", "p95", "p99", "kB", "questions", "documents read", "by")
    return Table("Pages", about, columns, cells)
