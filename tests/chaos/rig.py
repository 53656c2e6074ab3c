"""What a scenario has in hand: verbs, what goes on meanwhile, and what shows that it was felt."""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from deploy.local.composition import DOORS, SERVICES
from deploy.local.waiting import wait_until
from services.cli.top import scraping
from tests.chaos.carried import ENDS, Carried
from tests.chaos.chance import Chance
from tests.chaos.deaths import unmeant
from tests.chaos.department import Department
from tests.chaos.diary import (
    Bite,
    Spell,
    Step,
    may_cost_answers,
    may_delay_a_return,
    spells,
    united,
    waits_for_its_moment,
)
from tests.chaos.load import Crowd, FolkStory, Submissions
from tests.chaos.messages import queues_of_work
from tests.chaos.questions import Questions
from tests.chaos.rest import await_rest, depths
from tests.chaos.returns import Return, returns
from tests.chaos.tries import Try
from tests.chaos.verbs import Verbs
from tests.chaos.visitors import DoorAskedAgain, Visitors
from tests.chaos.watch import Watch
from tests.integration.books import Books
from tests.integration.crowd import Offer, offers, plots
from tests.integration.http_door import HttpDoor

T = TypeVar("T")
Other = TypeVar("Other", bound="Beside")
_HANDED_IN: Final = "xn-dk-xuat-ban"
_AT: Final = "intake-http"  # the door at which all submissions are handed in
_ALMOST_ALL: Final = 0.85  # of those who come during a fault: some of the last are answered when it is over
_ASKED: Final = 3  # times, until who gives no answer has none
DRAIN_SECONDS: Final = 60.0  # until what had piled up is worked off
PROGRAMS: Final = (*SERVICES, *DOORS)
WRITERS: Final = (*SERVICES, "payment-http")  # who has something to publish
_STARVES: Final = frozenset({"away", "ration", "stand still"})  # it may die as often as it likes


class Beside(Protocol):
    """A program of others."""

    def end(self) -> None:
        """Close down for good."""


