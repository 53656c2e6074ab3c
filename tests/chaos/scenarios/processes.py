"""Processes die, at any moment and at the worst ones."""

from deploy.local.composition import DOORS
from services.chassis.failpoint import POINTS
from tests.chaos.department import Department
from tests.chaos.rig import PROGRAMS, WRITERS, Rig


def kills(rig: Rig) -> None:
    """SIGKILL of services, doors, their workers and relays, by chance and at chosen points, amid mixed dossiers."""
    department = rig.beside(Department(rig.stage.run_dir, rig.env))
    crowd, times = rig.crowd(), rig.size(12, 50)
    victims = [(rig.kill, name) for name in PROGRAMS] + [(rig.kill_worker, door) for door in DOORS]
    for point in rig.size(("relay.after_publish",), POINTS):
        for process in rig.chance.shuffled(WRITERS):
            rig.die_at(process, point, let_go=5)
    for number, (kill, victim) in enumerate(rig.chance.picks(victims, times)):
        crowd.await_told(number / times)
        rig.wait(rig.chance.seconds(0, 1))
        kill(victim)
    rig.at_the_end(department.wrong)
    rig.must_bite("processes killed", rig.witness.deaths, least=rig.done("kill"))
    rig.must_bite("workers killed", rig.workers_killed, least=len(DOORS))
    rig.must_bite("died just before a mark", rig.burnt, least=3)
    rig.must_bite("events told twice", rig.duplicates)
