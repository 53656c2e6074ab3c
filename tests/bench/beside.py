"""What is laid beside the stored dossiers while the store is asked: work in every stage, for each `Sample`.

What is filled in is at rest: nothing of it is late, failed, revoked, refunded or still to be published, and each owner
has a few dossiers. A question about such things would be quick for want of them. So there are some, copies of what is
stored of the sample, with ids and facts of their own and without a history. While they are there no service runs, which
would set to work on them; they are taken out afterwards.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from services.intake.drafts import MOST_DRAFTS, Place
from services.registry.domain import REVOKED, VALID
from tests.bench.books import Books, Document
from tests.integration.questions import LIMIT, Sample

OF_AN_OWNER: Final = 3 * LIMIT
_SHARE: Final = 1_000  # one of so many stored is laid beside it, of each kind and sample
_MOST: Final = 1_000
_AT_ONCE: Final = 500
_SOON: Final = timedelta(days=30)
_WORKED_ON: Final = ("accepted", "in_hand", "proposed", "opened")


@contextmanager
def laid_beside(books: Books, about: Sequence[Sample], dossiers: int) -> Iterator[int]:
    """Inside, each sample's questions find what they ask for; nobody but the caller may use the stores meanwhile.

    Gives how many documents are laid there.
    """
    each = min(_MOST, max(OF_AN_OWNER, dossiers // _SHARE))
    laid: dict[str, list[Document]] = defaultdict(list)
    for sample in about:
        for name, document in copies(originals(books, sample), sample, each):
            laid[name].append(document)
    _take_out(books, laid)  # what a run that was killed has left
    try:
        for name, documents in laid.items():
            for some in _batches(documents):
                books.collection(name).insert_many(some, ordered=False)
        yield sum(map(len, laid.values()))
    finally:
        _take_out(books, laid)


def originals(books: Books, sample: Sample) -> dict[str, Document]:
    """What is stored of a sample, by collection."""
    of_dossier = {"state.dossier_code": sample.code}
    wanted = {
        "intake.dossiers": {"_id": sample.code},
        "intake.uploads": {"_id": sample.upload},
        "routing.cases": {"_id": sample.code},
        "payment.orders": {"_id": sample.order},
        "registry.records": of_dossier,
        "notify.notices": of_dossier,
    }
    return {name: found[0] for name, asked in wanted.items() if (found := books.found(name, asked, most=1))}


def copies(stored: Mapping[str, Document], sample: Sample, each: int) -> Iterator[tuple[str, Document]]:
    """(collection, document) of what is laid beside one sample, `each` of a kind."""
    makers = {
        "intake.dossiers": _dossier,
        "intake.uploads": _upload,
        "routing.cases": _case,
        "payment.orders": _order,
        "registry.records": _record,
        "notify.notices": _notice,
    }
    for name, original in stored.items():
        yield from ((name, makers[name](original, sample, number)) for number in range(each))
    yield from (("intake.drafts", _draft(sample, number)) for number in range(MOST_DRAFTS))
    yield "registry.answers", _answer(sample)
    yield "notify.webhooks", _webhook(sample)
    yield from (("notify.deliveries", _delivery(sample, number)) for number in range(each))


def case_code(code: str, number: int = 0) -> str:
    """The code of the case of this number that is laid beside this dossier's."""
    return f"{code}.{number:04d}"


def ringing_at(now: datetime, number: int) -> datetime:
    """When the clock of that case runs out: some have, some do so today, some later."""
    return now + timedelta(days=number % 5 - 2, minutes=number)


def webhook_of(code: str) -> str:
    """The webhook that is laid beside the sample of a dossier."""
    return f"w-{code}"


def _journaled(original: Document, sample: Sample, number: int, id_: str, /, **facts: Any) -> Document:
    """A copy with other facts, which waits to be published."""
    kept = {name: value for name, value in original.items() if name != "opened_by"}
    waits = {"history": [], "relayed": 0, "pending_since": sample.now - timedelta(seconds=number)}
    return {**kept, **waits, "_id": id_, "state": {**original["state"], **facts}}


def _dossier(original: Document, sample: Sample, number: int) -> Document:
    """A few more of the same owner, then others'; of the status that is asked for, each submitted before the other."""
    code = case_code(sample.code, number)
    owner = sample.owner if number < OF_AN_OWNER else f"{sample.owner}-{number // OF_AN_OWNER}"
    at = original["state"]["submitted_at"] - timedelta(minutes=number + 1)
    copy = _journaled(original, sample, number, code, dossier_code=code, submitted_at=at, status=sample.status)
    return {**copy, "subject": {**original["subject"], "owner": owner, "documents": []}}


def _upload(original: Document, sample: Sample, number: int) -> Document:
    """One that nobody named in time."""
    id_, since = f"{sample.upload}.{number}", sample.now - timedelta(minutes=number)
    return {**original, "_id": id_, "opened_by": id_, "dossier_code": None, "sweep_at": since}


