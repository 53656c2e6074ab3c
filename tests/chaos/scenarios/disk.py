"""The disk is slow; the disk is lost, and there is a backup."""

from tests.chaos import restoring
from tests.chaos.rig import Rig
from tests.integration.books import Books


def slow_disk(rig: Rig) -> None:
    """Every flush of the database to its disk takes a third of a second longer."""
    crowd = rig.crowd()
    crowd.await_told(1 / 4)
    with rig.slow_disk("mongodb", 0.3) as flushes:
        crowd.await_told(3 / 4)
    rig.must_bite("flushes delayed", flushes, least=20)


def restored(rig: Rig) -> None:
    """A backup is taken under load, the database and the broker are lost later, and all begins again at the backup."""
    crowd, submissions = rig.crowd(), rig.submissions(rate=2)
    crowd.await_told(1 / 2)
    rig.note("back up", "mongodb")
    before = restoring.back_up(rig.stage)
    crowd.finish()
    submissions.finish()
    accepted_later = crowd.accepted + submissions.accepted - len(before)
    rig.loads.clear()  # what came after the backup is lost, as everybody was told
    rig.note("restore", "mongodb, rabbitmq")
    restoring.restore(rig.stage)
    rig.at_the_end(lambda: [f"{code} was in the backup and is not kept" for code in sorted(before - _codes(rig))])
    rig.must_bite("dossiers in the backup", lambda: len(before), least=10)
    rig.must_bite("dossiers accepted after it", lambda: accepted_later)


def _codes(rig: Rig) -> set[str]:
    with Books(rig.env) as books:
        return {one["_id"] for one in books.collection("intake.dossiers").find({}, {"_id": 1})}
