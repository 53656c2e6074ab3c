"""Many dossiers stored: is it as fast as when there were none, and does every list and look-up go by an index?

An empty and a full stack stand side by side and take turns, in pairs: what else the machine has to do meets both, and
the ratio that counts is the median of the pairs'. The one whose turn it is not is at rest.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import cattrs

from tests.bench.books import Books
from tests.bench.fill import Filled, fill
from tests.bench.lookups import ask, samples
from tests.bench.ours import Ours
from tests.bench.outcome import Flow, Grown, Growth, Pair, Unclosed
from tests.bench.patterns import live
from tests.bench.plan import FEE, Plan
from tests.bench.rig import Rig
from tests.bench.world import offers

_CHECKED: Final = 200
_GIGABYTE: Final = 1e9
_KEPT: Final = "filled.json"


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
        filled = _filled(full, plan)
        empty.up()
        pairs = _pairs(empty, full, plan)
        empty.stack.down()
        return Growth(
            procedure=FEE,
            dossiers=filled.dossiers,
            documents=filled.documents,
            gigabytes=round(filled.bytes / _GIGABYTE, 2),
            stored_gigabytes=_stored(full.books),
            seconds=filled.seconds,
            pairs=pairs,
            asked=ask(full.env, samples(full.books, filled.codes)),
        )
    finally:
        empty.wipe()
        if stored:
            full.stack.down()
        else:
            full.wipe()


def _filled(rig: Rig, plan: Plan) -> Filled:
    """What an earlier run left there, else what is filled in now. Raises Unclosed, DemoError."""
    kept = rig.run_dir / _KEPT
    if kept.exists():
        filled = cattrs.structure(json.loads(kept.read_text(encoding="utf-8")), Filled)
    else:
        filled = fill(rig.env["MOTCUA_MONGO_URI"], live(rig, plan.drain_seconds), plan.growth_dossiers)
        kept.write_text(json.dumps(asdict(filled)), encoding="utf-8")
    _insist(rig, filled)
    return filled


def _pairs(empty: Rig, full: Rig, plan: Plan) -> list[Pair]:
    """Both sides do as many dossiers; who begins changes from pair to pair."""
    contestants = [Ours(rig, plan, offers((FEE,))[FEE]) for rig in (empty, full)]
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
    return Grown(flow.dossiers, flow.steady_rate, flow.cpu_ms_in_all, flow.others_percent)


def _insist(rig: Rig, filled: Filled) -> None:
    """What was filled in is as the services themselves would have left it. Raises Unclosed."""
    codes = filled.codes[:: max(1, len(filled.codes) // _CHECKED)]
    if wrong := rig.books.disagreements(codes):
        raise Unclosed("; ".join(("what was filled in is wrong", *wrong[:5])))


def _stored(books: Books) -> dict[str, float]:
    """What each database takes on the disk, indexes included."""
    found = {}
    for name in ("intake", "routing", "payment", "registry", "notify"):
        told: Mapping[str, Any] = books.client[f"motcua_{name}"].command("dbStats")
        found[name] = round((told["storageSize"] + told["indexSize"]) / _GIGABYTE, 3)
    return found
