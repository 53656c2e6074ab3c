"""Many dossiers stored: is it as fast as when there were none, and does every list and look-up go by an index?"""

import time
from collections.abc import Mapping
from typing import Any, Final

from tests.bench.books import Books
from tests.bench.fill import Filled, fill
from tests.bench.lookups import ask, samples
from tests.bench.ours import Ours
from tests.bench.outcome import Flow, Grown, Growth, Unclosed
from tests.bench.patterns import live
from tests.bench.plan import FEE, Plan
from tests.bench.rig import Rig
from tests.bench.world import offers

_CHECKED: Final = 200
_GIGABYTE: Final = 1e9


def measure(rig: Rig, plan: Plan) -> Growth:
    """Throughput empty, then full, on one stack; then every question. Raises Unclosed, DemoError."""
    rig.up()
    empty = _maximum(rig, plan)
    patterns = live(rig, plan.drain_seconds)
    began = time.monotonic()
    filled = fill(rig.env["MOTCUA_MONGO_URI"], patterns, plan.growth_dossiers)
    rig.books.client.admin.command("fsync")
    seconds = time.monotonic() - began
    _insist(rig, filled)
    full = _maximum(rig, plan)
    return Growth(
        procedure=FEE,
        dossiers=filled.dossiers,
        documents=filled.documents,
        gigabytes=round(filled.bytes / _GIGABYTE, 2),
        stored_gigabytes=_stored(rig.books),
        seconds=round(seconds, 1),
        empty=_grown(empty),
        full=_grown(full),
        asked=ask(rig.env, samples(rig.books, filled.codes)),
    )


def _maximum(rig: Rig, plan: Plan) -> Flow:
    one = Ours(rig, plan, offers((FEE,))[FEE])
    with one.hire() as crew:
        return one.closed(crew, one.warm(crew).rate, plan.growth_seconds)


def _grown(flow: Flow) -> Grown:
    return Grown(flow.dossiers, flow.rate, flow.cpu_ms_in_all, flow.others_percent)


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
