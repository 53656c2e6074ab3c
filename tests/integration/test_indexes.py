"""No list, look-up or timer reads a whole collection or sorts in memory: the server's own plans say so."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from deploy.local.stack import Stack
from services.chassis.journal import Journal
from services.chassis.paging import cursor
from services.contracts.catalogue.dates import local_day
from services.contracts.events import PUBLISHERS
from services.intake.finding import FOUND_BY, MOST_CODES, Typed, found_by
from services.payment import domain as fees
from services.registry.domain import EXPIRED, REVOKED, VALID
from services.registry.holders import Holder
from services.registry.store import Wanted
from services.routing import queue
from services.routing.figures import Period
from tests.integration.questions import EVERY_OPEN, EXACT, FILTERS, LIMIT, Sample, acts, dossiers_by, questions
from tests.integration.shelf import (
    NOTHING_READ,
    Document,
    Shelf,
    explained,
    overheard,
    shelf_over,
    stages,
    what_was_read,
)
from tests.unit.intake.builders import CODE, Book
from tests.unit.notify.builders import wanted as notice_of
from tests.unit.payment.builders import AMOUNT, FIRST, ORDER, SECOND, UPKEEP, captured, started
from tests.unit.payment.builders import Book as FeeBook
from tests.unit.routing.builders import Book as CaseBook

pytestmark = pytest.mark.servers
SEEDED: Final = 3000
RECORDS: Final = 90  # so few that the planner would rather sort them than keep to an index
CASES: Final = 400
OF_ONE_PROCEDURE: Final = 300
NOW: Final = Sample().now
RISK: Final = queue.Risk(NOW, NOW + timedelta(hours=3))
OTHER_DAY: Final = NOW.date() + timedelta(days=1)
DATES: Final = ("due", "opened", "newest")
SAMPLE: Final = replace(
    Sample(),
    dossiers_behind=cursor(NOW + timedelta(minutes=SEEDED // 6), f"{CODE}-{SEEDED // 2}"),
    records_behind=cursor(NOW, "d/1"),
    expired_behind=cursor((NOW.date() - timedelta(days=10)).isoformat(), "d/1"),
)
ASKED: Final = {**questions(SAMPLE), **acts(SAMPLE)}


@pytest.fixture(scope="module")
def shelf(servers: Stack) -> Iterator[Shelf]:
    """All stores over empty databases of their own, but for some thousand dossiers."""
    shelf = shelf_over(servers.env, prefix="indexes_")
    shelf.ensure_indexes()
    dossiers = shelf.journals[0]
    dossiers.collection.insert_many([seed(dossiers, number) for number in range(SEEDED)])
    of_old = range(SEEDED, SEEDED + OF_ONE_PROCEDURE)
    dossiers.collection.insert_many([seed(dossiers, number, "old", "returned") for number in of_old])
    dossiers.collection.insert_one(seed(dossiers, of_old.stop, "old", "submitted"))
    shelf.records.journal.collection.insert_many([record(number) for number in range(RECORDS)])
    cases = next(journal for journal in shelf.journals if journal.aggregate.name == "case")
    cases.collection.insert_many([case(cases, number) for number in range(CASES)])
    yield shelf
    for name in PUBLISHERS:
        shelf.client.drop_database(f"motcua_indexes_{name}")
    shelf.close()


def seed(journal: Journal[Any], number: int, procedure: str = "", status: str = "") -> Document:
    """One of many dossiers: each filter cuts down to another share of them; one unit has a rare status only once."""
    said = {
        "dossier_code": f"{CODE}-{number}",
        "tenant": f"t{number % 2}",
        "procedure": procedure or f"p{number % 30}",
        "unit": f"u{number % 10}",
        "submitted_at": NOW + timedelta(minutes=number // 3),
    }
    status = status or ("returned" if number % 7 else "submitted")
    status = "stopped" if number == SEEDED // 2 else status
    state = journal.unstructure(replace(Book().submitted(**said).now, status=status))
    applicant = {
        "kind": "citizen",
        "name": f"Người Thứ {number % 100:02d}",
        "id_number": f"0018010000{number % 100:02d}",
    }
    found = found_by(applicant, f"{CODE}-{number}")
    subject = {"owner": f"citizen:{number % 100}", "documents": [], "applicant": applicant, "found_by": found}
    return {"_id": said["dossier_code"], "state": state, "history": [], "version": 1, "relayed": 1, "subject": subject}


def record(number: int) -> Document:
    """One of some records of the dataset that is asked for: five of each holder."""
    held = Holder("organisation", f"Nhà xuất bản {number // 5}", f"99000000{number // 5:02d}")
    state = {
        "dossier_code": f"{CODE}-{number}",
        "tenant": "t1",
        "procedure": "p5",
        "unit": f"u{number % 10}",
        "dataset": "d",
        "number": f"1{number}",
        "issued_at": NOW - timedelta(days=number),
        "expires_on": (NOW.date() + timedelta(days=number - 30)).isoformat(),
        "version": 1,
        "status": REVOKED if number % 9 == 0 else VALID,
        "revoked_at": None,
    }
    subject = {"holder": held.kept(), "versions": {"1": {}}}
    return {"_id": f"d/1{number}", "state": state, "history": [], "version": 1, "relayed": 1, "subject": subject}


def case(journal: Journal[Any], number: int) -> Document:
    """One of many open cases of a unit, none of them overdue; one officer has all of them but one."""
    due_at, opened_at = NOW + timedelta(hours=number + 1), NOW - timedelta(hours=number)
    accepted = CaseBook().opened().accepted().now
    state = replace(
        accepted,
        dossier_code=f"{CODE}-{number}",
        unit="u5",
        procedure="p5" if number else "rare",
        awaiting=None if number else "fee",
        officer="busy" if number else "idle",
        opened_at=opened_at,
        due_at=due_at,
        next_due_at=due_at,
        overdue_at=due_at,
        rings_at=None,
    )
    kept = journal.unstructure(state)
    return {"_id": f"{CODE}-{number}", "state": kept, "history": [], "version": 1, "relayed": 1}


def test_notices_that_rest_as_failed_are_told_page_by_page(shelf: Shelf) -> None:
    journal = shelf.notices.journal

    def kept(id_: str, **facts: Any) -> Document:
        state = journal.unstructure(replace(notice_of(id_), failed_round=1, failed_at=NOW, reason="554 5.7.1", **facts))
        return {"_id": id_, "state": state, "history": [], "version": 1, "relayed": 1, "subject": {}}

    failed = [kept(f"{number}{'0' * 35}") for number in range(5)]
    journal.collection.insert_many([*failed, kept("again", round=2), kept("sent", round=2, sent_at=NOW)])
    first, following = shelf.notices.failed(3, None)
    rest, end = shelf.notices.failed(3, following)
    assert ([one.id for one in (*first, *rest)], end) == ([one["_id"] for one in failed], None)


@pytest.mark.parametrize("question", ASKED)
def test_nothing_is_read_whole_and_nothing_is_sorted(shelf: Shelf, question: str) -> None:
    with overheard() as commands:
        ASKED[question](shelf)
    assert commands, "nothing was asked"
    for database, command in list(commands):
        found = set(stages(explained(shelf.client, database, command)))
        assert not found & {"COLLSCAN", "SORT"}, (command, found)


@pytest.mark.parametrize("names", EXACT, ids=", ".join)
@pytest.mark.parametrize("after", [None, SAMPLE.dossiers_behind], ids=["first page", "next page"])
def test_a_page_of_dossiers_costs_a_page(shelf: Shelf, names: tuple[str, ...], after: str | None) -> None:
    with overheard() as commands:
        dossiers_by(SAMPLE, names, after)(shelf)
    ((database, command),) = commands
    assert explained(shelf.client, database, command)["executionStats"]["totalDocsExamined"] <= 2 * LIMIT


def test_a_rare_status_is_found_without_looking_through_the_common_ones(shelf: Shelf) -> None:
    middle = SEEDED // 2
    for where in ({"unit": f"u{middle % 10}"}, {"tenant": f"t{middle % 2}"}, {"procedure": f"p{middle % 30}"}, {}):
        wanted = {**dict.fromkeys(FILTERS), **where, "status": "stopped"}
        with overheard() as commands:
            (found,), following = shelf.dossiers.listed(wanted, LIMIT, None)
        assert (found.dossier_code, following) == (f"{CODE}-{SEEDED // 2}", None)
        ((database, command),) = commands
        assert explained(shelf.client, database, command)["executionStats"]["totalDocsExamined"] <= 2


def test_what_waits_of_a_procedure_is_found_without_all_that_was_ever_asked_for(shelf: Shelf) -> None:
    wanted = {**dict.fromkeys(FILTERS), "procedure": "old", "status": "submitted"}
    assert read_for(shelf, lambda: shelf.dossiers.listed(wanted, LIMIT, None)) == 1


@pytest.mark.parametrize(
    ("typed", "read", "codes"),
    [
        ("001801000005", 0, 33),
        ("00180100", 0, MOST_CODES),
        ("nguoi", 0, MOST_CODES),
        ("NGƯỜI thứ 05", 33, 33),
        ("người thứ 04", 0, 0),
        (f"{SEEDED - 5}", 0, 1),
    ],
)
def test_dossiers_of_a_unit_are_found_by_a_name_or_a_number_without_reading_others(
    shelf: Shelf, typed: str, read: int, codes: int
) -> None:
    with overheard() as commands:
        found, more = shelf.finding.codes("u5", Typed.read(typed), MOST_CODES)
    assert (len(found), more) == (codes, codes == MOST_CODES)
    assert sum(examined(explained(shelf.client, *one)) for one in commands) == read
    assert found == sorted(found, key=lambda code: int(code.rpartition("-")[2]), reverse=True) or more


def test_words_that_many_have_are_not_counted_to_the_end_beside_one_that_few_have(shelf: Shelf) -> None:
    with overheard() as commands:
        found, _ = shelf.finding.codes("u5", Typed.read("NGƯỜI thứ 05"), MOST_CODES)
    plans = [(database, command, explained(shelf.client, database, command)) for database, command in list(commands)]
    read = sum((what_was_read(shelf.client, *one) for one in plans), start=NOTHING_READ)
    assert len(found) == (SEEDED + OF_ONE_PROCEDURE) // 100
    assert read.keys <= 2 * 101 + 3 * (len(found) + 1)


def test_a_dossier_of_an_earlier_release_is_found_from_the_next_round_on_and_one_that_was_erased_is_not(
    shelf: Shelf,
) -> None:
    dossiers = shelf.journals[0].collection
    plain, erased = (seed(shelf.journals[0], number, "older", "submitted") for number in (9_000_001, 9_000_002))
    del plain["subject"]["found_by"], erased["subject"]["found_by"], erased["subject"]["applicant"]
    for one in (plain, erased):
        one["state"]["unit"] = "old"
    dossiers.insert_many([plain, erased])
    typed = Typed.read(plain["subject"]["applicant"]["name"])
    assert shelf.finding.codes("old", typed, 1) == ([], False)
    assert [shelf.finding.fill(), shelf.finding.fill()] == [1, 0]
    assert shelf.finding.codes("old", typed, 1) == ([plain["_id"]], False)
    assert dossiers.find_one({"_id": erased["_id"]}, {"_id": 0, FOUND_BY: 1}) == {"subject": {}}
    dossiers.delete_many({"state.unit": "old"})


def read_for(shelf: Shelf, ask: Callable[[], object]) -> int:
    """How many documents the server reads for the one question that is asked."""
    with overheard() as commands:
        ask()
    ((database, command),) = commands
    return int(explained(shelf.client, database, command)["executionStats"]["totalDocsExamined"])


@pytest.mark.parametrize(
    ("order", "filters", "read"),
    [
        *((order, {"officers": ("of another unit",)}, 0) for order in DATES),
        *((order, {"officers": ("idle",)}, 1) for order in DATES),
        *((order, {"unassigned": True}, 0) for order in DATES),
        *((order, {"procedure": "rare"}, 1) for order in DATES),
        *((order, {}, LIMIT + 1) for order in DATES),
        ("due", {"overdue": True}, 0),
        ("due", {"at_risk": True}, 3),
        ("due", {"awaiting": "fee"}, 1),
        ("due", {"due_from": OTHER_DAY, "due_to": OTHER_DAY}, LIMIT + 1),
        ("due", {"due_to": NOW.date()}, 16),
        ("due", {"due_from": OTHER_DAY, "due_to": OTHER_DAY, "at_risk": True}, 0),
        ("due", {"due_to": OTHER_DAY - timedelta(days=2)}, 0),
        ("due", {"officers": ("busy",), "overdue": True}, 0),
        ("code", {"search": f"{CODE}-399"}, 1),
        ("code", {"search": f"{CODE}-39"}, 11),
        ("code", {"search": f"{CODE}-39", "statuses": ("decided",)}, 0),
        *((order, {"codes": (f"{CODE}-7", f"{CODE}-8", "none")}, 2) for order in (*DATES, "code")),
    ],
)
def test_no_more_cases_of_a_unit_are_read_than_one_filter_shows(
    shelf: Shelf, order: str, filters: dict[str, Any], read: int
) -> None:
    wanted = queue.Wanted(**{"statuses": EVERY_OPEN, "unit": "u5", **filters})
    assert read_for(shelf, lambda: shelf.cases.page(wanted, order, LIMIT, None, RISK)) == read
    assert len(shelf.cases.page(wanted, order, LIMIT, None, RISK)[0]) == min(read, LIMIT)


def test_what_is_not_due_yet_is_not_read_for_what_is_overdue_anywhere(shelf: Shelf) -> None:
    wanted = queue.Wanted(EVERY_OPEN, overdue=True)
    assert read_for(shelf, lambda: shelf.cases.page(wanted, "due", LIMIT, None, RISK)) == 0


@pytest.mark.parametrize("question", [name for name in ASKED if "counted" in name or name.endswith("have cases")])
def test_figures_are_counted_without_reading_a_case(shelf: Shelf, question: str) -> None:
    with overheard() as commands:
        ASKED[question](shelf)
    assert commands, "nothing was asked"
    for database, command in list(commands):
        if command.get("update") in {"tallies", "tally_months"}:  # where what was counted is written down
            continue
        assert examined(explained(shelf.client, database, command)) == 0, command


@pytest.mark.parametrize(
    ("question", "documents", "found"),
    [
        ("cases counted of an officer", 0, CASES - 1),
        ("officers who have cases", 0, 2),
        ("cases in order of due by unit", LIMIT + 1, LIMIT + 1),
        ("cases in order of due by unit, overdue", 0, 0),
        ("dossiers of a unit found by their applicant's number", 0, (SEEDED + OF_ONE_PROCEDURE) // 100),
    ],
)
def test_what_an_answer_found_is_told_beside_what_was_read_for_it(
    shelf: Shelf, question: str, documents: int, found: int
) -> None:
    with overheard() as commands:
        ASKED[question](shelf)
    plans = [(database, command, explained(shelf.client, database, command)) for database, command in list(commands)]
    read = sum((what_was_read(shelf.client, *one) for one in plans), start=NOTHING_READ)
    assert (read.documents, read.found) == (documents, found)
    assert found <= read.keys <= found + 2 * len(EVERY_OPEN)


def test_figures_say_what_is_there(shelf: Shelf) -> None:
    figures = shelf.figures
    assert figures.units() == ["u5"]
    assert figures.by_status("u5") == {
        "opened": 0,
        "supplement_requested": 0,
        "accepted": CASES,
        "in_hand": 0,
        "proposed": 0,
    }
    assert {officer: figures.had_by("u5", officer) for officer in figures.officers("u5")} == {
        "busy": CASES - 1,
        "idle": 1,
    }
    assert figures.awaiting_fee("u5") == 1
    assert figures.late_by_officer("u5", RISK) == {
        "busy": {"at_risk": 2, "overdue": 0},
        "idle": {"at_risk": 1, "overdue": 0},
    }
    assert figures.decided("u5", Period(NOW.date(), NOW.date())) == {"early": 0, "on_time": 0, "late": 0}


def test_what_was_paid_twice_is_in_no_sum_of_fees(shelf: Shelf) -> None:
    orders = next(journal for journal in shelf.journals if journal.aggregate.name == "order")
    book, back_at = FeeBook(started(2).order), captured().paid_at + timedelta(hours=1)
    for attempt in (FIRST, SECOND):
        book.act(fees.capture, captured(attempt), captured().paid_at)
    book.act(fees.end, captured().paid_at + timedelta(minutes=1), back_at)
    for number in (1, 2):
        book.act(fees.note_refund, number, back_at)
    kept = {"_id": ORDER, "state": orders.unstructure(book.now), "history": [], "version": 1, "relayed": 1}
    orders.collection.insert_one(kept)
    day = {"unit": book.now.unit, "day": f"{local_day(back_at)}", "orders": 1}
    asked = book.now.unit, back_at - timedelta(days=1), back_at + timedelta(days=1)
    assert list(shelf.orders.paid(*asked)) == [{**day, "amount_vnd": AMOUNT}]
    assert list(shelf.orders.refunded(*asked)) == [{**day, "amount_vnd": UPKEEP.amount_vnd}]


@pytest.mark.parametrize(("unit", "counted"), [("u5", 10), (None, 30)], ids=["of a unit", "of all units"])
@pytest.mark.parametrize("name", ["paid", "refunded"])
def test_fees_of_a_month_are_counted_without_those_of_other_months_and_units(
    shelf: Shelf, name: str, unit: str | None, counted: int
) -> None:
    orders = next(journal for journal in shelf.journals if journal.aggregate.name == "order")
    paid = orders.unstructure(started().order)
    month = NOW - timedelta(days=5), NOW + timedelta(days=5)

    def order(number: int) -> Document:
        """One of three units; one in ten of the month, others long before it or long after."""
        at = NOW + timedelta(days=100 * (number % 10 - 5), minutes=number)
        back = {"attempt": None, "amount_vnd": AMOUNT, "reason": "withdrawn", "due_at": at, "refunded_at": at}
        state = {**paid, "unit": f"u{4 + number % 3}", "attempts": [], "paid_at": at, "refunds": [back, back]}
        return {"_id": f"of-a-month-{number}", "state": state, "history": [], "version": 1, "relayed": 1}

    orders.collection.insert_many([order(number) for number in range(300)])
    try:
        with overheard() as commands:
            rows = list(getattr(shelf.orders, name)(unit, *month))
        database, command = commands[-1]
        plan = explained(shelf.client, database, command)
        assert sum(row["orders"] for row in rows) == counted * (1 if name == "paid" else 2)
        assert what_was_read(shelf.client, database, command, plan).keys <= counted + 10
    finally:
        orders.collection.delete_many({"_id": {"$regex": "^of-a-month-"}})


def examined(plan: Any) -> int:
    """How many documents a plan read, of a find or of an aggregation."""
    if isinstance(plan, dict):
        here = [plan["totalDocsExamined"]] if "totalDocsExamined" in plan else []
        return max([*here, *(examined(inner) for inner in plan.values())], default=0)
    return max((examined(inner) for inner in plan), default=0) if isinstance(plan, list) else 0


def test_a_holders_numbers_are_found_without_those_of_the_others(shelf: Shelf) -> None:
    held = Holder("organisation", "Nhà xuất bản 3", "9900000003")
    wanted = Wanted("d", NOW.date(), owner=held, number_prefix="1")
    assert read_for(shelf, lambda: shelf.records.find(wanted, LIMIT, None)) == 5


def test_a_units_numbers_are_found_without_those_of_the_others(shelf: Shelf) -> None:
    wanted = Wanted("d", NOW.date(), unit="u5", number_prefix="1")
    assert read_for(shelf, lambda: shelf.records.find(wanted, LIMIT, None)) == RECORDS // 10


@pytest.mark.parametrize("typed", ["7/2026/gp-dkx", "7 / 2026 / GP – ĐKX", "７/２０２６／ＧＰ−đkx"])
def test_a_number_is_found_by_index_however_it_is_typed(shelf: Shelf, typed: str) -> None:
    issued = record(RECORDS)
    issued["state"] |= {"dataset": "gp-bao", "number": "7/2026/GP-ĐKX"}
    others = [{**issued, "state": {**issued["state"], "dataset": "gpbao", "dossier_code": f"{CODE}-other"}, "_id": "o"}]
    shelf.records.journal.collection.insert_many([issued, *others])
    try:
        with overheard() as commands:
            (found,) = shelf.records.read_as("gp-bao", typed)
        database, command = commands[-1]
        assert found.id == issued["_id"]
        assert explained(shelf.client, database, command)["executionStats"]["totalDocsExamined"] == 2
    finally:
        shelf.records.journal.collection.delete_many({"state.number": "7/2026/GP-ĐKX"})


@pytest.mark.parametrize("narrow", [{}, {"unit": "u5"}], ids=["of the dataset", "of a unit"])
def test_expired_records_are_found_without_those_in_force(shelf: Shelf, narrow: dict[str, Any]) -> None:
    wanted = Wanted("d", NOW.date() - timedelta(days=25), status=EXPIRED, **narrow)
    with overheard() as commands:
        found, _ = shelf.records.find(wanted, LIMIT, None)
    ((database, command),) = commands
    ran_out = [f"1{number}" for number in (4, 3, 2, 1)]
    assert [one.state.number for one in found] == (ran_out if not narrow else [])
    assert explained(shelf.client, database, command)["executionStats"]["totalKeysExamined"] <= len(found) + 1
