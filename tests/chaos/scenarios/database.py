"""The database dies, stands still, or is slow."""

from deploy.local.composition import SERVICES
from tests.chaos.rig import PROGRAMS, Rig
from tests.chaos.wires import DATABASE

_READY_SECONDS = 45.0  # after a database has come back
_SECONDS_MORE = 2.0  # at most, each way, for each piece another while
_STOPPED = '"msg":"Received signal"'  # as mongod says of a SIGTERM
_OUTAGES = ("message_failed", "relay_paused", "timer_failed")


def database_killed(rig: Rig) -> None:
    """mongod is killed again and again, stopped by SIGTERM, and stands still for longer than anybody waits."""
    crowd, ends = rig.crowd(), rig.size([rig.kill] * 2 + [rig.restart], [rig.kill] * 12 + [rig.restart] * 3)
    for number, end in enumerate(rig.chance.shuffled(ends)):
        crowd.await_told(number / len(ends) / 2)
        rig.wait(rig.chance.seconds(0, 2))
        end("mongodb")
        rig.stack.wait_ready(["mongodb"])
    rig.insist_ready(*PROGRAMS, within=_READY_SECONDS)
    with rig.paused("mongodb"):
        rig.wait(12)
        rig.insist_not_ready(*PROGRAMS)
    rig.must_bite("mongod killed", rig.witness.deaths, least=rig.done("kill"))
    rig.must_bite("mongod stopped in order", lambda: rig.witness.wrote("mongodb", _STOPPED), least=rig.done("restart"))
    rig.must_bite("work that met no database", lambda: sum(rig.witness.said(one, *_OUTAGES) for one in SERVICES))


def database_far_away(rig: Rig) -> None:
    """The lines of routing and payment to the database are slow, by seconds even, then break off amid answers."""
    crowd = rig.crowd()
    with rig.slow("routing", DATABASE, rig.chance.seconds(0.1, 0.3)), rig.slow("payment", DATABASE, 0.1):
        crowd.await_told(1 / 4)
    told = crowd.accepted
    with rig.slow("routing", DATABASE, 0.1, jitter=_SECONDS_MORE), rig.slow("payment", DATABASE, 0.1, _SECONDS_MORE):
        rig.wait(rig.size(5, 60))
        crowd.await_told(1 / 3)
        told = crowd.accepted - told
    for number in range(rig.size(6, 60)):
        crowd.await_told(1 / 3 + number / rig.size(12, 120))
        rig.break_off(rig.chance.pick(("routing", "payment")), DATABASE)
        rig.wait(rig.chance.seconds(0, 0.5))
    rig.must_bite("dossiers that ended though answers took seconds", told)
    rig.must_bite("connections broken", lambda: rig.broken, least=rig.size(6, 60))
