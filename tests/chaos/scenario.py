"""What a scenario is, and how one went."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.chaos.form import form_of
from tests.chaos.rig import Rig
from tests.chaos.stage import Stage

HELD, VIOLATED, NO_BITE, BROKE_OFF, NOT_HERE = "held", "violated", "did not bite", "broke off", "not here"
SEEN_TO_FAIL: Final = "seen to fail"  # as the control must
Act = Callable[[Rig], None]


@dataclass(frozen=True)
class Scenario:
    """Something that goes wrong while dossiers are handled: `act` does it; its first line of doc says what."""

    name: str
    act: Act
    dossiers: tuple[int, int]  # in the short plan, and in the full one
    full_only: bool = False
    is_control: bool = False
    stage: Callable[[Path], Stage] = Stage  # what it is played on

    @property
    def what(self) -> str:
        """What goes wrong."""
        return (self.act.__doc__ or "").partition("\n")[0].rstrip(".")

    @property
    def form(self) -> str:
        """The form in which it is played now."""
        return form_of(self.act)


@dataclass
class Outcome:
    """How a scenario went."""

    scenario: str
    what: str
    seed: int
    dossiers: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    bites: dict[str, float] = field(default_factory=dict)
    missed: list[str] = field(default_factory=list)
    duplicates: int = 0
    letters_twice: int = 0
    tries: int = 0  # by RPC, of those who told dossiers
    unanswered: int = 0  # of them, up to the deadline
    violations: list[str] = field(default_factory=list)
    recovery_seconds: float | None = None  # from the heal until what was under way then had been worked off
    rest_seconds: float | None = None  # from the heal until the last dossier had ended, and nothing waited
    returns: list[tuple[str, float]] = field(default_factory=list)  # who died, and how many seconds later it worked
    seconds: float = 0.0
    broke_off: str = ""
    not_here: str = ""
    is_control: bool = False
    watched: dict[str, dict[str, float]] = field(default_factory=dict)  # the worst of each program, see `watch.Worst`
    steps: list[str] = field(default_factory=list)
    full: bool = False
    planned: int = 0  # how many dossiers the plan has it tell; 0 where that was not written down
    asked: int | None = None  # how many somebody asked for instead
    form: str = ""  # of the scenario; empty where that was not written down

    @property
    def again(self) -> str:
        """What plays the same again, with the same sizes."""
        sizes = ["FULL=1"] * self.full + [f"DOSSIERS={self.asked}"] * bool(self.asked)
        return " ".join(["make chaos", f'ONLY="{self.scenario}"', f"SEED={self.seed}", *sizes])

    @property
    def size(self) -> str:
        """How many dossiers it tells, and of how many where somebody asked for fewer or more than the plan has."""
        if not self.planned:
            return "–" if self.asked is None else f"{self.asked}"
        return f"{self.planned}" if self.asked in {None, self.planned} else f"{self.asked} of {self.planned}"

    @property
    def result(self) -> str:
        """In a word."""
        if self.violations:
            return VIOLATED
        if self.broke_off:
            return BROKE_OFF
        if self.not_here:
            return NOT_HERE
        if self.missed:
            return NO_BITE
        return SEEN_TO_FAIL if self.is_control else HELD

    @property
    def is_well(self) -> bool:
        """Whether it went as it must."""
        return self.result in {HELD, SEEN_TO_FAIL}
