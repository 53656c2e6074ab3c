"""What one service says of a dossier is what the others say of it, and nobody has missed a word."""

from collections.abc import Callable
from typing import Final

from services.cli.layout import some
from services.cli.verify.finding import Said
from services.cli.verify.papers import Papers
from services.contracts.event import Event
from services.intake.dossier import Dossier
from services.intake.facts import KINDS
from services.intake.facts import moment as read_moment
from services.notify.domain import notice_id
from services.notify.moments import told_by
from services.registry.domain import FEE_MOMENT, REVOKED
from services.routing.case import CLOSED, Case

Rule = Callable[[Papers, Dossier, Case], Said]
# how a dossier ends at intake, and how its case then ends at routing
ENDS: Final = {
    "withdrawn": "withdrawn",
    "rejected": "rejected",
    "stopped": "stopped",
    "resolved": "decided",
    "returned": "decided",
}
_SAME: Final = ("dossier_code", "tenant", "procedure", "procedure_version", "unit", "submitted_at")
_FEES: Final = ("fee_requested", "fee_waived", "fee_paid")


def tell(papers: Papers, *, told: bool) -> Said:
    """Everything that contradicts itself; without `told`, whether notices were sent is left open."""
    dossiers, cases = papers.dossiers, papers.cases
    if len(dossiers) != 1:
        yield f"intake.dossiers {papers.code}", _unknown(papers)
    elif len(cases) != 1:
        yield f"routing.cases {papers.code}", f"its unit has no case of it (at intake it is {dossiers[0].status})"
    else:
        for rule in (*RULES, *((_notices,) if told else ())):
            yield from rule(papers, dossiers[0], cases[0])


def _unknown(papers: Papers) -> str:
    knowing = sorted(
        {shelf.name for shelf, _ in papers.all()} | ({"payment.dossiers"} if papers.bill is not None else set())
    )
    return f"there is no such dossier, but in {', '.join(knowing)}" if knowing else "no service knows this dossier"


def _opening(papers: Papers, dossier: Dossier, case: Case) -> Said:
    differing = [name for name in _SAME if getattr(dossier, name) != getattr(case, name)]
    if differing:
        yield f"routing.cases {papers.code}", f"intake and routing differ in {', '.join(differing)}"


def _units(papers: Papers, _dossier: Dossier, case: Case) -> Said:
    """Who collects its fees and who is written to is the unit that has the case, or had it when they were paid.

    Cash was taken by a unit that has or had it: whether it had heard of the next transfer by then nobody can say.
    """
    for where, unit in papers.units.items():
        if unit != case.unit:
            yield f"{where} {papers.code}", f"it says that {unit} has the dossier, routing says {case.unit}"
    if case.transfers and "notify.units" not in papers.units:
        yield f"notify.units {papers.code}", "notify has not heard that it was handed on"
    had = [(one.at, one.to_unit) for one in case.transfers]
    first = case.transfers[0].from_unit if case.transfers else case.unit
    for order in papers.orders:
        until = [unit for at, unit in had if order.paid_at is None or at.replace(microsecond=0) <= order.paid_at]
        once = {first, *(unit for _, unit in had)} if order.method == "counter" else {until[-1] if until else first}
        if order.unit not in once:
            yield (
                f"payment.orders {order.order_id}",
                f"it is a fee of {order.unit}, which did not have the dossier then",
            )


def _end(papers: Papers, dossier: Dossier, case: Case) -> Said:
    where, end = f"routing.cases {papers.code}", ENDS.get(dossier.status)
    waits_for_result = case.status == "decided" and dossier.fact("case_decided") is not None
    if end is not None and end != case.status:
        yield where, f"the dossier is {dossier.status}, but the case is {case.status}"
    if end is None and case.status in CLOSED and not waits_for_result:
        yield where, f"the case is {case.status}, but the dossier is {dossier.status}"
    if dossier.withdrawn_at != case.withdrawn_at:
        yield where, "intake and routing differ in when it was withdrawn"


def _rounds(papers: Papers, dossier: Dossier, case: Case) -> Said:
    where = f"routing.cases {papers.code}"
    asked = {one["round"] for one in dossier.each("supplement_requested")}
    answered = {one["round"] for one in dossier.each("supplement_received")}
    if asked != {one.round for one in case.supplements}:
        yield where, "intake and routing differ in which supplements were asked for"
    if answered != {one.round for one in case.supplements if one.received_at}:
        yield where, "intake and routing differ in which supplements were received"
    if dossier.supplemented_round != max(answered, default=0):
        yield where, "a supplement has not reached its case"


def _dates(papers: Papers, dossier: Dossier, case: Case) -> Said:
    """The dates that the applicant is shown are those that the officers work by."""
    due_at = read_moment(dossier.due_at) if dossier.due_at else None
    answer_due = read_moment(dossier.answer_due) if isinstance(dossier.answer_due, str) else dossier.answer_due
    if due_at != case.due_at:
        yield f"routing.cases {papers.code}", "intake and routing differ in when the decision is due"
    if answer_due != case.answer_due_at:
        yield f"routing.cases {papers.code}", "intake and routing differ in when the first answer is due"


def _facts(papers: Papers, dossier: Dossier, _case: Case) -> Said:
    """Intake has heard everything that the others said, and nothing else."""
    said = {_about(entry["type"], entry["data"]) for entry in papers.told if entry["type"] in KINDS}
    known = {(fact.type, fact.about) for fact in dossier.facts}
    where = f"intake.dossiers {papers.code}"
    if said - known:
        yield where, f"intake has not heard of {_listed(said - known)}"
    if known - said:
        yield where, f"intake has heard of what nobody says: {_listed(known - said)}"


