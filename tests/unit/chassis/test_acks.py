"""What is done is told in few words, and nothing is told that is not done."""

import random
from typing import Any

import pytest

from services.chassis.acks import Acks


class Broker:
    """A channel as the broker sees it."""

    def __init__(self, delivered: int) -> None:
        self.unsettled = set(range(1, delivered + 1))
        self.told: list[tuple[int, bool]] = []

    def basic_ack(self, tag: int, *, multiple: bool = False) -> None:
        self.told.append((tag, multiple))
        self._settle({one for one in self.unsettled if one <= tag} if multiple else {tag})

    def basic_reject(self, tag: int, *, requeue: bool) -> None:
        assert requeue
        self._settle({tag})

    def _settle(self, tags: set[int]) -> None:
        assert tags, "a tag that is not known closes the channel"
        assert tags <= self.unsettled
        self.unsettled -= tags


def in_hand(count: int) -> tuple[Acks, Broker]:
    broker = Broker(count)
    acks = Acks(broker)
    for tag in range(1, count + 1):
        acks.delivered(tag)
    return acks, broker


def test_what_is_done_in_turn_is_one_word_and_the_rest_one_each() -> None:
    acks, broker = in_hand(8)
    for tag in (3, 1, 2, 6, 8):
        acks.done(tag)
    acks.tell()
    assert broker.told == [(3, True), (6, False), (8, False)]
    assert broker.unsettled == {4, 5, 7}
    acks.done(4)
    acks.done(5)
    acks.tell()
    assert broker.told[3:] == [(5, True)]
    assert broker.unsettled == {7}


def test_where_nothing_is_done_nothing_is_told() -> None:
    acks, broker = in_hand(2)
    acks.tell()
    acks.done(2)
    acks.tell()
    acks.tell()
    assert broker.told == [(2, False)]


def test_what_was_given_back_is_neither_acked_nor_given_back_again() -> None:
    acks, broker = in_hand(3)
    acks.reject(2)
    acks.done(2)
    acks.reject(2)
    acks.done(1)
    acks.done(3)
    acks.tell()
    assert broker.unsettled == set()


@pytest.mark.parametrize("seed", range(20))
def test_exactly_what_is_done_is_acked_in_whatever_order(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    acks, broker = in_hand(60)
    outcomes: dict[int, Any] = {}
    for tag in chance.sample(range(1, 61), 60):
        outcomes[tag] = chance.choice(("done", "done", "done", "rejected", "in hand"))
        if outcomes[tag] == "done":
            acks.done(tag)
        elif outcomes[tag] == "rejected":
            acks.reject(tag)
        if chance.random() < 0.2:
            acks.tell()
    acks.tell()
    assert broker.unsettled == {tag for tag, outcome in outcomes.items() if outcome == "in hand"}
