"""On a cluster of three, any one node is lost or stands still.

Every submission goes through. Without one of the brokers a question may have to be asked again: a service is silent
until it has found that its broker is gone. Without one of the databases both wait until a primary is elected.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from time import monotonic

from deploy.local.waiting import wait_until
from tests.chaos.cluster import BROKERS, DATABASES, ClusterStage, Nodes
from tests.chaos.databases import STEPPED_DOWN_SECONDS
from tests.chaos.questions import Questions
from tests.chaos.rig import Rig

_SLOW = 15.0  # seconds; what was on its way to a primary that stands still is given up after ten, and tried anew
_STEPPED_DOWN = "replSetStepDown command completed"
_LEADERS_SECONDS = 20.0
_APART_SECONDS = 40.0  # nobody is told of a cut: it is noticed after a dozen seconds of silence
# Who asks tries again: after a killed node at once, after a frozen one when its service has found out that it is.
_SILENCE_SECONDS = 30.0
# Another primary is elected after three seconds and begins after one more; what was on its way to the one that stands
# still is given up after ten.
_ELECTED_SECONDS = 15.0
# While the network is cut, a service of one process that is on the smaller side hears nothing: until all are together.
_TOGETHER_SECONDS = 25.0


def broker_node_lost(rig: Rig) -> None:
    """Of three brokers each in turn is killed and stays away, stands still, and does so with its machine."""
    nodes, begun = _nodes(rig), rig.stage.stack.env["MOTCUA_AMQP_URI"].count(";")
    rig.insist(begun == len(BROKERS) - 1, "the clients do not know all brokers")
    rig.at_the_end(lambda: list(_badly_placed(nodes)))
    crowd, submissions, questions, _ = rig.crowd(), rig.submissions(rate=1), rig.questions(), rig.department()
    for number, node in enumerate(rig.chance.shuffled(BROKERS)):
        crowd.await_told(number / len(BROKERS))
        _do_without(rig, nodes, node, rig.away(node))
        _do_without(rig, nodes, node, rig.standing_still(node, with_heart=False))
        _do_without(rig, nodes, node, rig.standing_still(node, with_heart=True))
    rig.must_have_taken("handed in meanwhile", submissions)
    rig.at_the_end(lambda: _too_silent(questions, _SILENCE_SECONDS))
    rig.must_bite("brokers killed", lambda: len(rig.witness.killed().intersection(BROKERS)), least=len(BROKERS))
    rig.must_bite("silences that brokers noticed", lambda: _silent_nodes(rig), least=len(BROKERS))
    rig.must_bite("brokers that their hearts missed", lambda: _missed_by_hearts(rig), least=2 * len(BROKERS))
    rig.must_bite("services that went to another broker", lambda: rig.witness.said("*", "bus_connected"), least=5)
    rig.must_bite("longest silence of a service (s)", lambda: _longest(questions), least=0)


def brokers_apart(rig: Rig) -> None:
    """The network between each broker in turn and the two others is cut: the two go on, all find together again."""
    nodes = _nodes(rig)
    rig.at_the_end(lambda: list(_badly_placed(nodes)))
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1), rig.questions()
    longest = 0.0  # cut
    for number, node in enumerate(rig.chance.shuffled(BROKERS)):
        crowd.await_told(number / len(BROKERS))
        began = monotonic()
        with rig.split_off(node, nodes.lines_of(node)) as network:
            _insist_on_leaders(rig, nodes, node, _APART_SECONDS)
            rig.wait(rig.chance.seconds(15, 20))
            longest = max(longest, monotonic() - began)
        rig.must_bite(f"packets lost between {node} and the others", network.dropped(), least=10)
    rig.at_the_end(lambda: _too_silent(questions, longest + _TOGETHER_SECONDS))
    rig.must_bite("brokers that missed another", lambda: _silent_nodes(rig), least=2 * len(BROKERS))
    rig.must_bite("brokers that hung, and were started anew", rig.done("kill"), least=0)
    rig.must_have_taken("handed in meanwhile", submissions)
    rig.must_bite("longest cut (s)", longest, least=0)
    rig.must_bite("longest silence of a service (s)", lambda: _longest(questions), least=0)


def database_node_lost(rig: Rig) -> None:
    """Of three databases each is killed in turn, the primary steps down, and stands still: submissions go on."""
    nodes = _nodes(rig)
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1), rig.questions()
    for number, node in enumerate(primaries_first(nodes)):
        crowd.await_told(number / len(DATABASES))
        with rig.away(node):
            rig.wait(rig.chance.seconds(15, 20))
        nodes.await_whole()
        rig.step_down()
        rig.wait(rig.chance.seconds(0, 3))
    rig.wait(STEPPED_DOWN_SECONDS)
    _freeze_primary(rig, nodes)
    rig.must_bite("databases killed", lambda: len(rig.witness.killed().intersection(DATABASES)), least=len(DATABASES))
    rig.must_bite("step-downs", lambda: _step_downs(rig), least=rig.done("step down"))
    rig.must_bite("elections", nodes.elections, least=rig.done("step down") + 2)  # a primary killed, another frozen
    rig.must_have_taken("handed in meanwhile", submissions)
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")
    rig.must_bite("longest submission (s)", submissions.slowest, least=0)
    rig.at_the_end(lambda: _too_silent(questions, _ELECTED_SECONDS))
    rig.must_bite("longest silence of a service (s)", lambda: _longest(questions), least=0)


def primaries_first(nodes: Nodes) -> Iterator[str]:
    """Each database once, by the time that its turn comes: whoever is primary then, while that one was not yet."""
    left = list(DATABASES)
    while left:
        primary = nodes.primary()
        left.remove(node := primary if primary in left else left[0])
        yield node


def _freeze_primary(rig: Rig, nodes: Nodes) -> None:
    """Whichever it is, while each of the others may be elected: one of them must be meanwhile."""
    nodes.await_whole()
    frozen = nodes.primary()
    with rig.paused(frozen):
        rig.wait(25)
        rig.insist(nodes.primary() not in {frozen, ""}, "nobody stepped in for a primary that stood still")


def _do_without(rig: Rig, nodes: Nodes, node: str, lost: AbstractContextManager[None]) -> None:
    """Be without a broker for a while: what it led is led by another one soon."""
    with lost:
        _insist_on_leaders(rig, nodes, node, _LEADERS_SECONDS)
        rig.wait(rig.chance.seconds(25, 30))  # longer than the others wait for a sign of life
    nodes.await_whole()


def _insist_on_leaders(rig: Rig, nodes: Nodes, node: str, seconds: float) -> None:
    """What a broker led must be led by another one within this time."""
    name = nodes.node_name(node)
    elected = wait_until(lambda: all(one.leader not in {name, "none"} for one in nodes.queues(without=node)), seconds)
    rig.insist(elected, f"without {node}, some queues still had no leader after {seconds:.0f} s")


def _silent_nodes(rig: Rig) -> int:
    """How often a broker has given up another one because it was silent, by the brokers' own logs."""
    return sum(rig.witness.wrote(node, "net_tick_timeout") for node in BROKERS)


