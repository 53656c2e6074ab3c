"""The network between one service and its servers fails, while the others go on."""

from deploy.local.composition import SERVICES
from tests.chaos.rig import Rig


def cut_off(rig: Rig) -> None:
    """One service cannot reach the broker for half a minute (two): half-closed, cut, then silent; the others go on."""
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1), rig.questions()
    victim, seconds = rig.chance.pick(SERVICES), rig.size(30, 120)
    crowd.await_told(1 / 4)
    rig.half_close(victim)
    with rig.cut(victim):
        rig.wait(seconds / 2)
        refused = rig.refused(victim)
    with rig.silent(victim):
        rig.wait(seconds / 2)
    others = [name for name in SERVICES if name != victim]
    in_vain = questions.in_vain(*others)
    rig.insist(not in_vain, f"asked twice in vain: {', '.join(in_vain)}")
    rig.must_bite("connections refused", lambda: refused)
    rig.must_bite("questions that nobody answered", lambda: questions.unavailable(victim), least=3)
    rig.must_bite("handed in meanwhile", lambda: submissions.accepted, least=seconds / 2)
