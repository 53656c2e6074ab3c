"""What the five services say of one dossier, side by side, and where they contradict each other."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.chassis.subscribe import Received
from services.intake.dossier import Dossier
from services.intake.facts import KINDS, fact_of
from services.notify.domain import Notice
from services.notify.moments import told_by
from services.payment.order import PAYABLE, FeeOrder
from services.registry.domain import REVOKED, VALID, Issuance, Record
from services.routing.case import Case
from tests.unit.simulation.outside import CAPTURED, Account
from tests.unit.simulation.world import World

Found = Iterator[str]
_NAMES_THE_DESK: Final = ("resolved", "refused")
# the status of a case, and what its dossier may be when nothing is on its way
SAME_STORY: Final[Mapping[str, tuple[str, ...]]] = {
    "opened": ("submitted", "payment_required"),
    "supplement_requested": ("supplement_requested",),
    "accepted": ("accepted", "payment_required", "processing"),
    "in_hand": ("processing", "payment_required"),
    "proposed": ("processing", "payment_required"),
    "decided": ("processing", "payment_required", "resolved", "returned"),
    "rejected": ("rejected",),
    "stopped": ("stopped",),
    "withdrawn": ("withdrawn",),
}


@dataclass(frozen=True)
class Story:
    """One dossier, in the words of each service, and all that was published about it."""

    dossier: Dossier
    case: Case
    orders: Sequence[FeeOrder]
    issuance: Issuance | None
    record: Record | None
    notices: Sequence[Notice]
    accounts: Mapping[str, Account]
    events: Sequence[Received]
    bill_unit: str
    told_unit: str | None

    @property
    def granted(self) -> bool:
        """Decided in favour of the applicant, who did not withdraw."""
        return self.case.status == "decided" and self.case.outcome == "granted"

    @property
    def ended_at(self) -> datetime | None:
        """When it ended without a result in the applicant's favour: the first time anybody ended it."""
        refused_at = self.case.decided_at if self.case.outcome == "refused" else None
        ends = (self.dossier.withdrawn_at, self.case.rejected_at, self.case.stopped_at, refused_at)
        return min((at for at in ends if at), default=None)


def contradictions(world: World) -> Iterator[str]:
    """Everything that does not agree."""
    for story in _stories(world):
        for rule in RULES:
            yield from (f"{story.dossier.dossier_code} {rule.__name__[1:]}: {found}" for found in rule(story))


def _stories(world: World) -> Iterator[Story]:
    cases, orders, notices = world.states("case"), world.states("order").values(), world.states("notice").values()
    records = {record.dossier_code: record for record in world.states("record").values()}
    issuances, events = world.states("issuance"), [world.bus.read(message) for message in world.bus.published.values()]
    for code, dossier in world.states("dossier").items():
        yield Story(
            dossier,
            cases[code],
            [order for order in orders if order.dossier_code == code],
            issuances.get(code),
            records.get(code),
            [notice for notice in notices if notice.dossier_code == code],
            world.gateway.accounts,
            [event for event in events if event.dossier_code == code],
            (world.databases["payment"]["dossiers"].kept(code) or {"unit": ""})["unit"],
            (world.databases["notify"]["units"].kept(code) or {"unit": None})["unit"],
        )


def _same_status(story: Story) -> Found:
    if story.dossier.status not in SAME_STORY[story.case.status]:
        yield f"the case is {story.case.status}, the dossier {story.dossier.status}"


def _unit_agrees(story: Story) -> Found:
    """Who has it, who collects for it and who is told of it is the unit it was handed on to last.

    There a letter sends the applicant for his result, too.
    """
    last = story.case.transfers[-1].to_unit if story.case.transfers else None
    told = {"intake": story.dossier.unit, "payment": story.bill_unit, "notify": story.told_unit or story.case.unit}
    told |= {order.order_id: order.unit for order in story.orders if order.paid_at is None}
    told |= {f"the letter ({one.moment})": one.unit for one in story.notices if one.moment in _NAMES_THE_DESK}
    for who, unit in told.items():
        if unit != story.case.unit or (last and unit != last):
            yield f"{who} says {unit}, routing {story.case.unit}"
    had = {story.case.unit, *(one.from_unit for one in story.case.transfers)}
    yield from (f"{one.order_id} was paid to {one.unit}" for one in story.orders if one.unit not in had)


def _withdrawal_wins(story: Story) -> Found:
    known = {story.dossier.withdrawn_at, story.case.withdrawn_at}
    known |= {story.issuance.withdrawn_at} if story.issuance else set()
    if len(known) > 1:
        yield f"withdrawn at {known}"


def _stop_is_known(story: Story) -> Found:
    """Registry knows of the stop of what was granted, and of no other."""
    stopped_at = story.case.stopped_at if story.case.decided_at else None
    known = story.issuance.stopped_at if story.issuance else None
    if known != stopped_at:
        yield f"stopped at {stopped_at}, registry knows {known}"


def _facts_arrived(story: Story) -> Found:
    """Intake knows everything that was ever said, and nothing else."""
    said = {
        (fact.type, fact.about)
        for event in story.events
        if event.event.type in KINDS
        for fact in [fact_of(event.event)]
    }
    known = {(fact.type, fact.about) for fact in story.dossier.facts}
    if said != known:
        yield f"said or known only: {sorted(said ^ known)}"


