"""Those outside are not there: the mail server, a department, the payment gateway."""

from statistics import median
from time import monotonic

from tests.chaos.department import Department
from tests.chaos.load import LetterlessStory
from tests.chaos.payers import FAULTS, GatewayLedger, PayingStory, disagreements
from tests.chaos.rig import Rig
from tests.integration.books import Books
from tests.integration.crowd import offers

_WITH_A_FEE = "ma-so-quan-ly-qc"


def subscribers_down(rig: Rig) -> None:
    """The mail server is away for a minute (ten), and a department killed: both miss nothing, nobody waits for them."""
    department = rig.beside(Department(rig.stage.run_dir, rig.env))
    crowd, began = rig.crowd(LetterlessStory), monotonic()
    crowd.await_told(1 / 4)
    department.kill()
    with rig.away("mailbox"):
        away_at = monotonic()
        crowd.await_told(3 / 4)
        rig.wait(max(0.0, away_at + rig.size(60, 600) - monotonic()))
        waiting = _unsent(rig)
        before, meanwhile = crowd.took(began, away_at), crowd.took(away_at, monotonic())
    heard = department.heard_count()
    department.start()
    slower = median(meanwhile) / median(before)
    rig.insist(slower < 2, f"dossiers took {slower:.1f} times as long while the mail server was away")
    rig.at_the_end(lambda: [f"the department missed {type_}: {n}" for type_, n in department.missed().items()])
    rig.must_bite("letters that waited", lambda: waiting, least=10)
    rig.must_bite("told to the department when it came back", lambda: department.heard_count() - heard, least=10)


def gateway(rig: Rig) -> None:
    """Payments of which the gateway is silent, late, contrary, forged, repeated; it stands still; people pay twice."""
    offer, chance = offers(rig.town)[_WITH_A_FEE], rig.chance
    faults = iter(chance.picks(("", *FAULTS), rig.dossiers))
    stories: list[PayingStory] = []

    def begin(*arguments: object) -> PayingStory:
        story = PayingStory(*arguments)
        story.fault, story.pays_twice = next(faults), len(stories) % 8 == 0
        stories.append(story)
        return story

    ledger = GatewayLedger(rig.stage.run_dir)
    crowd = rig.tell_of([(offer, "granted")] * rig.dossiers, begin)
    crowd.await_told(1 / 3)
    with rig.paused("gateway"):
        rig.wait(12)
    rig.at_the_end(lambda: list(disagreements(rig.env, ledger)))
    for fault in FAULTS:
        rig.must_bite(fault, lambda fault=fault: ledger.met(fault))  # type: ignore[misc]
    for code, what in (("02", "said again"), ("97", "forgeries refused"), ("04", "wrong amounts refused")):
        rig.must_bite(what, lambda code=code: sum(one.answers[code] for one in stories))  # type: ignore[misc]


def _unsent(rig: Rig) -> int:
    with Books(rig.env) as books:
        return int(books.collection("notify.notices").count_documents({"state.sent_at": None}))
