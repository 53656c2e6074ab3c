"""One run of a script: moves are made, everything comes to rest, and a failure tells the whole story."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from services.chassis.errors import Defect, ServiceError
from tests.unit.simulation.bus import Stuck
from tests.unit.simulation.chance import Chance, Killed
from tests.unit.simulation.faults import SAID_ONCE_MORE
from tests.unit.simulation.moves import Move, Stage, make
from tests.unit.simulation.people import Plot
from tests.unit.simulation.world import World, catalogued

Outcome = tuple[str, Any]
# Asked again they choose anew what they are about, or are no request at all.
_NOT_REPEATED: Final = frozenset({"resend", "wait", "mailbox_full", "pay", "forge", "intrude"})
_NO_ANSWER: Final = ("simulation.away", "store.unavailable", "store.unknown_outcome")
_FAILED_AT_OUR_SIDE: Final = "99"  # what a gateway is told, so that it comes again


class Run:
    """A stage on which people act. Services in `unaware` have still to hear of the catalogue."""

    def __init__(self, plots: list[Plot], chance: Chance, unaware: Collection[str] = ()) -> None:
        self.world = World(chance, catalogued(), unaware)
        self.stage = Stage(self.world, plots)
        self.outcomes: list[Outcome] = []
        self.rests: list[dict[str, str]] = []  # the statuses after each scene
        self._now = self.world.clock.at  # of people: what the handlers took of time does not count
        self._done: list[tuple[Move, Outcome]] = []

    @property
    def story(self) -> str:
        """All that happened."""
        plots = "\n".join(f"#{plot.number} {plot.procedure['key']}, {plot.channel}" for plot in self.stage.plots)
        return f"{plots}\n" + "\n".join(self.world.story)

    @contextmanager
    def running(self) -> Iterator[None]:
        """While this lasts the world goes on; whatever is wrong with it is told with its story."""
        try:
            with self.world.running():
                yield
        except (Exception, Stuck) as error:
            raise AssertionError(f"{type(error).__name__}: {error}\n{self.story}") from error

    def play(self, scene: Sequence[Move]) -> None:
        """Make the moves, then let everything come to rest."""
        for move in scene:
            self.outcomes.append(self.act(move))
        self.world.settle()
        self.rests.append(statuses(self.world))

    def act(self, move: Move) -> Outcome:
        """Make a move in fine weather, at its time."""
        world = self.world
        world.clock.at = self._now + timedelta(minutes=move.after)
        before = versions(world)
        with world.chance.calmed():
            outcome = self._attempt(move)
        self._now = world.clock.at
        if outcome[0] == "done" and move.verb not in _NOT_REPEATED and versions(world) != before:
            self._done.append((move, outcome))
        return outcome

    def act_wildly(self, move: Move) -> None:
        """Make a move whatever the weather; who gets no answer asks again until he does."""
        self.world.clock.pass_(minutes=move.after)
        answered = False
        while not answered:
            try:
                kind, said = self._attempt(move)
            except Killed:
                continue
            answered = said not in _NO_ANSWER and not (move.verb == "pay" and kind == "done" and _is_unheard(said))

    def repeat_something(self) -> None:
        """A client asks again what he asked before: he hears the same, and nothing changes."""
        if not self._done:
            return
        move, outcome = self.world.chance.random.choice(self._done)
        before = versions(self.world)
        with self.world.chance.calmed():
            again = self._attempt(move)
        assert again == outcome, "the same request was answered in another way"
        assert versions(self.world) == before, "the same request changed something again"

    def send_everything_again(self) -> None:
        """Every event comes once more, long after all is done: nothing changes."""
        self.world.story.append("everything once more")
        self.world.bus.send_again()
        self.world.chance.felt[SAID_ONCE_MORE] += len(self.world.bus.ready)
        with self.running(), self.world.chance.calmed():
            before = footprints(self.world)
            self.world.settle()
            changed = [name for name, mark in footprints(self.world).items() if before.get(name) != mark]
            assert not changed, f"changed by what was known already: {changed}"

    def _attempt(self, move: Move) -> Outcome:
        """What comes of a move: the answer, or the class and code of the error. A defect of ours is raised."""
        outcome: Outcome
        try:
            outcome = "done", make(self.stage, move)
        except Defect:
            raise
        except ServiceError as error:
            outcome = type(error).__name__, error.code
        self.world.story.append(f"{move} = {outcome}")
        return outcome


def versions(world: World) -> dict[str, int]:
    """How long every history is."""
    return {
        f"{kind} {one['_id']}": one["version"]
        for kind, journal in world.journals.items()
        if kind != "publication"
        for one in journal.collection.look()
    }


def statuses(world: World) -> dict[str, str]:
    """Where every dossier, case and order is."""
    return {
        f"{kind} {one['_id']}": one["state"]["status"]
        for kind in ("dossier", "case", "order")
        for one in world.journals[kind].collection.look()
    }


def footprints(world: World) -> dict[str, Any]:
    """All that an event could change, in short."""
    money = {f"gateway {one}": account.kept_vnd for one, account in world.gateway.accounts.items()}
    numbers = [world.databases["payment"]["receipts"], world.databases["registry"]["numbers"]]
    taken = {"numbers": [collection.count_documents({}) for collection in numbers]}
    return {**versions(world), **money, **taken, "letters": len(world.mail.taken)}


def _is_unheard(answers: Sequence[str]) -> bool:
    """Whether the gateway will come again: the last it was told is that we failed."""
    return bool(answers) and answers[-1] == _FAILED_AT_OUR_SIDE
