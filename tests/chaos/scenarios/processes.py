"""Processes die, at any moment and at the worst ones."""

from functools import partial
from typing import Final

from deploy.local.composition import DOORS, SERVICES
from deploy.local.waiting import wait_until
from services.chassis.failpoint import POINTS
from tests.chaos import messages
from tests.chaos.diary import done_to
from tests.chaos.questions import Questions
from tests.chaos.rig import PROGRAMS, WRITERS, Rig
from tests.chaos.visitors import PATIENCE_SECONDS, DoorAskedUntilServed, pages_of
from tests.integration.faults.test_kills import PASSED_BY

# Besides: what is handed in over HTTP is written and published by intake's door.
_CELLS: Final = [
    *((process, point) for point, processes in PASSED_BY.items() for process in processes),
    *(("intake-http", point) for point in POINTS if point.startswith(("journal", "relay"))),
]
_BEFORE_A_MARK: Final = "relay.after_publish"  # the broker has confirmed, and nothing says so yet
# Whose events no door publishes: they come twice only where the service died before it had marked them as published.
_ALONE: Final = [name for name in SERVICES if f"{name}-http" not in DOORS]
_RESTART: Final = 60.0  # seconds until the kernel has ended who wants too much, at the latest
# Until a door that died takes submissions again, though it or registry, whose catalogue it reads first, died meanwhile.
_AGAIN: Final = PATIENCE_SECONDS
_SLOW: Final = 10.0  # seconds; a submission that waited for who stands still would take longer
_RATION: Final = 8_000_000  # bytes; a question of 10 MB does not fit
_STILL: Final = (5, 35, 75, 35, 130)  # seconds: within a question's deadline, past it, two heartbeats, all of them
_BROKER_STILL: Final = 75  # seconds


def kills(rig: Rig) -> None:
    """SIGKILL of services, doors, their workers and relays, by chance and at chosen points, amid mixed dossiers."""
    callers, _ = _Callers(rig), rig.department()
    victims = [(rig.kill, name) for name in PROGRAMS] + [(rig.kill_worker, door) for door in DOORS]
    crowd, times = rig.crowd(), rig.size(len(victims), 50)
    for point in rig.size((_BEFORE_A_MARK,), POINTS):
        for process in rig.chance.shuffled(WRITERS):
            rig.die_at(process, point, let_go=5)
    for number, (kill, victim) in enumerate(rig.chance.picks(victims, times)):
        crowd.await_told(number / times)
        rig.wait(rig.chance.seconds(0, 1))
        kill(victim)
    callers.must_have_been_served()
    _must_have_died(rig)


def _must_have_died(rig: Rig) -> None:
    """Each who was to, and where he was to: what he had published and not marked yet comes twice."""
    rig.must_bite("processes killed", rig.killed, least=rig.done("kill"))
    rig.must_bite("workers killed", rig.workers_killed, least=rig.done("kill worker"))
    rig.must_bite("died just before a mark", partial(rig.burnt, point=_BEFORE_A_MARK), least=3)
    rig.must_bite("died at any chosen point", rig.burnt, least=rig.size(3, 18))
    for service in _ALONE:
        rig.must_bite(f"of {service} told twice", partial(rig.told_twice, service))


class _Callers:
    """Who hands in over HTTP and who looks at pages, at doors that die: who is not served asks again, and soon is."""

    def __init__(self, rig: Rig) -> None:
        self._rig, self._waits = rig, list[float]()
        self._handed_in = rig.submissions(rate=1, door=partial(DoorAskedUntilServed, waits=self._waits))
        self._visitors = rig.visitors(DoorAskedUntilServed("", waits=self._waits), **pages_of(rig.env))

    def must_have_been_served(self) -> None:
        """So many, and some of them only when they asked again: each door dies once at least."""
        rig, visitors = self._rig, self._visitors
        rig.must_bite("handed in over HTTP", lambda: self._handed_in.accepted, least=10)
        rig.must_bite("pages seen of each door", lambda: min(visitors.answered.values()), least=20)
        rig.must_bite("requests that had to be sent again", lambda: len(self._waits), least=len(DOORS))
        rig.must_bite("longest until such a one was served (s)", lambda: max(self._waits), least=0)


