"""Whether the books of all five services are right, each by itself and all together.

Every history makes its state, every cause is in it once, everything is published, no number is missing; and what one
service says of a dossier is what the others say of it. Ask it when the system has come to rest.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from itertools import groupby
from typing import Any, Final

from services.chassis.journal import Journal
from services.contracts.event import Event
from services.intake.dossier import Dossier
from services.notify.domain import notice_id
from services.notify.moments import told_by
from services.registry.contents import number_of
from services.registry.domain import REVOKED, record_id
from services.routing.case import CLOSED, Case
from tests.conftest import eventually
from tests.integration.books import JOURNALS, Books, Papers, read_papers

Found = Iterator[str]
_DATASETS: Final = {"state.kind": "dataset"}
SERIES: Final = ("payment.receipts", "registry.numbers")
# how a dossier ends at intake, and how its case then ends at routing
ENDS: Final = {
    "withdrawn": "withdrawn",
    "rejected": "rejected",
    "stopped": "stopped",
    "resolved": "decided",
    "returned": "decided",
}


def insist(env: Mapping[str, str], codes: Collection[str], *, told: bool = True) -> None:
    """Fail unless all books agree on these dossiers, once whoever has the last message in hand had time to finish.

    Without `told`, whether the notices were sent is left open.
    """
    found: list[str] = []

    def agreed() -> bool:
        found[:] = disagreements(env, codes, told=told)
        return not found

    with suppress(AssertionError):
        eventually(agreed, every=0.5)
    assert not found, "\n".join(found[:40])


def disagreements(env: Mapping[str, str], codes: Collection[str], *, told: bool = True) -> list[str]:
    """What is wrong in the number series, in the histories of these dossiers, and between the services about them."""
    with Books(env) as books:
        of_papers = [said for papers in read_papers(books, codes) for said in _of_papers(papers, told)]
        return [*_of_series(books), *_of_histories(books, {"state.dossier_code": {"$in": list(codes)}}), *of_papers]


def broken_histories(env: Mapping[str, str]) -> list[str]:
    """What is wrong in any history of any service, each looked at by itself."""
    with Books(env) as books:
        return list(_of_histories(books, {}))


def _of_histories(books: Books, wanted: Mapping[str, Any]) -> Found:
    for name in JOURNALS:
        journal = books.journal(name)
        for document in journal.collection.find(wanted):
            yield from (f"{name} {document['_id']}: {said}" for said in _of_history(journal, document))


def _of_history(journal: Journal[Any], document: Mapping[str, Any]) -> Found:
    history = document["history"]
    if [entry["seq"] for entry in history] != list(range(1, len(history) + 1)):
        yield "the sequence has a gap"
    if not document["version"] == document["relayed"] == len(history) or "pending_since" in document:
        yield f"version {document['version']}, relayed {document['relayed']}, {len(history)} events"
    causes = [cause for cause, _ in groupby(entry["cause"] for entry in history)]
    if len(set(causes)) != len(causes):
        yield "a cause acted twice"
    if len({entry["id"] for entry in history}) != len(history):
        yield "two events have one id"
    if journal.parse(dict(document)).state != journal.fold(history):
        yield "the state is not what the history makes"


def _of_series(books: Books) -> Found:
    for name in SERIES:
        taken: dict[str, list[int]] = defaultdict(list)
        for one in books.collection(name).find({}):
            taken[one["series"]].append(one["number"])
        for series, numbers in taken.items():
            wanted = range(1, max(numbers) + 1)
            if sorted(numbers) != list(wanted):
                yield f"{name} {series}: {len(numbers)} numbers; missing: {sorted(set(wanted) - set(numbers))}"
    yield from _of_receipts(books)
    yield from _of_numbers(books)


def _of_receipts(books: Books) -> Found:
    """A number is on the receipt of its owner, and on no other."""
    taken = {one["owner"]: one["number"] for one in books.collection("payment.receipts").find({})}
    receipted = books.kept("payment.orders", {"state.receipt": {"$ne": None}})
    given = {one.id: one.state.receipt.number for one in receipted}
    if taken != given:
        yield f"receipts and their numbers differ: {sorted(set(taken.items()) ^ set(given.items()))}"


def _of_numbers(books: Books) -> Found:
    """Every number of a dataset is on the record of the dossier that took it, and on no other."""
    datasets = {one.state.key: one.state.document for one in books.kept("registry.publications", _DATASETS)}
    taken = set()
    for one in books.collection("registry.numbers").find({}):
        dataset, _, code = one["owner"].partition(":")
        year = int(one["series"].partition("/")[2])
        taken.add((code, record_id(dataset, number_of(datasets[dataset], one["number"], year))))
    issued = {(one.state.dossier_code, one.id) for one in books.kept("registry.records")}
    if taken != issued:
        yield f"records and their numbers differ: {sorted(taken ^ issued)}"


def _of_papers(papers: Papers, told: bool) -> Found:
    counts = (len(papers.dossiers), len(papers.cases))
    if counts != (1, 1):
        yield f"{papers.code}: {counts[0]} dossiers, {counts[1]} cases"
        return
    dossier, case = papers.dossiers[0], papers.cases[0]
    for said in (
        *_of_opening(dossier, case),
        *_of_end(dossier, case),
        *_of_rounds(dossier, case),
        *_of_bill(papers),
        *_of_fees(papers, dossier, case),
        *_of_record(papers, dossier, case),
        *(_of_notices(papers) if told else ()),
    ):
        yield f"{papers.code} ({dossier.status}, {case.status}): {said}"


def _of_opening(dossier: Dossier, case: Case) -> Found:
    for name in ("dossier_code", "tenant", "procedure", "procedure_version", "unit", "submitted_at"):
        if getattr(dossier, name) != getattr(case, name):
            yield f"{name} differs"


def _of_end(dossier: Dossier, case: Case) -> Found:
    end = ENDS.get(dossier.status)
    if end is not None and end != case.status:
        yield "the dossier has ended, the case otherwise"
    waits_for_result = case.status == "decided" and dossier.fact("case_decided") is not None
    if end is None and case.status in CLOSED and not waits_for_result:
        yield "the case has ended, the dossier has not"
    if dossier.withdrawn_at != case.withdrawn_at:
        yield "the withdrawal differs"


def _of_rounds(dossier: Dossier, case: Case) -> Found:
    asked = {one["round"] for one in dossier.each("supplement_requested")}
    answered = {one["round"] for one in dossier.each("supplement_received")}
    if asked != {one.round for one in case.supplements}:
        yield "supplement requests differ"
    if answered != {one.round for one in case.supplements if one.received_at}:
        yield "supplements received differ"
    if dossier.supplemented_round != max(answered, default=0):
        yield "a supplement has not reached its case"


def _of_bill(papers: Papers) -> Found:
    if sorted(papers.bill) != sorted(order.order_id for order in papers.orders):
        yield "the bill names other orders"


def _of_fees(papers: Papers, dossier: Dossier, case: Case) -> Found:
    receipts = {one["order_id"]: one["number"] for one in dossier.each("receipt_issued")}
    if receipts != {order.order_id: order.receipt.number for order in papers.orders if order.receipt}:
        yield "receipts differ"
    settled = {fee.order_id for fee in case.fees if fee.settled_at}
    if settled != {order.order_id for order in papers.orders if order.paid_at or order.waived_at}:
        yield "settled fees differ"
    for order in papers.orders:
        if (order.paid_at is None) != (order.receipt is None):
            yield f"{order.order_id} is {order.status}, its receipt {order.receipt}"
        if order.status == "refund_due" or (_is_over(case) and order.status in {"assessed", "requested", "expired"}):
            yield f"{order.order_id} is still {order.status}"


def _is_over(case: Case) -> bool:
    """Without a result that must be paid for: nobody owes anything any more."""
    return case.status in CLOSED and (case.status != "decided" or case.outcome != "granted")


def _of_record(papers: Papers, dossier: Dossier, case: Case) -> Found:
    ordered = any(issuance.order for issuance in papers.issuances)
    noted = {(one.decision.decided_at if one.decision else None, one.withdrawn_at) for one in papers.issuances}
    if (noted or {(None, None)}) != {(case.decided_at, dossier.withdrawn_at)}:
        yield "registry has not noted the decision, or the withdrawal"
    if len(papers.records) > 1 or (ordered and not papers.records):
        yield f"{len(papers.records)} records"
    granted = case.decided_at is not None and case.outcome == "granted"
    for record in papers.records:
        if not granted or (record.status == REVOKED) != (dossier.withdrawn_at is not None):
            yield f"its record is {record.status}"
    result = dossier.result
    if dossier.status in {"resolved", "returned"} and result and result.number:
        if [result.number] != [record.number for record in papers.records]:
            yield f"its result is {result.number}"
    elif papers.records and dossier.withdrawn_at is None:
        yield "its record has not reached it"


def _of_notices(papers: Papers) -> Found:
    """Each event has caused the notices it must cause, and nothing else has caused any."""
    due = {
        notice_id(entry["id"], moment.name, moment.audience)
        for entry in papers.history
        for moment in told_by(Event(entry["type"], entry["data"], entry["v"]))
    }
    if due != set(papers.notices):
        yield f"{len(due - set(papers.notices))} notices are missing, {len(set(papers.notices) - due)} uncalled for"
    waiting = [notice.moment for notice in papers.notices.values() if notice.status != "sent"]
    if waiting:
        yield f"not sent: {waiting}"
