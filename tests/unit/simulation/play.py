"""A script is written by a quiet run, and played again in other weather; or a wild run makes it up as it goes."""

from collections.abc import Collection
from dataclasses import dataclass, field
from random import Random
from typing import Final

from tests.unit.simulation.chance import QUIET, WILD, Chance, Weather
from tests.unit.simulation.moves import Move
from tests.unit.simulation.people import Plot
from tests.unit.simulation.run import Run
from tests.unit.simulation.rush import rush
from tests.unit.simulation.script import cast, suggest

_REPEATED: Final = 0.25
_PRESENT: Final = 0.8
_TOGETHER: Final = 0.5
_RUSHED: Final = 0.1
_ENDED_BEFORE: Final = 0.35


@dataclass
class Script:
    """Who takes part, and what is done: the moves of one scene are made together, then everything comes to rest."""

    plots: list[Plot]
    scenes: list[list[Move]] = field(default_factory=list)

    @property
    def crowded(self) -> bool:
        """Whether several dossiers are ever at it at once: people act together, or a timer finds several."""
        busy = any(len(scene) > 1 or scene[0].verb == "wait" for scene in self.scenes if scene)
        return len(self.plots) > 1 and busy


def write(seed: int, length: int = 8) -> tuple[Script, Run]:
    """A script, and the quiet run that wrote it: one thing after the other, or all dossiers at once."""
    random = Random(f"script {seed}")  # noqa: S311
    run = Run(cast(random), Chance(seed, QUIET))
    script = Script(run.stage.plots)
    together = random.random() < _TOGETHER
    with run.running():
        for turn in range(length):
            numbers = [plot.number for plot in script.plots if random.random() < _PRESENT]
            moves = [suggest(run.stage, number, random, f"{seed}-{turn}-{number}") for number in numbers]
            for scene in [moves] if together else [[move] for move in moves]:
                script.scenes.append(scene)
                run.play(scene)
    return script, run


def write_race(seed: int, length: int = 6) -> tuple[Script, Run]:
    """A script that ends with several people acting on one dossier before any of them can know of the others.

    Most of the time it is still open then.
    """
    random = Random(f"race {seed}")  # noqa: S311
    run = Run(cast(random)[:1], Chance(seed, QUIET))
    script, ends = Script(run.stage.plots), random.random() < _ENDED_BEFORE
    with run.running():
        for turn in range(random.randint(1, length)):
            script.scenes.append([suggest(run.stage, 0, random, f"{seed}-{turn}", ends=ends)])
            run.play(script.scenes[-1])
        script.scenes.append(rush(run.stage, 0, random, f"{seed}-race"))
        run.play(script.scenes[-1])
    return script, run


def replay(script: Script, seed: str, weather: Weather, unaware: Collection[str] = ()) -> Run:
    """The same script in other weather; clients ask again."""
    run = Run(script.plots, Chance(f"weather {seed}", weather), unaware)
    with run.running():
        for scene in script.scenes:
            run.play(scene)
            if run.world.chance.random.random() < _REPEATED:
                run.repeat_something()
    return run


def improvise(seed: int, length: int = 16, weather: Weather = WILD) -> Run:
    """A run in which people act at any moment, on what they see then, workers die, and the broker loses everything."""
    random = Random(f"wild {seed}")  # noqa: S311
    lost, told = sorted(Random(f"lost {seed}").sample(range(length), 2))  # noqa: S311
    run = Run(cast(random, most=2), Chance(f"wild weather {seed}", weather))
    with run.running():
        for turn in range(length):
            if turn == lost:
                run.world.lose_broker()
            if turn == told:
                run.world.tell_again()
            number = random.choice(run.stage.plots).number
            rushed = number in run.stage.codes and random.random() < _RUSHED
            several = rush(run.stage, number, random, f"{seed}-{turn}") if rushed else []
            for move in several or [suggest(run.stage, number, random, f"{seed}-{turn}")]:
                run.act_wildly(move)
            run.world.work(random.choice([0, 0, 2, 10, 50]))
        run.world.settle()
    run.send_everything_again()
    return run
