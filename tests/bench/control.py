"""The stock services under the same clients: as many dossiers as they can, and what they leave wrong or missing."""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from typing import Any, Final, Self

from pymongo import MongoClient

from tests.bench.client import SUBMIT, WHOLE, Lived
from tests.bench.crew import Crew
from tests.bench.intake import Contestant, kept_in
from tests.bench.ours import each_for, seconds_at, step_over_time, steps
from tests.bench.outcome import Control, NotMeasured
from tests.bench.plan import FEE, NO_FEE, NOTICES, Plan, Trial
from tests.bench.rig import Rig
from tests.bench.sampling import others_percent, stolen_percent, used
from tests.bench.stats import middle_rate, per_second
from tests.bench.stock_rig import StockServices, Tap, queue_names
from tests.bench.world import STOCK, Offer

_LOOK_SECONDS: Final = 0.5
_QUIET_LOOKS: Final = 6  # nothing has changed for three seconds: what has not come by now never will
_TOLD: Final = {
    NO_FEE: ("applicant submitted", "unit submitted", "applicant accepted", "applicant resolved"),
    FEE: ("applicant payment", "applicant paid", "unit paid"),
}
Document = dict[str, Any]


class Trials:
    """Tries settings on one procedure, then measures under the best."""

    def __init__(self, rig: Rig, plan: Plan) -> None:
        self._rig, self._plan = rig, plan
        self.told: list[dict[str, float]] = []

    def best(self, offer: Offer) -> Trial:
        """The setting under which most dossiers a second were done right; a lone one need not be tried."""
        if len(self._plan.trials) == 1:
            return self._plan.trials[0]
        for trial in self._plan.trials:
            with StockServices(self._rig, trial) as services, self.hire(services, offer) as crew:
                self._warm(crew)
                crew.prepare(self._plan.trial_each)
                done = self._run(services, crew, partial(crew.closed, self._plan.trial_each), {})
            self.told.append({**asdict(trial), "rate": done.steady_rate, "wrong": done.wrong_dossiers})
        best = max(self.told, key=lambda one: one["rate"])
        return Trial(int(best["workers"]), int(best["connections"]))

    def closed(self, services: StockServices, crew: Crew) -> Control:
        """The maximum."""
        with Tap(crew.world) as tap:
            expected = self._warm(crew)
            published = tap.counted(self._plan.warm_each * crew.clients)
        each = each_for(expected, self._plan.closed_seconds, crew.clients, self._plan.least_each)
        crew.prepare(each)
        return self._run(services, crew, partial(crew.closed, each), published)

    def half(self, services: StockServices, crew: Crew, closed: Control) -> Control:
        """Half of that maximum, whatever became of the dossiers before. Raises NotMeasured."""
        if not (rate := closed.steady_rate / 2):
            raise NotMeasured("there is no half of nothing")
        seconds = seconds_at(rate, self._plan.open_seconds, self._plan.stock_open_least)
        crew.prepare(-(-round(rate * seconds) // crew.clients) or 1)
        opened = self._run(services, crew, partial(crew.open, rate, seconds), closed.published)
        return replace(opened, rate_asked=round(rate, 2))

    def contestant(self, services: StockServices) -> Contestant:
        """Its submissions alone."""
        world = services.world(self._plan.lost_after_seconds)
        kept = kept_in(world.mongo_uri, f"{STOCK}intake")
        return Contestant("stock, RPC", world, "rpc", kept, services.pids, queues=queue_names())

    def hire(self, services: StockServices, offer: Offer) -> Crew:
        """The clients."""
        world = services.world(self._plan.lost_after_seconds)
        return Crew(world, offer, self._plan.clients, self._plan.drivers)

    def _warm(self, crew: Crew) -> float:
        """A few dossiers of each client, all their letters too; dossiers a second."""
        crew.prepare(self._plan.warm_each)
        lived = crew.closed(self._plan.warm_each)
        with _Books(crew, lived) as books:
            books.await_quiet(self._plan.drain_seconds)
            return len(lived) / seconds_of(lived, books.last_sent())

    def _run(
        self, services: StockServices, crew: Crew, submit: Callable[[], list[Lived]], published: dict[str, float]
    ) -> Control:
        with self._rig.sampler({**crew.pids, **services.pids}, queue_names(), ()) as sampler:
            lived = submit()
            with _Books(crew, lived) as books:
                books.await_quiet(self._plan.drain_seconds)
                wrong, last_sent, sent = books.wrong(), books.last_sent(), books.sent()
        (before, after), began = sampler.ends, min(one.intended for one in lived)
        seconds = seconds_of(lived, last_sent)
        right = [one for one in lived if one.code and one.code not in wrong]
        return Control(
            procedure=crew.offer.key,
            **asdict(services.trial),
            clients=crew.clients,
            dossiers=len(lived),
            seconds=round(seconds, 2),
            rate=round(len(right) / seconds, 2),
            steady=round(middle_rate(ends(right, sent)) or 0.0, 2),
            cpu_ms={name: round(1000 * one / len(lived), 2) for name, one in used(before, after).items()},
            others_percent=others_percent(before, after),
            stolen_percent=stolen_percent(before, after),
            steps=steps(lived),
            wrong=dict(Counter(said for all_ in wrong.values() for said in all_)),
            wrong_dossiers=len(wrong) + sum(1 for one in lived if not one.code),
            failures=dict(Counter(one.failure.partition("(")[0][:80] for one in lived if one.failure)),
            published=published,
            resolved_per_second=per_second(one.resolved - began for one in lived if one.resolved),
            track=sampler.track(),
            submit_over_time=step_over_time(lived, SUBMIT, began),
            whole_over_time=step_over_time(lived, WHOLE, began),
        )


def seconds_of(lived: Sequence[Lived], last_sent: float) -> float:
    """From the first submission to the last result or letter, whichever came later. Raises NotMeasured."""
    seconds = max(last_sent, *(one.resolved for one in lived)) - min(one.intended for one in lived)
    if seconds <= 0:
        raise NotMeasured(f"stock did not bring a single dossier through: {lived[0].failure}")
    return seconds


def ends(right: Sequence[Lived], sent: Mapping[str, float]) -> list[float]:
    """When each dossier had its result and its last letter, which went out as `sent` says."""
    return [max(one.resolved, sent[one.code]) for one in right]


class _Books:
    """What the stock services have written down about some dossiers."""

    def __init__(self, crew: Crew, lived: Sequence[Lived]) -> None:
        self._client: MongoClient[Document] = MongoClient(crew.world.mongo_uri, tz_aware=True)
        self._codes, self._procedure = [one.code for one in lived if one.code], crew.offer.key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def await_quiet(self, seconds: float) -> None:
        """Until all is done, or nothing changes any more, or time is over."""
        until, quiet, before = time.monotonic() + seconds, 0, (-1, -1)
        all_done = (len(self._codes), NOTICES[self._procedure] * len(self._codes))
        while before != all_done and quiet < _QUIET_LOOKS and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS)
            seen = self._seen()
            quiet, before = (quiet + 1 if seen == before else 0), seen

    def wrong(self) -> dict[str, list[str]]:
        """What is wrong with each dossier, or missing of it; those that are right are left out."""
        kept = {name: self._kept(name) for name in ("intake.dossiers", "routing.cases", "payment.orders")}
        kept |= {name: self._kept(name) for name in ("registry.records", "notify.notices")}
        found = {code: list(self._of({name: by_code[code] for name, by_code in kept.items()})) for code in self._codes}
        return {code: said for code, said in found.items() if said}

    def sent(self) -> dict[str, float]:
        """When the last notice of each dossier that has any was handed over, in seconds of the wall clock."""
        last: dict[str, float] = defaultdict(float)
        wanted = {"dossier_code": {"$in": self._codes}, "sent_at": {"$exists": True}}
        for one in self._of_service("notify.notices").find(wanted, {"dossier_code": 1, "sent_at": 1}):
            last[one["dossier_code"]] = max(last[one["dossier_code"]], one["sent_at"].timestamp())
        return last

    def last_sent(self) -> float:
        """When the last notice was handed over."""
        wanted = {"dossier_code": {"$in": self._codes}, "sent_at": {"$exists": True}}
        found = self._of_service("notify.notices").find_one(wanted, sort=[("sent_at", -1)])
        return float(found["sent_at"].timestamp()) if found else 0.0

    def _of(self, kept: dict[str, list[Document]]) -> Iterator[str]:
        """The very end that each dossier must have."""
        for name, wanted in (("intake.dossiers", "resolved"), ("routing.cases", "decided")):
            statuses = [one["status"] for one in kept[name]]
            if statuses != [wanted]:
                yield f"{name} {', '.join(statuses) or 'missing'}"
        if len(kept["registry.records"]) != 1:
            yield f"{len(kept['registry.records'])} records"
        if self._procedure == FEE:
            orders = [(one["status"], "receipt" in one) for one in kept["payment.orders"]]
            if orders != [("paid", True)]:
                yield f"payment.orders {orders}"
        yield from self._of_notices(kept["notify.notices"])

    def _of_notices(self, notices: list[Document]) -> Iterator[str]:
        due = {*_TOLD[NO_FEE], *(_TOLD[FEE] if self._procedure == FEE else ())}
        asked = Counter(f"{one['audience']} {one['moment']}" for one in notices)
        if asked != Counter(due):
            yield "notices missing or twice"
        if any(one["status"] != "sent" for one in notices):
            yield "notices not sent"

    def _seen(self) -> tuple[int, int]:
        of_these = {"$in": self._codes}
        resolved = {"_id": of_these, "status": "resolved"}
        sent = {"dossier_code": of_these, "status": "sent"}
        dossiers, notices = self._of_service("intake.dossiers"), self._of_service("notify.notices")
        return dossiers.count_documents(resolved), notices.count_documents(sent)

    def _kept(self, name: str) -> dict[str, list[Document]]:
        found: dict[str, list[Document]] = defaultdict(list)
        for one in self._of_service(name).find({"dossier_code": {"$in": self._codes}}, {"history": 0}):
            found[one["dossier_code"]].append(one)
        return found

    def _of_service(self, name: str) -> Any:
        service, _, collection = name.partition(".")
        return self._client[STOCK + service][collection]


def prepare_indexes(mongo_uri: str) -> None:
    """What the stock services look up by anything but an id."""
    with MongoClient[Document](mongo_uri) as client:
        for name in ("payment.orders", "registry.records", "notify.notices"):
            service, _, collection = name.partition(".")
            client[STOCK + service][collection].create_index("dossier_code")
        client[f"{STOCK}payment"]["orders"].create_index("attempts")
        client[f"{STOCK}intake"]["uploads"].create_index("owner")
