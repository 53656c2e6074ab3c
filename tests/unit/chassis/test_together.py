"""What is done together: each learns what is his, whoever shares the batch."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from services.chassis.errors import Unavailable
from services.chassis.together import Together


class Cut(BaseException):
    """As a greenlet that is killed."""


class Crowd:
    """Work that waits until all who ask are in line: the first in a batch of its own, the others behind it."""

    def __init__(self, most: int = 500) -> None:
        self.batches: list[list[int]] = []
        self._begun, self._opened = threading.Event(), threading.Event()
        self._together: Together[int, int] = Together(self._work, most)
        self._answers: dict[int, Any] = {}

    def ask(self, *items: int) -> dict[int, Any]:
        """What each was told."""
        threads = [threading.Thread(target=self._ask, args=(item,)) for item in items]
        threads[0].start()
        assert self._begun.wait(10)
        for thread in threads[1:]:
            thread.start()
        while len(self._together._waiting) < len(items) - 1:  # noqa: SLF001
            self._begun.wait(0.001)
        self._opened.set()
        for thread in threads:
            thread.join(10)
        return self._answers

    def _ask(self, item: int) -> None:
        try:
            self._answers[item] = self._together.do(item)
        except BaseException as error:  # noqa: BLE001 – it is looked at by the test
            self._answers[item] = error

    def _work(self, items: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(items))
        self._begun.set()
        assert self._opened.wait(10)
        if 66 in items:
            raise Cut
        return [ValueError(item) if item == 13 else item * 2 for item in items]


def test_those_who_come_while_a_batch_is_under_way_share_the_next_and_fail_alone() -> None:
    crowd = Crowd()
    answers = crowd.ask(1, 2, 13, 4)
    assert [sorted(batch) for batch in crowd.batches] == [[1], [2, 4, 13]]
    assert {item: answers[item] for item in (1, 2, 4)} == {1: 2, 2: 4, 4: 8}
    assert isinstance(answers[13], ValueError)


def test_no_batch_is_larger_than_the_most() -> None:
    crowd = Crowd(most=2)
    answers = crowd.ask(1, 2, 3, 4, 5, 6)
    assert [len(batch) for batch in crowd.batches] == [1, 2, 2, 1]
    assert answers == {item: item * 2 for item in range(1, 7)}


def test_whoever_shares_a_batch_that_is_cut_off_is_not_left_waiting() -> None:
    answers = Crowd().ask(1, 2, 66)
    assert answers.pop(1) == 2
    assert {type(answer) for answer in answers.values()} == {Cut, Unavailable}


def test_an_answer_too_few_is_everyones_error() -> None:
    together: Together[int, int] = Together(lambda items: items[1:])
    with pytest.raises(ValueError, match="one by one"):
        together.do(1)


def test_a_newcomer_at_the_moment_a_batch_is_taken_is_not_lost() -> None:
    class Busy(list[Any]):
        def __getitem__(self, at: Any) -> Any:
            part = super().__getitem__(at)
            self.append("newcomer")
            return part

    together: Together[int, int] = Together(list)
    together._waiting = Busy()  # noqa: SLF001 – the very moment between two steps cannot be met from outside
    together.do(1)
    assert "newcomer" in together._waiting  # noqa: SLF001
