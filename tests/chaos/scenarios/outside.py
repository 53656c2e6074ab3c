"""Those outside are not there: the mail server, a department, the payment gateway."""

from collections.abc import Sequence
from functools import partial
from statistics import quantiles
from time import monotonic

from deploy.local.waiting import wait_until
from tests.chaos import rest
from tests.chaos.department import Department
from tests.chaos.gateway import given_back, insist_one_id
from tests.chaos.load import LetterlessStory
from tests.chaos.payers import ANSWERS, FAULTS, FAULTS_OF_CALLS, Payers
from tests.chaos.rig import Rig
from tests.chaos.webhooks import Webhooks
from tests.integration.books import Books
from tests.integration.crowd import offers

_WITH_A_FEE = "ma-so-quan-ly-qc"
_SOON = 30.0
# Two crowds of the same dossiers on one busy machine differ by themselves, the last few by more; who waits for an
# outage, waits on.
_SLOWER, _SLOWER_AT_LAST = 1.5, 2.0
_ALMOST_ALL = 0.95
_A_FEW = 15.0  # seconds, by which it is looked at
_OF_THE_OUTAGE = 1 / 3  # until all letters have gone, events been heard and webhooks begun that piled up for so long
_RECEIVERS = ("dead", "well")


def subscribers_down(rig: Rig) -> None:
    """The mail server is away, a department and one receiver of webhooks dead (ten minutes): nobody misses or waits."""
    department, before = rig.beside(Department(rig.stage.run_dir, rig.env)), rig.crowd(LetterlessStory)
    told, others_told = (rig.beside(Webhooks(rig.stage.run_dir / name, rig.env, rig.town)) for name in _RECEIVERS)
    before.finish()
    behind_before = others_told.catch_up()
    told.catch_up()
    rig.rest()
    department.kill()
    told.kill()
    away_at = monotonic()
    with rig.away("mailbox"):
        meanwhile = rig.crowd(LetterlessStory)
        meanwhile.finish()
        behind = others_told.catch_up()
        rig.wait(max(0.0, away_at + rig.size(10, 600) - monotonic()))
        rig.insist(wait_until(lambda: not _others(rig), _SOON), f"others had to wait: {_others(rig)}")
        waiting, heard = _unsent(rig), department.heard_count()
        untold, told_meanwhile = told.heard_count(), others_told.heard_count() - told.heard_count()
    rig.recovers_within = max(rig.recovers_within, _OF_THE_OUTAGE * (monotonic() - away_at))
    department.start()
    told.start()
    slower = slowdown(before.took(), meanwhile.took())
    slower_at_last = slowdown(before.took(), meanwhile.took(), _ALMOST_ALL)
    rig.insist(slower < _SLOWER, f"a dossier took {slower:.2f} times as long while they were away")
    rig.insist(slower_at_last < _SLOWER_AT_LAST, f"one in twenty took {slower_at_last:.2f} times as long then")
    rig.insist(
        behind < _SLOWER * behind_before + _A_FEW,
        f"another receiver was {behind:.0f} s behind in the end, {behind_before:.0f} s before",
    )
    rig.at_the_end(department.wrong)
    rig.at_the_end(told.wrong)
    rig.at_the_end(others_told.wrong)
    rig.must_bite("letters that waited", waiting, least=10)
    rig.must_bite("told to the department when it came back", lambda: department.heard_count() - heard, least=10)
    rig.must_bite("told by webhook when its receiver came back", lambda: told.heard_count() - untold, least=10)
    rig.must_bite("told to another receiver while one was dead", told_meanwhile, least=10)
    rig.must_bite("times as long as the same dossiers before", slower, least=0)
    rig.must_bite("of the slowest in twenty", slower_at_last, least=0)
    rig.must_bite("another receiver behind at the end, nobody away (s)", behind_before, least=0)
    rig.must_bite("and while they were away (s)", behind, least=0)


def gateway(rig: Rig) -> None:
    """Callbacks lost, late, contrary, forged, repeated; calls badly answered, or only acted on; it stands still."""
    payers, books = Payers(rig.chance, rig.dossiers), rig.stage.gateway
    rig.at_the_end(insist_one_id(books))
    crowd = rig.tell_of([(offers(rig.town)[_WITH_A_FEE], "granted")] * rig.dossiers, payers.begin)
    crowd.await_told(1 / 3)
    with rig.paused("gateway"):
        rig.wait(rig.size(21, 25))  # payment asks after five seconds, and waits for fifteen
    for fault in FAULTS:
        rig.must_bite(fault, partial(books.met, fault))
    for fault in FAULTS_OF_CALLS:
        rig.must_bite(f"calls: {fault}", partial(books.mishaps, fault))
    for answer, what in ANSWERS.items():
        rig.must_bite(what, partial(payers.heard, answer))
    rig.must_bite("callbacks overtaken by asking", payers.overtaken)
    rig.must_bite("refunds made and not heard of", books.unheard_refunds)
    rig.must_bite("settled by asking", lambda: rig.witness.said("payment", "silent_attempt_settled"))
    rig.must_bite("given back", lambda: given_back(rig.env, "paid_twice"))
    rig.must_bite("gateway not reached", lambda: rig.witness.said("payment", "gateway_unreachable"))
    rig.must_bite("answers of no use", lambda: rig.witness.said("payment", "gateway_answer_unusable"))


def slowdown(before: Sequence[float], meanwhile: Sequence[float], share: float = 0.5) -> float:
    """How many times as long as before dossiers took, in seconds: that which this share of them did not outlast."""
    return _reached(meanwhile, share) / _reached(before, share)


def _reached(seconds: Sequence[float], share: float) -> float:
    return quantiles(seconds, n=100, method="inclusive")[round(100 * share) - 1]


def _unsent(rig: Rig) -> int:
    with Books(rig.env) as books:
        return int(books.collection("notify.notices").count_documents({"state.sent_at": None}))


def _others(rig: Rig) -> dict[str, int]:
    """What waits in the queues of those who write no letters."""
    return {name: count for name, count in rest.depths(rig.env).items() if not name.startswith("notify.")}