def _missed_by_hearts(rig: Rig) -> int:
    """How often a broker that stood still was ended for it, by the words of the hearts."""
    return sum(rig.witness.wrote(node, "heart-beat time-out") for node in BROKERS)


def _step_downs(rig: Rig) -> int:
    """How often a primary has stepped down because it was told to, by the databases' own logs."""
    return sum(rig.witness.wrote(node, _STEPPED_DOWN) for node in DATABASES)


def _badly_placed(nodes: Nodes) -> Iterator[str]:
    """Queues that are not on all brokers, or of which there is none."""
    queues = nodes.queues()
    if "rpc-intake" not in {queue.name for queue in queues}:
        yield "requests to intake wait on one broker only"
    yield from (f"{one.name} is on {sorted(one.members)}" for one in queues if len(one.members) != len(BROKERS))


def _too_silent(questions: Questions, seconds: float) -> list[str]:
    return [f"{who} gave no answer for {how:.0f} s" for who, how in _silences(questions, seconds)]


def _longest(questions: Questions) -> float:
    return max(how for _, how in _silences(questions, 0))


def _silences(questions: Questions, longer_than: float) -> list[tuple[str, float]]:
    """Which services gave no answer for longer than that, and for how many seconds on end."""
    longest: dict[str, float] = {}
    now: dict[str, float] = {}
    for one in list(questions.asked):
        silent = now.get(one.service, 0.0) + one.seconds + questions.every
        now[one.service] = 0.0 if one.is_answered else silent
        longest[one.service] = max(longest.get(one.service, 0.0), now[one.service])
    return [(service, seconds) for service, seconds in longest.items() if seconds >= longer_than]


def _nodes(rig: Rig) -> Nodes:
    if not isinstance(rig.stage, ClusterStage):
        raise TypeError("this is played on a cluster")
    return rig.stage.nodes
