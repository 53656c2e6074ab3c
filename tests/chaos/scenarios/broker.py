"""The broker dies, stays away, or takes no more messages."""

from tests.chaos.rig import Rig

_SLOW = 10.0  # seconds; a submission that waited for the broker would take longer


def broker_away(rig: Rig) -> None:
    """The broker is killed and comes back at once, then is gone for a minute (ten), while people hand in over HTTP."""
    crowd, submissions = rig.crowd(), rig.submissions(rate=2)
    crowd.await_told(1 / 3)
    rig.kill("rabbitmq")
    rig.stack.wait_ready(["rabbitmq"])
    crowd.await_told(2 / 3)
    before = submissions.accepted
    with rig.away("rabbitmq"):
        rig.wait(rig.size(60, 600))
        while_away = submissions.accepted - before
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")
    rig.must_bite("handed in without a broker", lambda: while_away, least=rig.size(80, 800))
    rig.must_bite("relays that found no broker", lambda: rig.witness.said("intake-http", "relay_paused"))
    rig.must_bite("connections lost", lambda: rig.witness.said("routing", "broker_unreachable"))


def alarms(rig: Rig) -> None:
    """The broker is short of memory, then of disk, for 20 s each: it takes nothing, and nobody waits for ever."""
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1), rig.questions()
    alarms_seen = 0
    for resource in rig.chance.shuffled(("memory", "disk")):
        crowd.await_told(1 / 4)
        with rig.alarm(resource):
            alarms_seen += rig.alarms.active()
            rig.wait(20)
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")
    rig.must_bite("alarms", lambda: alarms_seen, least=2)
    rig.must_bite("questions that nobody answered", questions.unavailable)
    rig.must_bite("relays that waited", lambda: rig.witness.said("intake-http", "relay_paused"))
