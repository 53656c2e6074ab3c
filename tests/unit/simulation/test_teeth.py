"""The simulator has teeth: a mistake put into a service is caught. The first two had been made, and found by it.

Whether a play shows a mistake depends on who is heard first, so several are played; without the mistake they are
sound. Where none shows it any more, `python -m tests.unit.simulation.find_teeth` says which kinds of play do.
"""

from typing import Final

import pytest

from tests.unit.simulation.find_teeth import showing
from tests.unit.simulation.judge import judge
from tests.unit.simulation.mistakes import MISTAKES

_SEEDS: Final = range(40)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_caught(name: str) -> None:
    mistake = MISTAKES[name]
    seed = next(showing(mistake, mistake.kind, _SEEDS), None)
    assert seed is not None
    judge(mistake.kind, seed)