def _fees(papers: Papers, dossier: Dossier, case: Case) -> Said:
    """Payment has assessed the dossier; routing and intake know of each fee what it says."""
    orders = {order.order_id: order for order in papers.orders}
    if papers.bill is None:
        yield f"payment.dossiers {papers.code}", "its fees are not assessed"
    elif sorted(papers.bill) != sorted(orders):
        yield f"payment.dossiers {papers.code}", "its bill names other orders than there are"
    receipts = {one["order_id"]: one["number"] for one in dossier.each("receipt_issued")}
    if receipts != {order.order_id: order.receipt.number for order in orders.values() if order.receipt}:
        yield f"intake.dossiers {papers.code}", "intake and payment differ in its receipts"
    told = {entry["data"]["order_id"] for entry in papers.told if entry["type"] in _FEES}
    if told != {fee.order_id for fee in case.fees}:
        yield f"routing.cases {papers.code}", "routing and payment differ in which fees fell due"
    settled = {fee.order_id: fee.settled_at for fee in case.fees if fee.settled_at}
    at_payment = {one.order_id: one.paid_at or one.waived_at for one in orders.values() if one.paid_at or one.waived_at}
    if settled != at_payment:
        yield f"routing.cases {papers.code}", "routing and payment differ in which fees are settled, or when"


def _noted(papers: Papers, dossier: Dossier, case: Case) -> Said:
    """Registry knows what it would issue a record for, and has issued it where everything is there."""
    where = f"registry.issuances {papers.code}"
    fees = [order for order in papers.orders if order.when_due == FEE_MOMENT]
    noted = {
        (one.decision.decided_at if one.decision else None, one.withdrawn_at, one.stopped_at)
        for one in papers.issuances
    }
    stopped_at = case.stopped_at if case.decided_at else None
    if (noted or {(None, None, None)}) != {(case.decided_at, dossier.withdrawn_at, stopped_at)}:
        yield where, "registry has not noted its decision, its withdrawal, or its stop, as it is"
    settled = {one.fee_settled_at for one in papers.issuances if one.fee_settled_at}
    if settled != {at for at in (one.paid_at or one.waived_at for one in fees) if at}:
        yield where, "registry and payment differ in whether its fee before the result is settled, or when"
    granted = (one.decision for one in papers.issuances if one.decision and one.decision.outcome == "granted")
    if papers.bill is not None and any(decision.needs_fee != bool(fees) for decision in granted):
        unknown, unawaited = "its record waits for a fee that payment does not know", "its record waits for no fee"
        yield where, f"{unawaited}, though it has one before the result" if fees else unknown
    if len(papers.records) > 1:
        yield where, f"{len(papers.records)} records were issued for it"
    if any(one.order for one in papers.issuances) and not papers.records:
        yield where, "everything is there for its record, but none was issued"


def _record(papers: Papers, dossier: Dossier, case: Case) -> Said:
    granted = case.decided_at is not None and case.outcome == "granted"
    for kept, record in zip(papers.kept.get("registry.records", ()), papers.records, strict=True):
        where, withdrawn = f"registry.records {kept.id}", dossier.withdrawn_at is not None
        if not granted:
            yield where, "there is a record, but it was not granted"
        if withdrawn and record.status != REVOKED:
            yield where, "it was withdrawn, but its record is not revoked"
        if case.stopped_at and record.status != REVOKED:
            yield where, "it was stopped, but its record is not revoked"
        if record.status == REVOKED and not withdrawn and dossier.fact("record_revoked") is None:
            yield where, "its record is revoked, but intake does not know"
    result, numbers = dossier.result, [record.number for record in papers.records]
    if dossier.status in {"resolved", "returned"} and result and result.number:
        if [result.number] != numbers:
            yield f"intake.dossiers {papers.code}", "its result is another record than registry's"
    elif numbers and dossier.withdrawn_at is None and case.stopped_at is None:
        yield f"intake.dossiers {papers.code}", "its record has not reached it"


def _notices(papers: Papers, _dossier: Dossier, _case: Case) -> Said:
    """Each event has caused the notices it must cause, nothing else has caused any, and each has been dealt with."""
    due = {
        notice_id(entry["id"], moment.name, moment.audience): f"{entry['type']} → {moment.audience}"
        for entry in papers.told
        for moment in told_by(Event(entry["type"], entry["data"], entry["v"]))
    }
    for id_ in sorted(due.keys() - papers.notices.keys()):
        yield f"notify.notices {id_}", f"nobody was told: {due[id_]}"
    for id_, notice in sorted(papers.notices.items()):
        said = f"{notice.moment} → {notice.audience}"
        if id_ not in due:
            yield f"notify.notices {id_}", f"nothing calls for it: {said}"
        if notice.status == "requested":
            yield f"notify.notices {id_}", f"not sent yet: {said}, {some(notice.round, 'rounds')}"


RULES: Final[tuple[Rule, ...]] = (_opening, _units, _end, _rounds, _dates, _facts, _fees, _noted, _record)


def _about(type_: str, data: dict[str, object]) -> tuple[str, str]:
    """What tells a fact from others of its type, as intake keeps it."""
    name = KINDS[type_].about
    return type_, str(data[name]) if name else ""


def _listed(facts: set[tuple[str, str]]) -> str:
    return ", ".join(" ".join(filter(None, one)) for one in sorted(facts))
