"""How the queue is asked of the store: by typed filters, behind a cursor, over an index."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis.errors import Invalid
from services.routing.case import CLOSED, OPEN
from services.routing.figures import OF_DECISIONS, Figures
from services.routing.queue import CODE as BY_CODE
from services.routing.queue import ORDERS, Risk, Wanted, behind, place, sorting
from services.routing.store import CaseStore
from services.routing.wiring import CASE
from tests.unit.fakes import fake_journal
from tests.unit.routing.builders import CODE, Book, at

RISK = Risk(at("01-14"), at("01-16", "17:30"))
FILTERS: tuple[dict[str, Any], ...] = (
    *({}, {"officers": ("cb-001", "cb-002")}, {"unassigned": True}, {"procedure": "dk-ten-mien-vn"}),
    *({"overdue": True}, {"at_risk": True}, {"awaiting": "fee"}, {"search": CODE}),
    *({"due_from": date(2026, 1, 15)}, {"due_to": date(2026, 1, 15), "overdue": False}),
)


class Recorder:
    """A collection that remembers its indexes."""

    def __init__(self) -> None:
        self.indexes: list[Any] = [[("_id", 1)]]

    def create_index(self, keys: Any, **_options: Any) -> None:
        self.indexes.append(keys)


def test_every_list_has_an_index_that_holds_it_in_its_order() -> None:
    recorder: Any = Recorder()
    CaseStore(SimpleNamespace(collection=recorder)).ensure_indexes()  # type: ignore[arg-type]
    Figures(SimpleNamespace(collection=recorder)).ensure_indexes()  # type: ignore[arg-type]
    assert OF_DECISIONS in recorder.indexes
    for unit, filters, order in product((None, "vnnic"), FILTERS, ORDERS):
        wanted = Wanted(OPEN, unit, **filters)
        index = wanted.index(order)
        assert index in recorder.indexes
        ordered = [field for field, _ in sorting(order, wanted.by(order))]
        assert ordered == [field for field, _ in index if field in ordered]


def test_a_filter_names_only_what_was_asked_for() -> None:
    assert Wanted(OPEN).filter(RISK) == {"state.status": {"$in": list(OPEN)}}
    every = Wanted(CLOSED, "vnnic", "dk-ten-mien-vn", ("cb-001",), unassigned=True, awaiting="fee", search="000.")
    assert every.filter(RISK) == {
        "state.status": {"$in": list(CLOSED)},
        "state.unit": "vnnic",
        "state.procedure": "dk-ten-mien-vn",
        "state.officer": {"$in": ["cb-001", None]},
        "state.awaiting": "fee",
        "_id": {"$gte": "000.", "$lt": "000.\U0010ffff"},
    }


def test_codes_that_are_named_are_all_that_is_listed_by_every_other_filter_too() -> None:
    wanted = Wanted(OPEN, "vnnic", overdue=True, codes=(CODE, "none"))
    assert wanted.filter(RISK)["_id"] == {"$in": [CODE, "none"]}
    assert wanted.filter(RISK)["state.unit"] == "vnnic"
    assert Wanted(OPEN, codes=()).filter(RISK)["_id"] == {"$in": []}
    both = Wanted(OPEN, "vnnic", search="000.", codes=(CODE,))
    assert both.filter(RISK)["_id"] == {"$gte": "000.", "$lt": "000.\U0010ffff", "$in": [CODE]}
    assert {tuple(wanted.index(order)) for order in ORDERS} == {(("_id", 1),)}


class Three:
    """A collection with three cases, in no order."""

    def __init__(self, journal: Any, cases: list[Any]) -> None:
        self.found = [{"_id": one.dossier_code, "version": 1, "state": journal.unstructure(one)} for one in cases]

    def find(self, *_asked: Any) -> "Three":
        return self

    def hint(self, _index: Any) -> list[Any]:
        return self.found


@pytest.mark.parametrize(("order", "codes"), [("due", "CAB"), ("opened", "BAC"), ("newest", "CAB"), ("code", "ABC")])
def test_codes_that_are_named_come_in_the_order_of_the_queue_page_after_page(order: str, codes: str) -> None:
    case, journal = Book().opened().now, fake_journal(CASE)
    told = {"A": (at("01-15"), at("01-14")), "B": (at("01-16"), at("01-13")), "C": (None, at("01-15"))}
    cases = [
        replace(case, dossier_code=code, next_due_at=due_at, opened_at=opened_at)
        for code, (due_at, opened_at) in told.items()
    ]
    store = CaseStore(SimpleNamespace(collection=Three(journal, cases), parse=journal.parse))  # type: ignore[arg-type]
    page, following = store.page(Wanted(OPEN, "vnnic", codes=("A", "B", "C")), order, 2, None, RISK)
    assert [one.dossier_code for one in page] == list(codes[:2])
    assert following == place(order, page[-1])
    assert store.page(Wanted(OPEN, "vnnic", codes=("A", "B", "C")), order, 3, None, RISK)[1] is None


def test_what_runs_out_is_told_by_the_clock_that_runs() -> None:
    def asked(**filters: Any) -> Any:
        return Wanted(OPEN, **filters).filter(RISK)["state.overdue_at"]

    assert asked(overdue=False) == {"$not": {"$lt": RISK.now}}
    assert asked(overdue=True)["$lt"] == RISK.now
    assert asked(at_risk=True) == {"$gte": RISK.now, "$lte": RISK.ends}
    assert asked(overdue=True, at_risk=True)["$lte"] == RISK.ends


def test_days_begin_and_end_in_vietnam_and_narrow_what_is_late() -> None:
    def asked(**filters: Any) -> Any:
        return Wanted(OPEN, **filters).filter(RISK)["state.overdue_at"]

    day = {"due_from": date(2026, 1, 14), "due_to": date(2026, 1, 14)}
    first, end, ever = at("01-14", "00:00"), at("01-15", "00:00"), {"$gt": datetime(1970, 1, 1, tzinfo=UTC)}
    assert asked(**day) == {**ever, "$gte": first, "$lt": end}
    assert asked(due_to=date(2026, 1, 14)) == {**ever, "$lt": end}
    assert asked(**day, overdue=True) == {**ever, "$gte": first, "$lt": RISK.now}
    assert asked(**day, overdue=False) == {**ever, "$gte": RISK.now, "$lt": end}
    assert asked(**day, at_risk=True) == {**ever, "$gte": RISK.now, "$lt": end, "$lte": RISK.ends}


@pytest.mark.parametrize("order", ["due", "opened"])
def test_the_next_page_begins_behind_the_last_case(order: str) -> None:
    case = Book().opened().now
    by, when = ORDERS[order], {"due": case.next_due_at, "opened": case.opened_at}[order]
    assert behind(order, by, place(order, case)) == {
        by: {"$gte": when},
        "$nor": [{by: when, "_id": {"$lte": CODE}}],
    }


def test_the_newest_first_goes_on_with_what_is_older_and_codes_with_what_is_greater() -> None:
    case = Book().opened().now
    by = ORDERS["newest"]
    assert behind("newest", by, place("newest", case)) == {
        by: {"$lte": case.opened_at},
        "$nor": [{by: case.opened_at, "_id": {"$gte": CODE}}],
    }
    assert behind(BY_CODE, "_id", place(BY_CODE, case)) == {"_id": {"$gt": CODE}}


@pytest.mark.parametrize(
    "after", ["", "x", "bm90IGpzb24", "WzFd", "W251bGwsMSwxXQ", "đ", place("opened", Book().opened().now)]
)
def test_a_cursor_that_is_not_of_this_list_is_named(after: str) -> None:
    for order in ("due", BY_CODE):
        with pytest.raises(Invalid) as caught:
            behind(order, ORDERS[order], after)
        assert caught.value.errors[0]["field"] == "after"
