"""The broker dies, stays away, or takes no more messages."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from deploy.local.composition import DOORS, SERVICES
from deploy.local.waiting import wait_until
from services.chassis.health import LOOK_SECONDS
from services.chassis.reach import SECONDS_TO_ANSWER
from tests.chaos.diary import done_to
from tests.chaos.messages import queues_of_work
from tests.chaos.rig import Rig

_SLOW = 10.0  # seconds; a submission that waited for the broker would take longer
_HEAR_OF_EACH = ("routing", "payment", "notify")  # dossier that is handed in
_PUT_OFF = "message_failed"
_PILE, _PILE_SECONDS = 5, 30.0  # events for one of them, of twice as many, and until those wait


def broker_away(rig: Rig) -> None:
    """The broker is killed, restarted, and gone for 18 seconds (ten minutes): HTTP takes all, RPC says so in time."""
    crowd, submissions, questions, _ = rig.crowd(), rig.submissions(rate=2), rig.questions(), rig.department()
    for share, end in zip((1 / 4, 1 / 2), rig.chance.shuffled((rig.kill, rig.restart)), strict=True):
        crowd.await_told(share)
        end("rabbitmq")
        rig.stack.wait_ready(["rabbitmq"])
    crowd.await_told(2 / 3)
    with rig.away("rabbitmq"):
        rig.wait(rig.size(18, 600))
        rig.insist_not_ready(*SERVICES)
        rig.insist_ready(*DOORS)
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")
    rig.must_have_taken("handed in without a broker", submissions)
    unanswered = partial(questions.unavailable, meanwhile=rig.spells(lambda one: one.verb == "away"))
    rig.must_bite("questions that nobody answered", unanswered, least=rig.size(14, 600))
    rig.must_bite("relays that found no broker", lambda: rig.witness.said("intake-http", "relay_paused"))
    rig.must_bite("connections lost", lambda: rig.witness.said("routing", "broker_unreachable"))
    rig.must_bite("confirmed and not believed", lambda: rig.witness.said("*", "confirmed_events_doubted"))


def alarms(rig: Rig) -> None:
    """The broker is short of memory, then of disk, for 20 s each: it takes nothing, what it has is worked off."""
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=2), rig.questions()
    for share, resource in zip((1 / 4, 1 / 2), rig.chance.shuffled(("memory", "disk")), strict=True):
        crowd.await_told(share)
        with alarm_upon_a_pile(rig, resource):
            rig.wait(LOOK_SECONDS + SECONDS_TO_ANSWER)  # whoever looks at the broker has seen it by then
            rig.must_bite(f"alarm of {resource}", rig.alarms.active().count(resource))
            rig.insist_not_ready(*SERVICES)
            rig.insist_ready(*DOORS)
        unanswered = partial(questions.unavailable, meanwhile=rig.spells(done_to(resource)))
        rig.must_bite(f"questions unanswered for want of {resource}", unanswered, least=5)
        rig.must_have_taken(f"handed in for want of {resource}", submissions, done_to(resource))
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")
    rig.must_bite("relays that waited", lambda: rig.witness.said("intake-http", "relay_paused"))


@contextmanager
def alarm_upon_a_pile(rig: Rig, resource: str) -> Iterator[None]:
    """It begins while a service stands still, for which events have piled up: these are settled before it is over.

    But for those that came too early: they are to be put off, and the broker takes nothing that is put off either.
    """
    victim = rig.chance.pick(_HEAR_OF_EACH)
    early = rig.witness.said(victim, _PUT_OFF)
    with ExitStack() as alarm:
        with rig.paused(victim):
            wait_until(lambda: _waiting(rig, victim) >= 2 * _PILE, _PILE_SECONDS)
            alarm.enter_context(rig.alarm(resource))
            piled_up = _waiting(rig, victim)
        yield
        left, early = _waiting(rig, victim), rig.witness.said(victim, _PUT_OFF) - early
        rig.insist(left <= early, f"for want of {resource} {left} events waited for {victim}, {early} to be put off")
        rig.must_bite(f"events settled for want of {resource}", piled_up - left, least=_PILE)


def _waiting(rig: Rig, service: str) -> int:
    """How many events wait for a service, those in its hands too."""
    own = {queue for name, queue in queues_of_work() if name == service}
    return sum(count for queue, count in rig.alarms.waiting().items() if queue in own)


def flooded(rig: Rig) -> None:
    """Somebody else publishes more than the broker can write to its disk: it slows him down, ours go on."""
    crowd, submissions, _ = rig.crowd(), rig.submissions(rate=1), rig.questions()
    crowd.await_told(1 / 4)
    slowed = 0
    with rig.flooded():
        for _ in range(rig.size(6, 30)):
            rig.wait(2)
            slowed += rig.alarms.slowed()
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")
    rig.must_bite("connections seen to be slowed down", slowed, least=3)
    rig.must_have_taken("handed in meanwhile", submissions)
