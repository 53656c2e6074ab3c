"""More comes than can be worked off."""

import math

from tests.chaos.rig import Rig

_USUAL = 10  # submissions a second: about half of what the whole flow takes on two cores
_AT_ONCE = 500


def ten_times_the_load(rig: Rig) -> None:
    """For 20 seconds ten times the usual load: each call is answered or refused by name, all that is taken ends."""
    crowd, _ = rig.crowd(), rig.questions()
    crowd.await_told(1 / 4)
    rush = rig.submissions(rate=10 * _USUAL, gap=math.inf, at_once=_AT_ONCE, strangers=True)
    rig.wait(20)
    rush.finish()
    rig.at_the_end(lambda: [f"told nothing: {one.failure}" for one in rush.handed if one.failure and not one.refusal])
    rig.must_bite("submissions begun", len(rush.handed), least=100 * _USUAL)
    rig.must_bite("submissions taken", rush.accepted)
    rig.must_bite("refused by name", rush.refused().total(), least=0)
    rig.must_bite("longest submission (s)", rush.slowest, least=5)
