"""How the queue is asked of the store: by typed filters, behind a cursor, over an index."""

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis.errors import Invalid
from services.routing.case import CLOSED, OPEN
from services.routing.store import ORDERS, CaseStore, Wanted, behind, cursor, index_for
from tests.unit.routing.builders import CODE, Book, at


class Recorder:
    """A collection that remembers its indexes."""

    def __init__(self) -> None:
        self.indexes: list[Any] = []

    def create_index(self, keys: Any, **_options: Any) -> None:
        self.indexes.append(keys)


def test_every_list_has_an_index_of_its_own() -> None:
    recorder = Recorder()
    CaseStore(SimpleNamespace(collection=recorder)).ensure_indexes()  # type: ignore[arg-type]
    for unit, officer, order in product((None, "vnnic"), (None, "cb-001"), ORDERS):
        assert index_for(Wanted(OPEN, unit, officer=officer), order) in recorder.indexes


def test_a_filter_names_only_what_was_asked_for() -> None:
    now = at("01-14")
    assert Wanted(OPEN).filter(now) == {"state.status": {"$in": list(OPEN)}}
    assert Wanted(CLOSED, "vnnic", "dk-ten-mien-vn", "cb-001", overdue=True).filter(now) == {
        "state.status": {"$in": list(CLOSED)},
        "state.unit": "vnnic",
        "state.procedure": "dk-ten-mien-vn",
        "state.officer": "cb-001",
        "state.overdue_at": {"$lt": now},
    }
    assert Wanted(OPEN, overdue=False).filter(now)["state.overdue_at"] == {"$not": {"$lt": now}}


@pytest.mark.parametrize("order", ORDERS)
def test_the_next_page_begins_behind_the_last_case(order: str) -> None:
    case = Book().opened().now
    by, when = ORDERS[order], {"due": case.next_due_at, "opened": case.opened_at}[order]
    assert behind(order, cursor(order, case)) == {
        by: {"$gte": when},
        "$nor": [{by: when, "_id": {"$lte": CODE}}],
    }


@pytest.mark.parametrize(
    "after", ["", "x", "bm90IGpzb24", "WzFd", "W251bGwsMSwxXQ", "đ", cursor("opened", Book().opened().now)]
)
def test_a_cursor_that_is_not_of_this_list_is_named(after: str) -> None:
    with pytest.raises(Invalid) as caught:
        behind("due", after)
    assert caught.value.errors[0]["field"] == "after"
