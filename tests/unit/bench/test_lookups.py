"""A question is judged by what it found and by what the server examined for that, not by its time alone."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from services.chassis.cause import Cause
from services.registry.holders import Holder
from services.routing.case import OPEN
from tests.bench.beside import OF_AN_OWNER, copies
from tests.bench.judging import Noise, Row
from tests.bench.lookups import _Answers, _asked
from tests.bench.outcome import Result
from tests.bench.stress_tables import lookups
from tests.bench.stressed import MOST_AT_ALL, MOST_EACH, Asked
from tests.bench.targets import rows
from tests.integration.questions import LIMIT, Sample
from tests.integration.shelf import Read
from tests.unit.bench.figures import a_growth, a_machine

EACH: Final = 4 * OF_AN_OWNER
NOW: Final = datetime(2026, 6, 1, 3, tzinfo=UTC)
CODE: Final = "000.00.03.G14-240830-0001"
LONG_AGO: Final = NOW - timedelta(days=600)
SAMPLE: Final = Sample(now=NOW, code=CODE, cause=Cause("cause", "c", "t", digest="d"), webhook="w")
QUICK: Final = Asked("quick", 1.0, 2.0, 3.0, 21, 21, [], 24)
SLOWEST: Final = "growth: slowest list or look-up at the store"
TOO_FAR: Final = "growth: lists and look-ups that examine more"
EMPTY: Final = "growth: lists and look-ups that found nothing"


def row(begins: str, *asked: Asked) -> Row:
    result = Result("2026-01-15T120000Z", "full", a_machine())
    result.growth = replace(a_growth(), asked=list(asked))
    return next(one for one in rows(result) if one.figure.startswith(begins))


def test_quick_answers_that_found_nothing_do_not_meet_the_target() -> None:
    nothing = replace(QUICK, name="overdue", examined=0, returned=0, keys=1)
    judged = row(SLOWEST, QUICK, nothing)
    assert (judged.measured, judged.met) == ("2.0 ms (quick) (1 found nothing: not judged)", None)
    assert (row(EMPTY, QUICK, nothing).measured, row(EMPTY, QUICK, nothing).met) == ("1 of 2 (overdue)", False)
    assert (row(SLOWEST, QUICK).met, row(EMPTY, QUICK).met) == (True, True)
    assert row(SLOWEST, replace(QUICK, p95=31.0), nothing).met is False


@pytest.mark.parametrize(
    ("keys", "documents", "found", "met"),
    [
        (MOST_AT_ALL, 0, 0, True),
        (MOST_AT_ALL + 1, 0, 0, False),
        (24, MOST_EACH * 21 + MOST_AT_ALL, 21, True),
        (24, MOST_EACH * 21 + MOST_AT_ALL + 1, 21, False),
        (20_000, 0, 20_000, True),  # counted
    ],
)
def test_what_is_examined_is_bounded_by_what_is_found(keys: int, documents: int, found: int, met: bool) -> None:
    judged = row(TOO_FAR, QUICK, replace(QUICK, name="far", keys=keys, examined=documents, returned=found))
    assert (judged.measured, judged.met) == (("0 of 2", True) if met else ("1 of 2 (far)", False))


def test_a_result_of_before_in_which_no_keys_were_counted_is_judged_by_its_times_alone() -> None:
    before = replace(QUICK, returned=0, examined=2_162, keys=None)
    assert (row(SLOWEST, before).met, row(TOO_FAR, before).met, row(EMPTY, before).met) == (True, None, None)


def test_the_page_shows_of_every_question_what_it_read_and_found() -> None:
    result = Result("2026-01-15T120000Z", "full", a_machine())
    nothing, far = replace(QUICK, name="overdue", returned=0, keys=1), replace(QUICK, name="far", examined=2_162)
    result.growth = replace(
        a_growth(), asked=[*(replace(QUICK, name=f"q{number}") for number in range(30)), nothing, far]
    )
    told = {cells[0]: cells[5:] for cells in lookups(result).cells}
    assert len(told) == 32
    assert told["q0"] == ("24", "21", "21", "index", "")
    assert told["overdue"] == ("1", "21", "0", "index", "found nothing")
    assert told["far"] == ("24", "2,162", "21", "index", "examined many more than it found")


def test_of_several_answers_the_one_is_told_of_for_which_the_server_looked_furthest() -> None:
    told = _Answers()
    told.note(Read(1, 0, 0))
    told.note(Read(24, 21, 21))
    assert told.read == Read(24, 21, 21)
    told.note(Read(2_162, 2_162, 3))
    told.note(Read(40, 40, 40))
    assert told.read == Read(2_162, 2_162, 3)


def laid() -> dict[str, list[dict[str, Any]]]:
    """What is laid beside a sample of which no more is stored than is changed."""
    holder = Holder("citizen", "Nguyễn Thị Mẫu", "001801000001").kept()
    facts: dict[str, Any] = {"submitted_at": LONG_AGO, "paid_at": LONG_AGO, "issued_at": LONG_AGO}
    facts |= {"amount_vnd": 1, "requested_at": LONG_AGO, "attempts": [{"reference": "r"}]}
    one = {
        "_id": "original",
        "opened_by": "cause",
        "state": facts,
        "history": [{"id": "e"}],
        "subject": {"owner": SAMPLE.owner, "holder": holder, "documents": [{"upload_id": "u"}]},
    }
    names = ("intake.dossiers", "intake.uploads", "routing.cases", "payment.orders", "registry.records")
    found: dict[str, list[dict[str, Any]]] = {}
    for name, document in copies(dict.fromkeys((*names, "notify.notices"), one), SAMPLE, EACH):
        found.setdefault(name, []).append(document)
    return found


def test_of_all_that_is_asked_for_more_than_a_page_is_laid_beside() -> None:
    beside = laid()
    cases = [one["state"] for one in beside["routing.cases"]]
    orders = [one["state"] for one in beside["payment.orders"]]
    records = [one["state"] for one in beside["registry.records"]]
    counts = {
        "overdue": sum(one["overdue_at"] < NOW for one in cases),
        "at risk": sum(NOW <= one["overdue_at"] <= NOW + timedelta(days=2) for one in cases),
        "of nobody": sum(one["officer"] is None for one in cases),
        "awaiting": sum(one["awaiting"] == "fee" for one in cases),
        "unpaid": sum(one.get("pay_by", NOW) < NOW for one in orders),
        "given back": sum("refunds" in one for one in orders),
        **Counter(one["status"] for one in records),
        "expired": sum(one["status"] == "valid" and one["expires_on"] < NOW.date().isoformat() for one in records),
        "owner's": sum(one["subject"]["owner"] == SAMPLE.owner for one in beside["intake.dossiers"]),
        "dossier's": sum(one["state"]["dossier_code"] == CODE for one in beside["notify.notices"]),
        **Counter(one["status"] for one in beside["notify.deliveries"]),
        "unpublished": sum("pending_since" in one for one in beside["intake.dossiers"]),
        "drafts": len(beside["intake.drafts"]),
    }
    assert {name for name, count in counts.items() if count <= LIMIT} == set()
    assert {one["status"] for one in cases} <= set(OPEN)


def test_what_is_laid_beside_takes_no_name_that_is_taken() -> None:
    for name, documents in laid().items():
        ids = [one["_id"] for one in documents]
        assert len(set(ids)) == len(ids), name
        assert "original" not in ids
        assert "cause" not in {one.get("opened_by") for one in documents}
    beside = laid()
    assert not [one for one in beside["intake.dossiers"] if one["subject"]["documents"]]
    assert not [one for one in beside["payment.orders"] if one["state"]["attempts"]]


@pytest.mark.parametrize(("p99", "met"), [(19.9, True), (20.1, False), (None, None)])
def test_the_slowest_p99_is_judged_beside_the_slowest_p95(p99: float | None, met: bool | None) -> None:
    slow = replace(QUICK, name="now and then", p95=1.0, p99=p99)
    others = [] if p99 is None else [replace(QUICK, p99=2.5)]
    assert row(f"{SLOWEST}, p99", *others, slow).met is met
    assert row(f"{SLOWEST}, p95", *others, slow).met is True


def test_the_p99_is_of_all_rounds_together() -> None:
    rounds = [[0.001] * 35, [0.001] * 35, [0.001] * 33 + [0.030, 0.080]]
    told = _asked("cases", _Answers(seconds=rounds))
    assert (told.p50, told.p95, told.p99, told.longest) == (1.0, 1.0, 30.0, 80.0)


def test_answers_are_not_judged_where_others_had_the_machine_while_they_were_timed() -> None:
    result = Result("2026-01-15T120000Z", "full", a_machine())
    result.growth = replace(a_growth(), while_asked=Noise(others_percent=4.0, stolen_percent=7.0))
    judged = [one for one in rows(result) if one.figure.startswith(SLOWEST)]
    assert [(one.met, "others took 11 %" in one.measured) for one in judged] == 2 * [(None, True)]