def frozen(rig: Rig) -> None:
    """Each service in turn stands still for 5 to 130 s, then the broker for 75 s: the others go on, all catch up."""
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1), rig.questions()
    each, ignored = list[float](), 0
    for number, (victim, seconds) in enumerate(zip(rig.chance.shuffled(SERVICES), _STILL, strict=True)):
        crowd.await_told(number / len(_STILL) / 2)
        asked, in_vain = _freeze(rig, questions, victim, seconds)
        each.append(asked / seconds)
        ignored += in_vain
    rig.must_have_taken("handed in while a service stood still", submissions)
    rig.must_bite("questions that it did not answer", ignored, least=sum(_STILL) / 10)
    rig.must_bite("questions a minute to each of the others", 60 * min(each), least=6)
    rig.must_bite("given up by the broker", rig.witness.wrote("rabbitmq", "missed heartbeats"))
    crowd.await_told(2 / 3)
    _freeze_broker(rig, questions)
    rig.must_have_taken("handed in while the broker stood still", submissions, done_to("rabbitmq"))
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")


def _freeze(rig: Rig, questions: Questions, victim: str, seconds: float) -> tuple[int, int]:
    """One service: how often that of the others was asked which was asked least, and how often it did not answer."""
    others = [name for name in SERVICES if name != victim]
    with rig.paused(victim):
        rig.wait(seconds)
    meanwhile = rig.spells(done_to(victim))
    in_vain = questions.in_vain(*others, meanwhile=meanwhile)
    rig.insist(not in_vain, f"while {victim} stood still, others were asked twice in vain: {', '.join(in_vain)}")
    rig.stack.wait_ready([victim])
    return questions.least_asked(*others, meanwhile=meanwhile), questions.unavailable(victim, meanwhile=meanwhile)


def _freeze_broker(rig: Rig, questions: Questions) -> None:
    """The one that all have: nobody who needs it is ready, and whoever asks is told in time."""
    with rig.paused("rabbitmq"):
        rig.wait(_BROKER_STILL)
        rig.insist_not_ready(*SERVICES)
        rig.insist_ready(*DOORS)
    unanswered = partial(questions.unavailable, meanwhile=rig.spells(done_to("rabbitmq")))
    rig.stack.wait_ready(["rabbitmq"])
    rig.must_bite("questions unanswered while it did", unanswered, least=_BROKER_STILL / 2)


def short_of_memory(rig: Rig) -> None:
    """Each service in turn has 8 MB left and gets questions of 10 MB: the kernel ends it, and it comes back."""
    crowd, _ = rig.crowd(), rig.submissions(rate=1)
    for number, victim in enumerate(rig.chance.shuffled(SERVICES)):
        crowd.await_told(number / len(SERVICES))
        with rig.short_of_memory(victim, _RATION) as ration:
            messages.ask_without_return(rig.env["MOTCUA_AMQP_URI"], [victim])
            rig.insist(wait_until(ration.has_ended, _RESTART), f"{victim} had enough")
        rig.stack.wait_ready([victim])
    rig.must_bite("ended by the kernel", rig.witness.deaths, least=len(SERVICES))


def failpoints(rig: Rig) -> None:
    """Every process dies in turn at every named point of its work, in the middle of mixed dossiers."""
    crowd, _ = rig.crowd(), rig.submissions(rate=2, gap=_AGAIN)
    for number, (process, point) in enumerate(rig.chance.shuffled(_CELLS)):
        crowd.await_told(0.8 * number / len(_CELLS))
        rig.die_at(process, point, let_go=rig.chance.pick((0, 1, 4)))
    crowd.finish()
    rig.must_bite("died at a point", rig.burnt, least=len(_CELLS))
    for service in _ALONE:
        rig.must_bite(f"of {service} told twice", partial(rig.told_twice, service))
