"""What operators do on a working day."""

from deploy.local.composition import DOORS, SERVICES
from tests.chaos.rig import Rig


def rolling_restart(rig: Rig) -> None:
    """Every service and every door is restarted with SIGTERM under load: no caller must ask more than twice."""
    crowd, rounds = rig.crowd(), rig.size(1, 5)
    for number in range(rounds):
        for service in rig.chance.shuffled(SERVICES):
            rig.restart(service)
            rig.stack.wait_ready([service])
            rig.wait(rig.chance.seconds(0, 1))
        for door in rig.chance.shuffled(DOORS):
            rig.renew(door)
        crowd.await_told(number / rounds)
    crowd.finish()
    rig.insist(not rig.callers_who_asked(2), f"{rig.callers_who_asked(2)} questions had to be asked more than twice")
    rig.must_bite("stopped in order", lambda: rig.witness.said("*", "service_stopped"), least=rounds * len(SERVICES))
    rig.must_bite("doors opened anew", lambda: rig.witness.said("*-http", "door_opened"), least=rounds * len(DOORS))
