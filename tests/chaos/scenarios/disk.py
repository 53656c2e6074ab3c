"""The disk is slow, or full; the broker's is lost; all are lost, and there is a backup."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic
from typing import Final

from deploy.local.waiting import wait_until
from services.cli.demo.town import fresh
from tests.chaos import judge, restoring
from tests.chaos.gateway import compared
from tests.chaos.load import OPEN, Crowd, FolkStory, Submissions
from tests.chaos.rig import Rig
from tests.integration.books import Books
from tests.integration.crowd import PARTS, STATUS_OF, plots

_NOTICED_SECONDS: Final = 90.0  # mongod writes to its journal at once, to its data once a minute
_BACK_SECONDS: Final = 180.0
_SLOW: Final = 10.0  # seconds; a submission that waited for the broker would take longer


def slow_disk(rig: Rig) -> None:
    """Every flush of the database to its disk takes a third of a second longer."""
    crowd = rig.crowd()
    crowd.await_told(1 / 4)
    with rig.slow_disk("mongodb", 0.3) as flushes:
        crowd.await_told(3 / 4)
    rig.must_bite("flushes delayed", flushes, least=20)


def full_disk(rig: Rig) -> None:
    """No byte is left on the database's disk: whoever hands in is told so by name, and nothing answered is lost."""
    crowd, submissions = rig.crowd(), rig.submissions(rate=2, gap=_BACK_SECONDS)
    crowd.await_told(1 / 4)
    with rig.full_disk("mongodb"):
        wait_until(lambda: rig.witness.ended("mongodb") > 0, _NOTICED_SECONDS)
        rig.wait(rig.size(10, 30))
    rig.must_bite("mongod ended by itself", lambda: rig.witness.ended("mongodb"))
    rig.must_bite("said that nothing is left", lambda: rig.witness.wrote("mongodb", "No space left on device"))
    rig.must_bite("submissions refused by name", lambda: submissions.refused().total(), least=3)
    rig.at_the_end(lambda: [f"{n} were told nothing" for n in [submissions.refused()[""]] if n])


def full_disk_of_broker(rig: Rig) -> None:
    """No byte is left on the broker's disk, past its alarm: HTTP takes all, RPC says so in time, all is told again.

    RabbitMQ comes back from that without some of its queues, so the way back is that of a disk that is lost.
    """
    crowd, submissions, questions = rig.crowd(), rig.submissions(rate=2), rig.questions()
    crowd.await_told(1 / 4)
    rig.alarms.order("set_disk_free_limit", "1")
    unanswered = questions.unavailable()
    with rig.full_disk("rabbitmq"):
        rig.wait(rig.size(30, 60))
        unanswered = questions.unavailable() - unanswered
    rig.must_have_taken("handed in meanwhile", submissions, lambda one: one.verb == "fill disk")
    rig.lose_disk("rabbitmq")
    rig.insist(submissions.slowest() < _SLOW, f"a submission took {submissions.slowest():.1f} s")
    rig.must_bite("said that nothing is left", lambda: rig.witness.wrote("rabbitmq", "enospc"))
    rig.must_bite("longest submission (s)", submissions.slowest, least=0)
    rig.must_bite("histories told again", rig.tell_again(), least=30)
    rig.must_bite("questions that nobody answered", unanswered, least=10)


def broker_lost(rig: Rig) -> None:
    """The broker's disk is lost with all that routing, which is away, has not heard: the histories are told again."""
    crowd = rig.crowd()
    rig.submissions(rate=2)
    crowd.await_told(1 / 4)
    with rig.away("routing"):
        rig.wait(rig.size(15, 60))  # longer than relays doubt what was confirmed
        unheard = _published(rig) - rig.codes("routing.cases")
        rig.lose_disk("rabbitmq")
        told = crowd.accepted
    rig.stack.wait_ready(["routing"])
    rig.wait(5)
    unheard -= rig.codes("routing.cases")
    rig.at_the_end(lambda: [f"{code} was not told again" for code in unheard - rig.codes("routing.cases")])
    rig.must_bite("published, and lost with the broker's disk", len(unheard), least=rig.size(5, 50))
    rig.must_bite("services that found the broker empty", lambda: rig.witness.said("*", "broker_came_back_empty"))
    rig.must_bite("histories told again", rig.tell_again(), least=100)
    rig.must_bite("dossiers told to their end behind the loss", lambda: crowd.accepted - told, least=rig.size(5, 50))


