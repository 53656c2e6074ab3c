"""Whose turn it is to be asked after at the gateway."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from services.payment.store import LONGEST_SILENCE, Orders
from tests.unit.payment.builders import NOW
from tests.unit.simulation.mongo import Collection

_QUARTER = timedelta(minutes=15)


class Calm:
    """Nobody comes in between."""

    def after_read(self) -> None:
        """Nothing."""

    def around_write(self) -> None:
        """Nothing."""


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
    collection = Collection(Calm())
    silent = {"_id": "o", "state": {"silent_since": NOW - _QUARTER}, "ask_after": NOW + put_off}
    collection.insert_many([silent], ordered=True)
    journal: Any = SimpleNamespace(collection=collection, parse=lambda document: SimpleNamespace(state=document["_id"]))
    orders = Orders(journal, collection)
    for asked in (["o"] * is_asked, []):  # once: it is then put off anew
        found: list[Any] = list(orders.claim_silent(NOW, NOW, lambda _order: NOW + _QUARTER))
        assert found == asked
