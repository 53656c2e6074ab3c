"""Many dossiers stored: is it as fast as when there were none, and does every list and look-up go by an index?

An empty and a full stack stand side by side and take turns, in pairs: what else the machine has to do meets both, and
the ratio that counts is the median of the pairs'. The one whose turn it is not is at rest.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from tests.bench.beside import laid_beside
from tests.bench.books import Books
from tests.bench.lookups import ask, samples
from tests.bench.ours import Ours
from tests.bench.outcome import Flow
from tests.bench.patterns import live
from tests.bench.plan import FEE, Plan
from tests.bench.rig import Rig
from tests.bench.stocked import stocked
from tests.bench.stressed import Grown, Growth, Pair
from tests.bench.world import offers

_GIGABYTE: Final = 1e9


def measure(run_dir: Path, plan: Plan, stored: Path | None) -> Growth:
    """Throughput empty and full in turns; then every question. Raises Unclosed, DemoError.

    What is filled in is wiped at the end, unless it is `stored` in a run directory named for it: there it is left, and
    found there already by the next run.
    """
    empty, full = (
        Rig(run_dir.with_name(f"{run_dir.name}-empty")),
        Rig(stored or run_dir.with_name(f"{run_dir.name}-full")),
    )
    try:
        full.up()
        filled = stocked(full, plan.growth_dossiers, partial(live, full, plan.drain_seconds))
        empty.up()
        pairs = _pairs(empty, full, plan)
        empty.stack.down()
        full.stop_services()  # nothing else is asked of the store, nor done about what is laid beside
        stored_gigabytes, about = _stored(full.books), samples(full.books, filled.codes)
        with laid_beside(full.books, about, filled.dossiers) as beside, full.sampler({}, {}, ()) as sampler:
            asked = ask(full.env, about)
        return Growth(
            procedure=FEE,
            dossiers=filled.dossiers,
            documents=filled.documents,
            gigabytes=round(filled.bytes / _GIGABYTE, 2),
            stored_gigabytes=stored_gigabytes,
            seconds=filled.seconds,
            pairs=pairs,
            asked=asked,
            beside=beside,
            while_asked=sampler.noise,
        )
    finally:
        empty.wipe()
        if stored:
            full.stack.down()
        else:
            full.wipe()


def _pairs(empty: Rig, full: Rig, plan: Plan) -> list[Pair]:
    """Both sides do as many dossiers; who begins changes from pair to pair."""
    contestants = [Ours(rig, plan, offers((FEE,))[FEE], resting=other) for rig, other in ((empty, full), (full, empty))]
    with ExitStack() as hired:
        sides = [(one, hired.enter_context(one.hire(plan.few_clients))) for one in contestants]
        fastest = max(one.warm(crew).rate for one, crew in sides)
        each = contestants[0].each(sides[0][1], fastest, plan.growth_seconds)
        pairs = []
        for number in range(plan.growth_pairs):
            turns = sides if number % 2 == 0 else sides[::-1]
            done = [_grown(one.closed(crew, each)) for one, crew in turns]
            pairs.append(Pair(*(done if number % 2 == 0 else done[::-1])))
        return pairs


def _grown(flow: Flow) -> Grown:
    return Grown(flow.dossiers, flow.steady_rate, flow.cpu_ms_in_all, flow.others_percent, flow.stolen_percent)


def _stored(books: Books) -> dict[str, float]:
    """What each database takes on the disk, indexes included."""
    found = {}
    for name in ("intake", "routing", "payment", "registry", "notify"):
        told: Mapping[str, Any] = books.client[f"motcua_{name}"].command("dbStats")
        found[name] = round((told["storageSize"] + told["indexSize"]) / _GIGABYTE, 3)
    return found
