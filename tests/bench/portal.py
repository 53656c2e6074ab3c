"""The portal with many dossiers of one unit: how long a page takes at the server, and what it asks of the stores.

One visitor at a time, nothing else running. Every page is opened in turn, in rounds, so that what else the machine is
busy with meets all of them alike; what the stores read for it is looked at afterwards, as writing that down takes time.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from typing import Final

from deploy.local.waiting import wait_until
from services.cli.demo.command import settled
from services.cli.demo.town import Town
from tests.bench.outcome import NotMeasured, Unclosed
from tests.bench.plan import Plan
from tests.bench.profiled import Profiler, Question
from tests.bench.rig import Rig
from tests.bench.stats import spread
from tests.bench.stocked import stocked
from tests.bench.unit import OFFICERS, UNIT, patterns
from tests.bench.viewed import Viewed, Viewing
from tests.bench.views import ANYBODY, APPLICANT, AT_WORK, OFFICER, OPERATOR, Stock, View, views
from tests.bench.visitor import Seen, Visitor, applicant_claims, officer_claims

OPEN_SHARE: Final = 0.3  # a queue of which thousands wait is the harder one
_SAMPLES: Final = 12
_UNLIMITED: Final = dict.fromkeys(("PORTAL_LOOKUP_LIMIT", "PORTAL_VERIFY_LIMIT"), "1000000/minute")
_OPERATOR: Final = "van-hanh-1"
_REST_SECONDS: Final = 600.0
_SET: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Pages:
    """What is opened, and by whom."""

    views: Sequence[View]
    visitors: Mapping[str, Visitor]

    def open(self, view: View, number: int) -> Seen:
        """For the time of that number. Raises NotMeasured where it is not shown as it must be."""
        ask = view.asks[number % len(view.asks)]
        seen = self.visitors[view.visitor].open(ask.path, ask.form)
        if wrong := ask.shows(seen.text):
            raise NotMeasured(f"{view.name}, {ask.path}: {wrong}")
        return seen


def measure(run_dir: Path, plan: Plan, stored: Path | None) -> Viewing:
    """Fill a stack, then open every page. Raises NotMeasured, Unclosed, DemoError.

    What is filled in is wiped at the end, unless it is `stored` in a run directory named for it.
    """
    rig = Rig(stored or run_dir.with_name(f"{run_dir.name}-pages"), env=_UNLIMITED)
    try:
        rig.up()
        told = partial(patterns, rig, plan.drain_seconds)
        filled = stocked(rig, plan.pages_dossiers, told, OPEN_SHARE)
        _await_rest(rig)
        codes = Random(0).sample(filled.codes, min(_SAMPLES, len(filled.codes)))  # noqa: S311 – the same each time
        stock = Stock.read(rig.books, codes)
        with _visitors(rig.env, stock) as visitors:
            first = visitors[OFFICER].open("/ban-lam-viec").text
            pages = _Pages(views(stock, first), visitors)
            with rig.sampler({}, {}, ()) as sampler:
                seen = _timed(pages, plan.pages_times)
            viewed = [
                _viewed(view, seen[view.name], asked) for view, asked in _asked(pages, Profiler(rig.books.client))
            ]
        return Viewing(
            unit=UNIT,
            dossiers=filled.dossiers,
            open=stock.count(AT_WORK),
            documents=filled.documents,
            seconds=filled.seconds,
            noise=sampler.noise,
            pages=sorted(viewed, key=lambda one: -one.took.p95),
        )
    finally:
        if stored:
            rig.stack.down()
        else:
            rig.wipe()


def _await_rest(rig: Rig) -> None:
    """Until every clock that had run out has been told, and all that follows has been done. Raises Unclosed."""
    town = Town(rig.env)

    def is_at_rest() -> bool:
        late = {"state.rings_at": {"$gt": _SET, "$lt": datetime.now(UTC)}}
        return not rig.books.found("routing.cases", late, most=1) and not any(settled(town).values())

    try:
        if not wait_until(is_at_rest, _REST_SECONDS):
            raise Unclosed(f"what was filled in has not come to rest after {_REST_SECONDS:.0f} s")
    finally:
        town.close()


@contextmanager
def _visitors(env: Mapping[str, str], stock: Stock) -> Iterator[Mapping[str, Visitor]]:
    """Everybody who opens pages, signed in."""
    who, provider = stock.applicant, env["PORTAL_OIDC_ISSUER"]
    with ExitStack() as opened:
        found = {
            name: opened.enter_context(Visitor(env["MOTCUA_PORTAL_URL"]))
            for name in (OFFICER, APPLICANT, OPERATOR, ANYBODY)
        }
        found[OFFICER].sign_in(OFFICERS[0], provider, officer_claims(OFFICERS[0], UNIT))
        found[APPLICANT].sign_in("applicant", provider, applicant_claims(who.kind, who.id, who.name))
        found[OPERATOR].sign_in(_OPERATOR, provider)
        yield found


def _timed(pages: _Pages, times: int) -> dict[str, list[Seen]]:
    """Every page so often, once more before for whatever is kept from then on."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    for number in range(-1, times):
        for view in pages.views:
            one = pages.open(view, max(0, number))
            if number >= 0:
                seen[view.name].append(one)
    return seen


def _asked(pages: _Pages, profiler: Profiler) -> Iterator[tuple[View, list[list[Question]]]]:
    """Of every address of every page what the stores are asked for it."""
    with profiler.on():
        for view in pages.views:
            found = []
            for number in range(len(view.asks)):
                began = datetime.now(UTC)
                pages.open(view, number)
                found.append(profiler.since(began))
            yield view, found


def _viewed(view: View, seen: Sequence[Seen], asked: Sequence[Sequence[Question]]) -> Viewed:
    took = spread(one.seconds for one in seen)
    if took is None:
        raise NotMeasured(f"{view.name} was never opened")
    every = [question for questions in asked for question in questions]
    return Viewed(
        name=view.name,
        visitor=view.visitor,
        took=took,
        kilobytes=max(one.kilobytes for one in seen),
        questions=max(len(questions) for questions in asked),
        examined=max((one.examined for one in every), default=0),
        detours=sorted({f"{way} of {one.collection.partition('.')[2]}" for one in every for way in one.detours}),
    )
