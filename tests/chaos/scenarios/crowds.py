"""More comes than can be worked off."""

import math
from itertools import pairwise

from tests.chaos.load import Submissions
from tests.chaos.rig import Rig

_USUAL = 10  # submissions a second: about half of what the whole flow takes on two cores
_AT_ONCE = 500
_AS_USUAL = 10.0  # seconds; whoever comes when it is over is not to wait longer
_NOBODY = 10.0  # seconds; while all come at once, in no such time may nobody be taken


def ten_times_the_load(rig: Rig) -> None:
    """For 20 s (two minutes) ten times the usual load: each is answered or told by name when to come; all taken end."""
    crowd, _ = rig.crowd(), rig.questions()
    crowd.await_told(1 / 4)
    # Whoever is refused has failed, at any moment; by what he was told, `badly_told` judges.
    rush = rig.submissions(10 * _USUAL, math.inf, at_once=_AT_ONCE, strangers=True, harmed_at=lambda: [0.0])
    rig.wait(rig.size(20, 120))
    rush.finish()
    after = rig.submissions(rate=1)  # of whom each must be taken at once
    rig.wait(15)
    rig.insist(after.slowest() < _AS_USUAL, f"when all was over, a submission took {after.slowest():.1f} s")
    nobody = nobody_taken(rush)
    rig.insist(nobody < _NOBODY, f"for {nobody:.0f} s on end nobody was taken")
    rig.at_the_end(lambda: badly_told(rush))
    rig.must_bite("submissions begun", len(rush.handed), least=rig.size(100, 600) * _USUAL)
    rig.must_bite("submissions taken", rush.accepted, least=5 * _USUAL)
    rig.must_bite("refused by name", rush.refused().total() - rush.refused()[""], least=_USUAL)
    rig.must_bite("longest submission (s)", rush.slowest, least=5)
    rig.must_bite("taken when it was over", lambda: after.accepted, least=10)


def nobody_taken(rush: Submissions) -> float:
    """For how many seconds at most nobody was taken, from the first to the last who came."""
    came = [one.at for one in rush.handed]
    if not came:
        return math.inf
    taken = sorted(one.ended for one in rush.handed if one.code and one.ended < max(came))
    return max(later - earlier for earlier, later in pairwise((min(came), *taken, max(came))))


def badly_told(rush: Submissions) -> list[str]:
    """Who was told nothing, for what reason it was, or not when to come back."""
    failed = [one for one in rush.handed if one.failure]
    nothing = [f"told nothing: {one.failure}" for one in failed if not one.refusal]
    return nothing + [
        f"refused with {one.refusal}, and not told when to come back: {one.failure}"
        for one in failed
        if one.refusal and not one.again_after.isdigit()
    ]
