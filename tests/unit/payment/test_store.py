"""Whose turn it is to be asked after at the gateway, and whose word a refund waits for."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.chassis import clock
from services.payment.store import LONGEST_REFUND, LONGEST_SILENCE, Orders
from tests.unit.payment.builders import NOW
from tests.unit.simulation.mongo import Calm, Collection

_QUARTER = timedelta(minutes=15)


def holding(order: dict[str, Any]) -> Orders:
    """A store of one order."""
    collection = Collection(Calm())
    collection.insert_many([order], ordered=True)
    journal: Any = SimpleNamespace(collection=collection, parse=lambda document: SimpleNamespace(state=document["_id"]))
    return Orders(journal, collection)


@pytest.mark.parametrize(
    ("put_off", "is_asked"),
    [
        (-_QUARTER, True),
        (_QUARTER, False),
        (LONGEST_SILENCE, False),
        (LONGEST_SILENCE + timedelta(days=2), True),  # by a clock that was ahead
    ],
)
def test_an_order_is_asked_after_when_its_time_has_come_or_none_is_so_far_away(
    put_off: timedelta, is_asked: bool
) -> None:
    silent = {"_id": "o", "state": {"silent_since": NOW - _QUARTER}, "ask_after": NOW + put_off}
    orders = holding(silent)
    for asked in (["o"] * is_asked, []):  # once: it is then put off anew
        found: list[Any] = list(orders.claim_silent(NOW, NOW, lambda _order: NOW + _QUARTER))
        assert found == asked


def test_one_at_a_time_has_refunds_of_an_order_made_and_who_died_stands_in_nobody_s_way() -> None:
    orders = holding({"_id": "o"})
    until = orders.begin_refund("o", NOW)
    assert until == NOW + LONGEST_REFUND
    assert orders.begin_refund("o", NOW + LONGEST_REFUND / 2) is None
    orders.end_refund("o", until)
    assert orders.begin_refund("o", NOW)
    later = orders.begin_refund("o", until)  # the second one has died
    assert later
    orders.end_refund("o", until)  # or was only late: the third one goes on
    assert orders.begin_refund("o", until) is None
    assert orders.begin_refund("o", later - 3 * clock.APART)  # the third one's clock was ahead


def test_a_replay_ends_the_doubt_about_one_refund_once_and_what_is_sent_next_is_another_request() -> None:
    orders = holding({"_id": "o"})
    for refund in ("event-1", "event-2"):
        orders.note_sending("o", refund, NOW)
        orders.note_undecided("o", refund)
        assert not orders.is_left_to_a_person("o", refund, None)
        orders.note_uncertain("o", refund, NOW)
    assert [orders.is_left_to_a_person("o", "event-1", replay) for replay in (None, "late", "late", None)] == [
        *(True, False, False, False)
    ]
    assert (orders.refusals("o", "event-1"), orders.was_undecided("o", "event-1")) == (1, False)
    assert orders.note_sending("o", "event-1", NOW + _QUARTER) == (NOW + _QUARTER, True)
    orders.note_uncertain("o", "event-1", NOW)
    assert orders.is_left_to_a_person("o", "event-1", "late")
    assert orders.is_left_to_a_person("o", "event-2", None)
    assert (orders.refusals("o", "event-2"), orders.was_undecided("o", "event-2")) == (0, True)
