"""Whole dossiers through our five services: as many as they can, then at half of that rate."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from tests.bench import ages
from tests.bench import books as stores
from tests.bench.books import Entry
from tests.bench.client import SUBMIT, WHOLE, Lived
from tests.bench.crew import Crew
from tests.bench.listening import DEPARTMENT, Listening
from tests.bench.operations import Operations, operations
from tests.bench.outcome import RESTING, Flow, NotMeasured, Sum, Work
from tests.bench.plan import NOTICES, Plan
from tests.bench.rig import Rig
from tests.bench.sampling import Sampler, others_percent, stolen_percent, used
from tests.bench.stats import Moment, Spread, middle_rate, over_time, per_second, share_within, spread
from tests.bench.world import Offer, ours

IN_TIME_SECONDS: Final = 10.0
MOST_AGAIN: Final = 0.001  # of all steps may be asked again
_MORE_THAN_WARM: Final = 1.3  # the first dossiers of a stack are the slowest


class Ours:
    """One procedure before our stack."""

    def __init__(
        self, rig: Rig, plan: Plan, offer: Offer, *, resting: Rig | None = None, sums: list[Sum] | None = None
    ) -> None:
        """`sums` gets what became of the dossiers of each run, whether it closes or not."""
        self._rig, self._plan, self._offer, self._resting = rig, plan, offer, resting
        self._sums = [] if sums is None else sums
        self._processes: dict[str, int] = {}
        self._listening: dict[str, int] = {}
        self.codes: list[str] = []  # of every dossier whose run has closed

    @property
    def unit(self) -> str:
        """Whose procedure it is."""
        return self._offer.unit

    def hire(self, clients: int | None = None) -> Crew:
        """The clients, as many as the plan has where nobody says otherwise."""
        self._processes = self._rig.pids()
        return Crew(ours(self._rig.env), self._offer, clients or self._plan.clients, self._plan.drivers)

    def warm(self, crew: Crew) -> Flow:
        """A few dossiers of each client, so that caches are filled. Raises Unclosed."""
        crew.prepare(self._plan.warm_each)
        return self._closed(crew, self._plan.warm_each)

    def each(self, crew: Crew, expected_rate: float, seconds: float | None = None) -> int:
        """How many dossiers each client does in a run of about so long."""
        seconds = seconds or self._plan.closed_seconds
        return each_for(expected_rate, seconds, crew.clients, self._plan.least_each)

    def closed(self, crew: Crew, each: int) -> Flow:
        """The maximum: every client has always one dossier on its way. Raises Unclosed."""
        crew.prepare(each)
        return self._closed(crew, each)

    def open(self, crew: Crew, rate: float, seconds: float | None = None) -> Flow:
        """Dossiers at a set rate, whatever became of those before. Raises Unclosed."""
        seconds = seconds or seconds_at(rate, self._plan.open_seconds, self._plan.open_least)
        crew.prepare(-(-round(rate * seconds) // crew.clients) or 1)
        with self._rig.sampler(self._beside(crew)) as sampler:
            before = operations(self._rig.books.client)
            lived = crew.open(rate, seconds)
            counted = self._await_end(lived)
            done = operations(self._rig.books.client).since(before)
        return self._flow("open", crew.clients, rate, lived, counted, done, sampler)

    def listened_to(self, crew: Crew, rate: float) -> Flow:
        """At a set rate as well, with a department that listens, and the ages of all events. Raises Unclosed."""
        before = ages.read(self._rig.env)
        with Listening(self._rig.env, self._rig.run_dir) as department:
            self._listening = department.pids
            try:
                flow = self.open(crew, rate)
            finally:
                self._listening = {}
            entries = self._rig.books.entries(self.codes[-flow.dossiers :])
            heard = spread(department.seconds(entries))
        hops = {**flow.hops, **({DEPARTMENT: heard} if heard else {})}
        return replace(flow, hops=hops, ages=ages.handled(self._rig.env, before, entries))

    def _closed(self, crew: Crew, each: int) -> Flow:
        with self._rig.sampler(self._beside(crew)) as sampler:
            before = operations(self._rig.books.client)
            lived = crew.closed(each)
            counted = self._await_end(lived)
            done = operations(self._rig.books.client).since(before)
        return self._flow("closed", crew.clients, None, lived, counted, done, sampler)

    def _beside(self, crew: Crew) -> dict[str, int]:
        """What is ours on the machine besides the stack: its clients, who listens, and a stack whose turn it is not."""
        return {**crew.pids, **self._listening, **({RESTING: self._resting.supervisor_pid} if self._resting else {})}

    def _await_end(self, lived: Sequence[Lived]) -> tuple[int, int]:
        codes = [one.code for one in lived if one.code]
        due = NOTICES[self._offer.key] * len(codes)
        return self._rig.books.await_end(codes, due, self._plan.drain_seconds)

    def _flow(
        self,
        load: str,
        clients: int,
        rate: float | None,
        lived: Sequence[Lived],
        counted: tuple[int, int],
        done: Operations,
        sampler: Sampler,
    ) -> Flow:
        ended = self._insist(lived, counted)
        insist_asked_once(lived)
        codes = [one.code for one in lived]
        self.codes += codes
        entries, (before, after) = self._rig.books.entries(codes), sampler.ends
        began, last = min(one.intended for one in lived), last_effect(entries)
        notices = stores.until_sent(entries, NOTICES[self._offer.key] * len(lived))
        return Flow(
            procedure=self._offer.key,
            load=load,
            clients=clients,
            rate_asked=rate and round(rate, 2),
            dossiers=len(lived),
            seconds=round(last - began, 2),
            rate=round(len(lived) / (last - began), 2),
            cpu_ms={name: round(1000 * seconds / len(lived), 2) for name, seconds in used(before, after).items()},
            others_percent=others_percent(before, after),
            stolen_percent=stolen_percent(before, after),
            steps=steps(lived),
            again=asked_again(lived),
            hops={name: said for name, took in sorted(stores.hops(entries).items()) if (said := spread(took))},
            notices_in_time=round(share_within([seconds for _, seconds in notices], IN_TIME_SECONDS), 5),
            submit_over_time=step_over_time(lived, SUBMIT, began),
            whole_over_time=step_over_time(lived, WHOLE, began),
            resolved_per_second=per_second(one.resolved - began for one in lived),
            sent_per_second=per_second(at.timestamp() - began for at, _ in notices),
            track=sampler.track(),
            work=self._work(codes, entries, done),
            steady=round(middle_rate(stores.ends(entries)) or 0.0, 2),
            counted=ended,
        )

    def _insist(self, lived: Sequence[Lived], counted: tuple[int, int]) -> Sum:
        """What was counted. Raises Unclosed unless every dossier ended as it must and all books agree on it."""
        codes = [one.code for one in lived if one.code]
        failures = [f"{one.code or 'not submitted'}: {one.failure}" for one in lived if one.failure]
        if self._rig.pids() != self._processes:
            failures.append("a process died and was started anew")
        resolved, sent = counted
        due = NOTICES[self._offer.key] * len(lived)
        wrong = [] if failures or resolved < len(lived) or sent < due else self._rig.books.disagreements(codes)
        ended = Sum(len(lived), resolved, due, sent, (*failures, *wrong))
        self._sums.append(ended)
        ended.insist()
        return ended

    def _work(self, codes: Sequence[str], entries: Sequence[Entry], done: Operations) -> Work:
        sizes = (*self._rig.books.sizes(codes), self._rig.books.letter_bytes(codes))
        return stores.work(entries, len(codes), (done.inserts, done.updates, done.queries), sizes)


def each_for(warm_rate: float, seconds: float, clients: int, least: int) -> int:
    """How many dossiers each client does so that a run lasts about so long, by what came out when caches were cold."""
    return max(least, round(warm_rate * _MORE_THAN_WARM * seconds / clients))


def seconds_at(rate: float, seconds: float, least: int) -> float:
    """How long a run at a set rate lasts: so long, or until `least` have begun."""
    return max(seconds, least / rate)


def last_effect(entries: Sequence[Entry]) -> float:
    """When the last dossier was resolved or the last notice handed over, whatever came later."""
    ends: list[datetime] = [one.at for one in entries if one.type in stores.ENDING]
    return max(ends).timestamp()


def steps(lived: Sequence[Lived]) -> dict[str, Spread]:
    """What clients waited for, by step, in the order in which they did."""
    names = list(dict.fromkeys(name for one in lived for name in one.took))
    found = {name: spread(one.took[name] for one in lived if name in one.took) for name in names}
    return {name: said for name, said in found.items() if said}


def asked_again(lived: Sequence[Lived]) -> dict[str, int]:
    """How often clients had to ask again, by step."""
    return dict(sum((one.again for one in lived), Counter[str]()))


def insist_asked_once(lived: Sequence[Lived]) -> None:
    """Raises NotMeasured where more than one in a thousand steps was asked again: the figures would not show it."""
    again, asked = asked_again(lived), sum(len(one.took.keys() - {WHOLE}) for one in lived)
    if sum(again.values()) > MOST_AGAIN * asked:
        raise NotMeasured(f"of {asked} steps too many had to be asked again: {again}")


def step_over_time(lived: Sequence[Lived], step: str, began: float) -> list[Moment]:
    """How long a step took those who came so far, by the second in which their dossier should have begun."""
    return over_time([(one.intended - began, one.took[step]) for one in lived if step in one.took], 1)