def _supplements_agree(story: Story) -> Found:
    answered = max((one.round for one in story.case.supplements if one.received_at), default=0)
    if answered != story.dossier.supplemented_round:
        yield f"intake answered round {story.dossier.supplemented_round}, routing received {answered}"


def _dates_agree(story: Story) -> Found:
    due_at = story.dossier.due_at and datetime.fromisoformat(story.dossier.due_at)
    if due_at != story.case.due_at:
        yield f"due at {story.case.due_at} says routing, at {due_at} says intake"
    answer = story.dossier.answer_due
    answer_due_at = answer if isinstance(answer, datetime) else datetime.fromisoformat(answer)
    if answer_due_at != story.case.answer_due_at:
        yield f"the answer is due at {story.case.answer_due_at} says routing, at {answer_due_at} says intake"


def _fees_agree(story: Story) -> Found:
    """Routing knows of every fee that was asked for, settled or waived."""
    known = {fee.order_id: (fee.settled_at, fee.waived) for fee in story.case.fees}
    told = {event.event.data["order_id"] for event in story.events if event.event.type in _FEES}
    if told != set(known):
        yield f"told of {sorted(told)}, knows {sorted(known)}"
    for order in story.orders:
        settled = (order.paid_at or order.waived_at, order.waived_at is not None)
        if order.order_id in known and known[order.order_id] != settled:
            yield f"{order.order_id} was settled {settled}, routing knows {known[order.order_id]}"


def _result_agrees(story: Story) -> Found:
    record, result = story.record, story.dossier.result
    if story.granted and _is_paid_up(story) and record is None:
        yield "granted and paid for, but there is no record"
    if record and (story.case.outcome != "granted" or result is None or result.number != record.number):
        yield f"record {record.number} for {story.case.outcome}, the dossier says {result}"
    if record and record.status == VALID and not story.granted:
        yield f"record {record.number} is valid, the case {story.case.status}"
    if record and record.status == REVOKED and not (story.dossier.withdrawn_at or story.dossier.fact("record_revoked")):
        yield f"record {record.number} is revoked, and intake does not know"
    said = story.dossier.resolved
    if story.dossier.status in ("resolved", "returned") and not said:
        yield "resolved, but never said so"


def _nobody_is_dunned(story: Story) -> Found:
    for order in story.orders:
        if story.ended_at and (order.status in PAYABLE or (order.status == "assessed" and order.amount_vnd)):
            yield f"{order.order_id} is {order.status} after the end"


def _money_adds_up(story: Story) -> Found:
    for order in story.orders:
        if (order.receipt is None) != (order.paid_at is None):
            yield f"{order.order_id}: paid at {order.paid_at}, receipt {order.receipt}"
        told = [attempt.reference for attempt in order.attempts if attempt.outcome == "captured"]
        taken = [reference for reference in told if story.accounts[reference].code == CAPTURED]
        if taken != told:
            yield f"{order.order_id}: captured {told}, the gateway took {taken}"
        whole = [one for one in taken if story.accounts[one].kept_vnd == order.amount_vnd]
        at_counter = order.method == "counter"
        if len(whole) + at_counter > 1:
            yield f"{order.order_id}: paid {len(whole) + at_counter} times and kept"
        for reference in taken:
            owed = sum(refund.amount_vnd for refund in order.refunds if refund.attempt == reference)
            if story.accounts[reference].refunded_vnd != owed:
                yield f"{reference}: {owed} is owed back, the gateway gave {story.accounts[reference].refunded_vnd}"


def _what_is_owed_is_given_back(story: Story) -> Found:
    """All of it where it was paid after the end or for the result, else what is refundable."""
    for order in story.orders:
        if order.paid_at is None:
            continue
        owed = sum(refund.amount_vnd for refund in order.refunds_for("dossier_ended"))
        expected = 0
        if story.ended_at:
            late = order.paid_at.replace(microsecond=0) >= story.ended_at.replace(microsecond=0)
            whole = late or order.when_due == "before_result"
            expected = order.amount_vnd if whole else sum(line.amount_vnd for line in order.lines if line.refundable)
        if owed != expected:
            yield f"{order.order_id}: {expected} is owed (paid {order.paid_at}, ended {story.ended_at}), not {owed}"


def _notices_agree(story: Story) -> Found:
    """Everybody was told of everything, once."""
    due = Counter((moment.audience, moment.name) for event in story.events for moment in told_by(event.event))
    made = Counter((notice.audience, notice.moment) for notice in story.notices)
    if due != made:
        yield f"too few {due - made}, too many {made - due}"


_FEES: Final = ("fee_requested", "fee_paid", "fee_waived")
RULES: Final[tuple[Callable[[Story], Found], ...]] = (
    _same_status,
    _unit_agrees,
    _withdrawal_wins,
    _stop_is_known,
    _facts_arrived,
    _supplements_agree,
    _dates_agree,
    _fees_agree,
    _result_agrees,
    _nobody_is_dunned,
    _money_adds_up,
    _what_is_owed_is_given_back,
    _notices_agree,
)


def _is_paid_up(story: Story) -> bool:
    return all(order.paid_at or order.waived_at for order in story.orders if order.when_due == "before_result")
