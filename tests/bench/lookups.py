"""Every list and look-up of the five stores, put again and again: how long the server takes, and by which way."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import product
from random import Random
from statistics import median
from typing import Any, Final

from services.chassis.paging import cursor
from services.registry.holders import read_kept
from tests.bench.books import Books
from tests.bench.outcome import Asked, Unclosed
from tests.bench.stats import percentile
from tests.integration.questions import EVERY_OPEN, Sample, questions
from tests.integration.shelf import HEARD, Document, Shelf, explained, overheard, shelf_over, stages

_SAMPLES: Final = 5
_TIMES: Final = 4  # that each question is put about each sample, in each round
_ROUNDS: Final = 3  # through all questions: what else the machine is busy with comes and goes
_NOT_BY_INDEX: Final = frozenset({"COLLSCAN", "SORT"})
_STATUSES: Final = ("resolved", "withdrawn", "accepted", "rejected", "submitted")  # common ones, and rare


@dataclass
class _Answers:
    """What came of one question, about all samples."""

    seconds: list[list[float]] = field(default_factory=lambda: [[] for _ in range(_ROUNDS)])  # by round
    examined: int = 0
    returned: int = 0
    detours: frozenset[str] = frozenset()


def ask(env: Mapping[str, str], about: Sequence[Sample]) -> list[Asked]:
    """All questions about all samples, the slowest first; of several commands to the server the longest counts.

    Of the percentiles of each round the median counts, of all answers the longest.
    """
    shelf = shelf_over(env)
    answers: dict[str, _Answers] = defaultdict(_Answers)
    try:
        for number, sample in product(range(_ROUNDS), about):
            for name, question in questions(sample).items():
                for _ in range(_TIMES):
                    with overheard() as commands:
                        question(shelf)
                    answers[name].seconds[number].append(max(HEARD.seconds, default=0.0))
                if number == 0:
                    _explain(shelf, answers[name], list(commands))
    finally:
        shelf.close()
    return sorted((_asked(name, one) for name, one in answers.items()), key=lambda one: -one.p95)


def _explain(shelf: Shelf, told: _Answers, commands: Sequence[tuple[str, Document]]) -> None:
    for database, command in commands:
        plan = explained(shelf.client, database, command)
        told.detours |= _NOT_BY_INDEX.intersection(stages(plan))
        if stats := plan.get("executionStats"):
            examined, returned = int(stats["totalDocsExamined"]), int(stats["nReturned"])
            if examined >= told.examined:
                told.examined, told.returned = examined, returned


def _asked(name: str, told: _Answers) -> Asked:
    rounds = [sorted(1000 * one for one in own) for own in told.seconds]
    p50, p95 = (round(median(percentile(own, share) for own in rounds), 2) for share in (0.5, 0.95))
    longest = round(max(own[-1] for own in rounds), 2)
    return Asked(name, p50, p95, longest, told.examined, told.returned, sorted(told.detours))


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
    if not (orders and records and dossiers):
        return
    notice = books.found("notify.notices", {"state.dossier_code": code})[0]
    state, subject, record, order = dossiers[0]["state"], dossiers[0]["subject"], records[0], orders[0]["state"]
    asked_at = round(1000 * notice["state"]["requested_at"].timestamp())
    yield replace(
        Sample(now=datetime.now(UTC).replace(microsecond=0)),
        **{name: state[name] for name in ("tenant", "procedure", "unit")},
        **_of_a_queue(books, number),
        status=_STATUSES[number % len(_STATUSES)],
        code=code,
        owner=subject["owner"],
        number_of_owner=subject["owner"].partition(":")[2],
        name_of_owner=subject["applicant"]["name"],
        upload=subject["documents"][0]["upload_id"] if subject["documents"] else "u",
        order=order["order_id"],
        attempt=order["attempt"] or "r",
        dataset=record["state"]["dataset"],
        number=record["state"]["number"],
        holder=read_kept(record["subject"]["holder"]),
        dossiers_behind=cursor(state["submitted_at"], code),
        records_behind=cursor(record["state"]["issued_at"], record["_id"]),
        expired_behind=cursor(record["state"]["issued_at"].date().isoformat(), record["_id"]),
        notices_behind=f"{asked_at}.{notice['_id']}",
    )


def _of_a_queue(books: Books, number: int) -> dict[str, Any]:
    """A unit with work in hand, and a place in its lists."""
    waiting = books.found("routing.cases", {"state.status": {"$in": list(EVERY_OPEN)}}, most=100)
    if not waiting:
        return {}
    state = waiting[number * 20 % len(waiting)]["state"]
    opened_at = state["opened_at"]
    moments = {"due": state["next_due_at"], "opened": opened_at, "newest": opened_at, "code": ""}
    behind = {order: cursor(order, moment, state["dossier_code"]) for order, moment in moments.items()}
    return {"queue": state["unit"], "officer": state["officer"] or "cb-001", "cases_behind": behind}