@dataclass(kw_only=True)
class Rig(Verbs):
    """One scenario's own."""

    chance: Chance
    dossiers: int
    full: bool
    loads: list[Crowd | Submissions | Carried | Questions | Visitors] = field(default_factory=list)
    bites: list[Bite] = field(default_factory=list)
    looks: list[Callable[[], list[str]]] = field(default_factory=list)
    healed_at: float = 0.0
    recovers_within: float = DRAIN_SECONDS  # seconds from the heal
    letters_twice: int = 0  # of those that came since it began
    _others: list[Beside] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._tries, self._calls = Counter(self.town.tries), len(self.town.calls)
        self.watch = Watch(Path(self.env["MOTCUA_METRICS_DIR"]))

    # What goes on.

    def crowd(self, begin: Callable[..., FolkStory] = FolkStory) -> Crowd:
        """Dossiers of mixed procedures and fates, told by stock clients."""
        return self.tell_of(plots(self.town, self.dossiers), begin)

    def tell_of(self, told: Sequence[tuple[Offer, str]], begin: Callable[..., FolkStory] = FolkStory) -> Crowd:
        """These dossiers in any order."""
        return self.tell_in_order(self.chance.shuffled(told), begin)

    def tell_in_order(self, told: Sequence[tuple[Offer, str]], begin: Callable[..., FolkStory] = FolkStory) -> Crowd:
        """These dossiers, as they stand."""
        crowd = Crowd(self.town, told, begin)
        self.loads.append(crowd)
        return crowd

    def questions(self) -> Questions:
        """Questions to every service by RPC, one after the other."""
        questions = Questions(self.env["MOTCUA_AMQP_URI"])
        self.loads.append(questions)
        return questions

    def visitors(self, door: DoorAskedAgain | None = None, /, **pages: str) -> Visitors:
        """Somebody who looks at each of these pages again and again, as patiently as by this door; all are answered."""
        visitors = Visitors(pages, door)
        self.loads.append(visitors)
        return visitors

    def submissions(
        self, rate: float, gap: float = 0.0, door: Callable[..., HttpDoor] = HttpDoor, **how: Any
    ) -> Submissions:
        """So many submissions a second over HTTP; all must succeed.

        But for those who fail within a `gap` of some seconds after something was done, and no longer than that on end.
        When all is over, some of those taken are carried on to an end.
        """
        offer = offers(self.town)[_HANDED_IN]
        asked = door(self.env["MOTCUA_INTAKE_URL"], self.town.issuer)
        how = {"harmed_at": self.harmed_at, **how}
        load = Submissions(asked, {**offer.procedure, "tenant": offer.tenant}, rate, gap, **how).start()
        carried = Carried(self.town, load, self.chance, most=self.size(6, 30))
        self.loads += [load, carried]
        self.must_bite("of those handed in over HTTP carried to their end", carried.count, least=len(ENDS))
        if gap:
            self.must_bite("submissions that failed", load.failed, least=0)
        return load

    def department(self) -> Department:
        """Another department's stock program, which must hear in the end all that is said from now on, in its order."""
        department = self.beside(Department(self.stage.run_dir, self.env))
        self.at_the_end(department.wrong)
        self.must_bite("different things that a department heard", department.heard_count, least=10)
        return department

    def beside(self, program: Other) -> Other:
        """A program of others, that ends with the scenario."""
        self._others.append(program)
        return program

    def rest(self) -> None:
        """Let what goes on come to its end, and everything to rest."""
        for load in self.loads:
            load.finish()
        await_rest(self.env, self.alarms.waiting)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        time.sleep(seconds)

    def size(self, short: T, full: T) -> T:
        """What the plan makes a difference in."""
        return full if self.full else short

    # What shows that it was felt.

    def must_bite(self, what: str, count: Callable[[], float] | float, least: float = 1) -> None:
        """This is counted in the end, or was already; a fault that was not felt was none."""
        self.bites.append(Bite(what, count if callable(count) else lambda: count, least))

    def must_have_taken(self, what: str, load: Submissions, chosen: Callable[[Step], bool] = lambda _: True) -> None:
        """Almost all who came while these faults lasted, which are over, were taken in that time: of all, or some."""
        lasted = united(self.spells(lambda one: one.is_fault and chosen(one)))
        came = load.rate * sum(over - begun for begun, over in lasted)
        self.must_bite(what, partial(load.taken, lasted), least=max(1.0, round(_ALMOST_ALL * came, 1)))

    def insist(self, true: bool, otherwise: str) -> None:
        """Something that must hold while it happens."""
        if not true:
            self.wrong.append(otherwise)

    def at_the_end(self, look: Callable[[], list[str]]) -> None:
        """Something that must hold when everything is at rest: what is wrong with it."""
        self.looks.append(look)

    def callers_who_asked(self, more_than: int) -> int:
        """How many questions had to be asked more often than this."""
        return sum(n for tries, n in (self.town.tries - self._tries).items() if tries > more_than)

    def codes(self, collection: str, **wanted: Any) -> set[str]:
        """Which dossiers one of the services knows."""
        with Books(self.env) as books:
            return {one["_id"] for one in books.collection(collection).find(wanted, {"_id": 1})}

    def calls(self) -> list[Try]:
        """Each try of those who told dossiers."""
        return self.town.calls[self._calls :]

    def spells(self, chosen: Callable[[Step], bool]) -> list[Spell]:
        """From when to when each of the chosen faults lasted, by the clock of the tries."""
        return [(self.began + begun, self.began + over) for begun, over in spells(self.steps, chosen)]

    def harms(self) -> dict[str, list[Spell]]:
        """From when to when each service was harmed, or what it needs, and when it died, by the clock of the tries."""
        return {
            one: [*self.spells(may_cost_answers(one)), *((at, at) for at in self._died_at(one))] for one in SERVICES
        }

    def harmed_at(self) -> list[float]:
        """When something was done, or the door where submissions are handed in has died, by the clock of the tries."""
        done = [self.began + step.at for step in self.steps if not waits_for_its_moment(step)]
        return [*done, *self._died_at(_AT)]

    def returns(self) -> list[Return]:
        """How long each who died was away, where nothing else kept it."""
        return returns(self.witness, spells(self.steps, may_delay_a_return))

    def unmeant_deaths(self) -> list[str]:
        """Who was killed, or of a door's workers ended, though nobody of us had him do so."""
        burnt = {program: self.burnt(program) for program in PROGRAMS}
        starving = [one for one in self.steps if one.verb in _STARVES]
        starved = {one.program: spells(self.steps, partial(_starves, one.program)) for one in starving}
        return list(unmeant(self.witness, DOORS, self.meant, burnt, starved))

    def _died_at(self, program: str) -> list[float]:
        return [self.began + (at - self.witness.since).total_seconds() for at in self.witness.died(program)]

    def ready(self) -> set[str]:
        """Who of the services and doors says now that it can do its work."""
        return {name for name, is_ready in self._health().items() if is_ready}

    def insist_ready(self, *names: str, within: float = 0.0) -> None:
        """These can work, and say so, at the latest after so many seconds."""
        missing = set(names)

        def all_are() -> bool:
            missing.difference_update(self.ready())
            return not missing

        if not wait_until(all_are, within):
            self.wrong.append(f"could work, and was not ready: {', '.join(sorted(missing))}")

    def insist_flow(self, *services: str, soon: float) -> None:
        """What is there for these services to do is done: each of their queues of work is seen empty soon (seconds)."""
        full = {queue for service, queue in queues_of_work() if service in services}

        def each_was_empty() -> bool:
            full.intersection_update(depths(self.env))
            return not full

        if not wait_until(each_was_empty, soon):
            self.wrong.append(f"for {soon:.0f} s something waited in {', '.join(sorted(full))}")

    def insist_not_ready(self, *names: str) -> None:
        """These cannot work, and say so: to say nothing is not enough, when they are asked once more."""
        silent, asked = set(names), 0
        while silent and asked < _ASKED:
            said, asked = self._health(), asked + 1
            if boasting := sorted(name for name in silent if said.get(name)):
                self.wrong.append(f"could not work, and was ready: {', '.join(boasting)}")
            silent -= said.keys()
        if silent:
            self.wrong.append(f"could not work, and did not say so: {', '.join(sorted(silent))}")

    def _health(self) -> dict[str, bool]:
        """Of each that answers now, whether it says that it can work; of several processes, whether all do."""
        found: dict[str, bool] = {}
        for one in scraping.look(Path(self.env["MOTCUA_METRICS_DIR"])):
            if one.health:
                found[one.name] = found.get(one.name, True) and bool(one.health.get("ready"))
        return found

    # The end.

    def heal(self) -> None:
        """Whatever a scenario has left behind is mended, and everything answers."""
        self.put_out_fuses()
        self.stage.wires.heal()
        self.note("heal", "")
        self.healed_at = time.monotonic()
        self.stage.up()
        self.stack.wait_ready()

    def close(self) -> list[str]:
        """Send home who came along, and who is still waiting; why somebody could not be."""
        ends = [self.watch.end, *(load.abandon for load in self.loads), *(other.end for other in self._others)]
        return [failure for end in ends if (failure := _failure(end))]


def _starves(program: str, one: Step) -> bool:
    return one.program == program and one.verb in _STARVES


def _failure(end: Callable[[], None]) -> str:
    try:
        end()
    except Exception as error:  # noqa: BLE001 – whoever else is there goes home all the same
        return f"could not be sent home: {error!r}"
    return ""
