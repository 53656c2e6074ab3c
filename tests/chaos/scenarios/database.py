"""The database dies, stands still, or is slow."""

from time import monotonic

from deploy.local.composition import SERVICES
from tests.chaos.load import Submissions
from tests.chaos.questions import Questions
from tests.chaos.rig import PROGRAMS, Rig
from tests.chaos.scenarios.crowds import badly_told
from tests.chaos.wires import DATABASE

_READY_SECONDS = 45.0  # after a database has come back
_BACK_SECONDS = 30.0  # after anything was done to it, until whoever hands in is taken
_AFTER_SECONDS = 20
_STILL = (5, 35, 130)  # seconds: as long as a lost primary is waited for, longer than any request, and than any try
_SEEN_SECONDS = 10.0  # until everybody has seen that it stands still
# Seconds: what was on its way to it is given up after ten and tried anew for five, and a file is cleared away for five.
_SLOW = 25.0
_SECONDS_MORE = 2.0  # at most, each way, for each piece another while
_STOPPED = '"msg":"Received signal"'  # as mongod says of a SIGTERM
_OUTAGES = ("message_failed", "relay_paused", "timer_failed")


def database_killed(rig: Rig) -> None:
    """mongod stands still for longer than anybody waits, then is killed again and again, and stopped by SIGTERM."""
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=1, gap=_BACK_SECONDS), rig.questions()
    crowd.await_told(1 / 8)
    _freeze(rig, 12)
    ends = rig.size([rig.kill] * 2 + [rig.restart], [rig.kill] * 12 + [rig.restart] * 3)
    for number, end in enumerate(rig.chance.shuffled(ends)):
        crowd.await_told(1 / 8 + number / len(ends) / 2)
        rig.wait(rig.chance.seconds(0, 2))
        end("mongodb")
        rig.stack.wait_ready(["mongodb"])
    rig.insist_ready(*PROGRAMS, within=_READY_SECONDS)
    _insist_on_clear_words(rig, submissions, questions)
    rig.must_bite("mongod killed", rig.witness.deaths, least=rig.done("kill"))
    rig.must_bite("mongod stopped in order", lambda: rig.witness.wrote("mongodb", _STOPPED), least=rig.done("restart"))
    rig.must_bite("work that met no database", lambda: sum(rig.witness.said(one, *_OUTAGES) for one in SERVICES))


def database_frozen(rig: Rig) -> None:
    """mongod stands still for 5, 35 and 130 s: who hands in or asks is told so by name, in time, and all catch up."""
    crowd, questions = rig.crowd(), rig.questions()
    submissions = rig.submissions(rate=1, gap=max(_STILL) + _BACK_SECONDS)
    for number, seconds in enumerate(rig.chance.shuffled(_STILL), 1):
        crowd.await_told(number / len(_STILL) / 2)
        _freeze(rig, seconds)
        rig.insist_ready(*PROGRAMS, within=_READY_SECONDS)
        woke = monotonic()
        rig.wait(_AFTER_SECONDS)
        taken = submissions.taken([(woke, monotonic())])
        rig.must_bite(f"handed in when it had stood still for {seconds} s", taken, least=0.8 * _AFTER_SECONDS)
    _insist_on_clear_words(rig, submissions, questions)
    rig.must_bite("submissions refused by name", lambda: submissions.refused().total(), least=sum(_STILL) / 4)


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


def _freeze(rig: Rig, seconds: float) -> None:
    """Nobody is ready meanwhile, once he can have seen it."""
    with rig.paused("mongodb"):
        rig.wait(seconds)
        if seconds > _SEEN_SECONDS:
            rig.insist_not_ready(*PROGRAMS)


def _insist_on_clear_words(rig: Rig, submissions: Submissions, questions: Questions) -> None:
    """Whoever hands in, or asks, while there is no database is answered in time, or told why not and when to come."""
    meanwhile = rig.spells(lambda one: one.verb == "pause")
    rig.at_the_end(lambda: [f"a submission took {how:.1f} s" for how in [submissions.slowest()] if how > _SLOW])
    rig.at_the_end(lambda: badly_told(submissions))
    rig.must_bite("longest submission (s)", submissions.slowest, least=3)
    asked = questions.least_asked(*SERVICES, meanwhile=meanwhile)
    rig.must_bite("questions to each service while it stood still", asked, least=2)