def _case(original: Document, sample: Sample, number: int) -> Document:
    """An open one, of somebody or of nobody."""
    code, rings_at = case_code(sample.code, number), ringing_at(sample.now, number)
    officers = (sample.officer, "busy", "idle", None)
    facts = {
        "dossier_code": code,
        "status": _WORKED_ON[number % len(_WORKED_ON)] if number % 7 else "accepted",
        "unit": sample.unit,
        "procedure": sample.procedure,
        "officer": officers[number % len(officers)],
        "awaiting": None if number % 3 else "fee",
        "opened_at": sample.now - timedelta(hours=number),
        "decided_at": None,
        "punctuality": None,
        **dict.fromkeys(("next_due_at", "overdue_at", "rings_at"), rings_at),
    }
    return _journaled(original, sample, number, code, **facts)


def _order(original: Document, sample: Sample, number: int) -> Document:
    """One that was not paid in time, one that was given back, one that was paid."""
    id_, paid_at = f"{sample.order}.{number:04d}", original["state"]["paid_at"]
    back = {
        "attempt": None,
        "amount_vnd": original["state"]["amount_vnd"],
        "reason": "withdrawn",
        "due_at": paid_at,
        "refunded_at": paid_at,
    }
    late = {
        "status": "requested",
        "paid_at": None,
        "pay_by": sample.now - timedelta(minutes=number),
    }
    facts: tuple[Document, ...] = (late, {"refunds": [back]}, {})
    common: Document = {
        "order_id": id_,
        "dossier_code": case_code(sample.code, number),
        "attempts": [],
        "silent_since": None,
    }
    return _journaled(original, sample, number, id_, **common, **facts[number % len(facts)])


def _record(original: Document, sample: Sample, number: int) -> Document:
    """A few more of the same holder, then others': some that were revoked, some that expired, some in force."""
    shown = f"{sample.number}.{number:04d}"
    since, until = (sample.today + timedelta(days=sign * (number % 300 + 1)) for sign in (-1, 1))
    revoked = {"status": REVOKED, "revoked_at": sample.now}
    facts = (revoked, {"status": VALID, "expires_on": since.isoformat()}, {"status": VALID})[number % 3]
    common = {
        "dossier_code": case_code(sample.code, number),
        "number": shown,
        "issued_at": original["state"]["issued_at"] - timedelta(minutes=number + 1),
        "expires_on": until.isoformat(),
    }
    id_ = f"{sample.dataset}/{shown}"
    copy = _journaled(original, sample, number, id_, **{**common, **facts})
    holder = original["subject"]["holder"]
    if number >= OF_AN_OWNER:
        holder = {name: value if name == "kind" else f"{value}-{number}" for name, value in holder.items()}
    return {**copy, "subject": {**original["subject"], "holder": holder}}


def _notice(original: Document, sample: Sample, number: int) -> Document:
    """A few more of the same dossier, to the applicant; all of them failed."""
    code = sample.code if number < OF_AN_OWNER else case_code(sample.code, number)
    id_, failed_at = f"{original['_id']}.{number:04d}", sample.now - timedelta(minutes=number)
    facts = {
        "notice_id": id_,
        "dossier_code": code,
        "audience": "applicant",
        "requested_at": original["state"]["requested_at"] + timedelta(seconds=number),
        "round": 1,
        "sent_at": None,
        "failed_round": 1,
        "failed_at": failed_at,
        "reason": "550 5.1.1",
    }
    return _journaled(original, sample, number, id_, **facts)


def _draft(sample: Sample, number: int) -> Document:
    """As many as one owner may have; one is the draft that is asked for."""
    place = Place(sample.owner, sample.code if number == 0 else case_code(sample.code, number))
    named = [{"upload_id": sample.upload}] if number == 0 else []
    return {
        "_id": place.key,
        "draft_id": place.draft_id,
        "version": 1,
        "saved_at": sample.now - timedelta(minutes=number + 1),
        "expires_at": sample.now + _SOON,
        "subject": {"owner": sample.owner, "documents": named},
    }


def _answer(sample: Sample) -> Document:
    return {"_id": sample.cause.id, "digest": sample.cause.digest, "answer": {}, "given_at": sample.now}


def _webhook(sample: Sample) -> Document:
    told = {"tenant": sample.tenant, "unit": sample.unit, "types": [], "enabled": False, "created_at": sample.now}
    return {"_id": sample.webhook, "url": "https://example.vn/", **told, "secrets": [], "place": None}


def _delivery(sample: Sample, number: int) -> Document:
    """Some wait, some were given up, the others were taken."""
    made_at, event = sample.now - timedelta(minutes=number + 1), f"e-{number:04d}"
    waits = {"status": "pending", "due_at": made_at}
    ended: tuple[Document, ...] = ({"status": "given_up"}, {"status": "delivered", "expires_at": sample.now + _SOON})
    common = {"_id": f"{sample.webhook}.{event}", "endpoint": sample.webhook, "event": event, "made_at": made_at}
    return {**common, **(waits, *ended)[number % 3]}


def _take_out(books: Books, laid: Mapping[str, Sequence[Document]]) -> None:
    for name, documents in laid.items():
        for some in _batches(documents):
            books.collection(name).delete_many({"_id": {"$in": [one["_id"] for one in some]}})


def _batches(documents: Sequence[Document]) -> Iterator[Sequence[Document]]:
    return (documents[at : at + _AT_ONCE] for at in range(0, len(documents), _AT_ONCE))
