"""Processes die, at any moment and at the worst ones."""

from services.chassis.failpoint import POINTS
from tests.chaos.rig import PROGRAMS, WRITERS, Rig


def kills(rig: Rig) -> None:
    """SIGKILL of services, doors and their relays, by chance and at chosen points, in the middle of mixed dossiers."""
    crowd, times = rig.crowd(), rig.size(12, 50)
    for point in rig.size(("relay.after_publish",), POINTS):
        for process in rig.chance.shuffled(WRITERS):
            rig.die_at(process, point, let_go=5)
    for number, victim in enumerate(rig.chance.picks(PROGRAMS, times)):
        crowd.await_told(number / times)
        rig.wait(rig.chance.seconds(0, 1))
        rig.kill(victim)
    rig.must_bite("processes killed", rig.witness.deaths, least=times)
    rig.must_bite("died just before a mark", rig.burnt, least=3)
    rig.must_bite("events told twice", rig.duplicates)
