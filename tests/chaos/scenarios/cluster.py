"""On a cluster of three: any one node is lost, and nobody outside notices."""

from tests.chaos.cluster import BROKERS, DATABASES, ClusterStage
from tests.chaos.rig import Rig

_ELECTION_SECONDS = 15.0  # a set without its primary takes no write for ten seconds and a little


def broker_node_lost(rig: Rig) -> None:
    """Of three brokers each in turn is killed and stays away for a while: submissions and answers go on."""
    crowd, submissions = rig.crowd(), rig.submissions(rate=1)
    for number, node in enumerate(rig.chance.shuffled(BROKERS)):
        crowd.await_told(number / len(BROKERS))
        with rig.away(node):
            rig.wait(rig.chance.seconds(15, 20))
        _whole(rig)
    rig.must_bite("brokers killed", lambda: sum(step.verb == "away" for step in rig.steps), least=3)
    rig.must_bite("connections lost", lambda: rig.witness.said("*", "broker_unreachable"))
    rig.must_bite("handed in meanwhile", lambda: submissions.accepted, least=30)


def database_node_lost(rig: Rig) -> None:
    """Of three databases each in turn is killed, and the primary steps down: nothing acknowledged is lost."""
    crowd, submissions = rig.crowd(), rig.submissions(rate=1, gap=_ELECTION_SECONDS)
    for number, node in enumerate(rig.chance.shuffled(DATABASES)):
        crowd.await_told(number / len(DATABASES))
        with rig.away(node):
            rig.wait(rig.chance.seconds(15, 20))
        _whole(rig)
        rig.step_down()
        rig.wait(rig.chance.seconds(0, 3))
    rig.must_bite("databases killed", lambda: sum(step.verb == "away" for step in rig.steps), least=3)
    rig.must_bite("handed in meanwhile", lambda: submissions.accepted, least=30)
    rig.must_bite("seconds without a primary", submissions.longest_gap, least=0)


def _whole(rig: Rig) -> None:
    if isinstance(rig.stage, ClusterStage):
        rig.stage.nodes.await_whole()