def restored(rig: Rig) -> None:
    """A backup is taken under load, then all disks are lost: all is told again, goes on from the backup, takes more."""
    crowd = rig.crowd()
    rig.submissions(rate=2)
    crowd.await_told(1 / 2)
    with rig.away("routing"):  # what it has not heard by then, only the histories can tell it
        waiting = _handed_in(rig)
        rig.wait(3)
        answered, ended = _answered(rig) | {one.code for one in waiting}, _ended(rig)
        begun, given_back = rig.stage.gateway.references(), rig.stage.gateway.given_back_vnd()
        rig.note("back up", "mongodb")
        restoring.back_up(rig.stage)
    later = _end(rig)
    rig.note("lose and restore", "mongodb, rabbitmq")
    lost_at = monotonic()
    with restoring.lost_and_restored(rig.stage):
        kept, untold = rig.codes("intake.dossiers"), rig.codes("intake.dossiers") - rig.codes("routing.cases")
        rig.stage.gateway.note_loss(begun, given_back)
    rig.must_bite("from the loss until everything answered again (s)", monotonic() - lost_at, least=0)
    behind = rig.tell_of(plots(rig.town, len(PARTS)))
    rig.wrong.extend(_stuck(waiting))
    behind.finish()
    rig.at_the_end(lambda: [f"{code} was answered before the backup and is not kept" for code in answered - kept])
    rig.at_the_end(lambda: list(_ended_otherwise(rig, ended)))
    rig.at_the_end(lambda: [f"{code} is not known to its unit" for code in answered - rig.codes("routing.cases")])
    rig.at_the_end(lambda: [f"{code} came from nowhere" for code in _from_nowhere(rig, kept)])
    rig.must_bite("dossiers answered before the backup", lambda: len(answered), least=10)
    rig.must_bite("of them told to their end", len(ended), least=5)
    rig.must_bite("lost with the disks", lambda: len(later - kept))
    rig.must_bite("unknown to routing in the backup", lambda: len(untold), least=len(waiting))
    rig.must_bite("of these, granted when all was back", lambda: len(_granted(rig, waiting)), least=len(waiting))
    rig.must_bite(
        "dossiers handed in and told to their end when all was back", lambda: behind.accepted, least=len(PARTS)
    )
    rig.must_bite("payments unknown to the backup", lambda: len(compared(rig.env, rig.stage.gateway).unknown), least=0)
    rig.must_bite("given back after the backup", lambda: len(compared(rig.env, rig.stage.gateway).undone), least=0)
    rig.must_bite("told again", lambda: len(rig.stage.stream.ledger.times), least=100)


def _handed_in(rig: Rig) -> list[FolkStory]:
    """Dossiers that are handed in, and wait for their officers; of each procedure for which a result is issued."""
    wanted = [offer for offer, fate in plots(rig.town, len(PARTS)) if fate == "granted"]
    waiting = [FolkStory(rig.town, offer.tenant, offer.procedure, fresh()) for offer in wanted]
    for dossier in waiting:
        dossier.submit()
    return waiting


def _stuck(waiting: Sequence[FolkStory]) -> list[str]:
    """Let them go on, over lines of their own, to the record and its proof; which of them could not."""
    with ThreadPoolExecutor(len(waiting)) as pool:
        ends = {dossier.code: pool.submit(dossier.be_granted) for dossier in waiting}
    return [
        f"{code} did not go on from the backup: {end.exception()!r}" for code, end in ends.items() if end.exception()
    ]


def _granted(rig: Rig, waiting: Sequence[FolkStory]) -> set[str]:
    """The codes of those that have come to their result."""
    return rig.codes("intake.dossiers", **{"state.status": "resolved"}) & {dossier.code for dossier in waiting}


def _from_nowhere(rig: Rig, kept: set[str]) -> set[str]:
    """The codes of dossiers that were not in the backup, and that nobody was answered with since."""
    return rig.codes("intake.dossiers") - kept - _answered(rig)


def _end(rig: Rig) -> set[str]:
    """Let everybody come to his end; the codes of all who were answered.

    They are judged by the books that are still there, not by those that come back: what came after the backup is lost,
    as everybody is told.
    """
    for load in rig.loads:
        load.finish()
    rig.wrong.extend(judge.untrue_answers(rig))
    answered = _answered(rig)
    rig.loads.clear()
    return answered


def _answered(rig: Rig) -> set[str]:
    """The codes of all dossiers of which somebody has had an answer by now."""
    handed = (one.code for load in rig.loads if isinstance(load, Submissions) for one in list(load.handed))
    ended = (told.dossier_code for load in rig.loads if isinstance(load, Crowd) for told in list(load.ended))
    return {code for code in (*handed, *ended) if code}


def _ended(rig: Rig) -> dict[str, str]:
    """How each dossier ended that has been told to its end by now: its status by its code."""
    told = (one for load in rig.loads if isinstance(load, Crowd) for one in list(load.ended))
    return {one.dossier_code: STATUS_OF.get(one.outcome, OPEN) for one in told}


def _ended_otherwise(rig: Rig, ended: Mapping[str, str]) -> Iterator[str]:
    """Of these, those whose status is another one now."""
    with Books(rig.env) as books:
        for one in books.collection("intake.dossiers").find({"_id": {"$in": list(ended)}}, {"state.status": 1}):
            if one["state"]["status"] != ended[one["_id"]]:
                yield f"{one['_id']} was told that it is {ended[one['_id']]}, and is {one['state']['status']}"


def _published(rig: Rig) -> set[str]:
    """The codes of all dossiers of which the broker has confirmed that they were handed in."""
    return rig.codes("intake.dossiers", relayed={"$gt": 0})
