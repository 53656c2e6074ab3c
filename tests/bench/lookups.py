"""Every list and look-up of the five stores, put again and again: how long the server takes, and by which way."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from statistics import median
from typing import Final

from services.chassis.cause import Cause
from services.chassis.paging import cursor
from services.contracts.catalogue.dates import local_day
from services.registry.holders import read_kept
from tests.bench.beside import case_code, webhook_of
from tests.bench.books import Books
from tests.bench.outcome import Unclosed
from tests.bench.stats import percentile
from tests.bench.stressed import Asked, beyond
from tests.integration.questions import Sample, questions
from tests.integration.shelf import (
    HEARD,
    NOTHING_READ,
    Document,
    Read,
    Shelf,
    explained,
    overheard,
    shelf_over,
    stages,
    what_was_read,
)

_SAMPLES: Final = 5
_TIMES: Final = 7  # that each question is put about each sample, in each round: a hundred in all, so that it has a p99
_ROUNDS: Final = 3  # through all questions: what else the machine is busy with comes and goes
_NOT_BY_INDEX: Final = frozenset({"COLLSCAN", "SORT"})
_STATUSES: Final = ("resolved", "withdrawn", "accepted", "rejected", "submitted")  # common ones, and rare


@dataclass
class _Answers:
    """What came of one question, about all samples."""

    seconds: list[list[float]] = field(default_factory=lambda: [[] for _ in range(_ROUNDS)])  # by round
    read: Read = NOTHING_READ  # for the answer that is told of
    detours: frozenset[str] = frozenset()

    def note(self, read: Read) -> None:
        """What was read for one more answer: it is told of where it looked further, or else found more."""
        self.read = max(self.read, read, key=_far)


def ask(env: Mapping[str, str], about: Sequence[Sample]) -> list[Asked]:
    """All questions about all samples, the slowest first; of several commands to the server the longest counts.

    Of the p50 and p95 of each round the median counts, of all answers the p99 and the longest. What is answered without
    asking the server is not timed. What the server reads is looked at beside that, once for each question and sample.
    """
    shelf = shelf_over(env)
    answers: dict[str, _Answers] = defaultdict(_Answers)
    try:
        for number, sample in product(range(_ROUNDS), about):
            for name, question in questions(sample).items():
                heard: list[tuple[str, Document]] = []
                for _ in range(_TIMES):
                    with overheard() as commands:
                        question(shelf)
                    if commands:
                        heard = list(commands)
                        answers[name].seconds[number].append(max(HEARD.seconds))
                if number == 0:
                    _explain(shelf, answers[name], heard)
    finally:
        shelf.close()
    return sorted((_asked(name, one) for name, one in answers.items()), key=lambda one: -one.p95)


def _explain(shelf: Shelf, told: _Answers, commands: Sequence[tuple[str, Document]]) -> None:
    """Of several commands all that they read is that of the question."""
    read = NOTHING_READ
    for database, command in commands:
        plan = explained(shelf.client, database, command)
        told.detours |= _NOT_BY_INDEX.intersection(stages(plan))
        read += what_was_read(shelf.client, database, command, plan)
    told.note(read)


def _far(read: Read) -> tuple[int, int]:
    return max(0, beyond(read.keys, read.documents, read.found)), read.found


def _asked(name: str, told: _Answers) -> Asked:
    rounds = [sorted(1000 * one for one in own) for own in told.seconds if own]
    p50, p95 = (round(median(percentile(own, share) for own in rounds), 2) for share in (0.5, 0.95))
    every = sorted(one for own in rounds for one in own)
    p99, longest = round(percentile(every, 0.99), 2), round(every[-1], 2)
    times, read = (p50, p95, longest), told.read
    return Asked(name, *times, read.documents, read.found, sorted(told.detours), read.keys, p99)


def samples(books: Books, codes: Sequence[str]) -> list[Sample]:
    """Some of the stored dossiers that have all that can be asked for. Raises Unclosed."""
    shuffled = Random(0).sample(list(codes), len(codes))  # noqa: S311 – the same each time
    found: list[Sample] = []
    for code in shuffled:
        found += _sample(books, code, len(found))
        if len(found) == _SAMPLES:
            return found
    raise Unclosed("too few stored dossiers have a record and a paid order")


def _sample(books: Books, code: str, number: int) -> Iterator[Sample]:
    orders = books.found("payment.orders", {"state.dossier_code": code, "state.status": "paid"})
    records = books.found("registry.records", {"state.dossier_code": code})
    dossiers = books.found("intake.dossiers", {"_id": code})
    cases = books.found("routing.cases", {"_id": code, "state.decided_at": {"$ne": None}})
    if not (orders and records and dossiers and cases and dossiers[0]["subject"]["documents"]):
        return
    notice = books.found("notify.notices", {"state.dossier_code": code})[0]
    opened, record, order = dossiers[0], records[0], orders[0]["state"]
    state, subject, first = opened["state"], opened["subject"], opened["history"][0]
    upload = books.found("intake.uploads", {"_id": subject["documents"][0]["upload_id"]})[0]
    asked_at = round(1000 * notice["state"]["requested_at"].timestamp())
    now = datetime.now(UTC).replace(microsecond=0)
    issued_at = record["state"]["issued_at"]
    yield Sample(
        now=now,
        cause=Cause(opened["opened_by"], first["correlation"], first["trace"], digest=first["digest"]),
        **{name: state[name] for name in ("tenant", "procedure", "unit")},
        status=_STATUSES[number % len(_STATUSES)],
        code=code,
        case=case_code(code),
        owner=subject["owner"],
        number_of_owner=subject["owner"].partition(":")[2],
        name_of_owner=subject["applicant"]["name"],
        upload=upload["_id"],
        paper=upload["current"],
        order=order["order_id"],
        attempt=order["attempt"],
        paid_by=order["paid_at"] + timedelta(days=1),
        decided_on=local_day(cases[0]["state"]["decided_at"]) - timedelta(days=15),
        dataset=record["state"]["dataset"],
        number=record["state"]["number"],
        typed=record["state"]["number"].replace("/", " / ").lower(),
        issued_at=issued_at,
        holder=read_kept(record["subject"]["holder"]),
        dossiers_behind=cursor(state["submitted_at"], code),
        cases_behind=_places(now, code),
        records_behind=cursor(issued_at, record["_id"]),
        expired_behind=cursor(now.date().isoformat(), record["_id"]),
        webhook=webhook_of(code),
        notices_behind=f"{asked_at}.{notice['_id']}",
    )


def _places(now: datetime, code: str) -> dict[str, str]:
    """A place in each list of cases, of which something is on either side."""
    moments: dict[str, datetime | str] = {
        "due": now - timedelta(days=1),
        "opened": now - timedelta(days=1),
        "newest": now,
        "code": "",
    }
    return {order: cursor(order, moment, code) for order, moment in moments.items()}
