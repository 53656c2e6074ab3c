"""Numbers without a gap: one an owner, whoever else takes some at the same moment."""

import threading
from typing import Any

import pytest
from pymongo.errors import AutoReconnect, BulkWriteError

from services.chassis.errors import Unavailable
from services.chassis.series import Series
from tests.unit.counts import counted


class Numbers:
    """A collection with the two unique indexes."""

    def __init__(self, name: str = "numbers") -> None:
        self.name = name
        self.kept: list[dict[str, Any]] = []
        self.before_insert: list[Any] = []
        self.batches: list[int] = []
        self._one = threading.Lock()

    def find_one(self, wanted: dict[str, Any], sort: Any = None) -> dict[str, Any] | None:
        found = [one for one in self.kept if all(one[name] == value for name, value in wanted.items())]
        return max(found, key=lambda one: int(one["number"])) if found else None

    def insert_many(self, documents: list[dict[str, Any]], *, ordered: bool) -> None:
        assert ordered
        self.batches.append(len(documents))
        if self.before_insert:
            self.before_insert.pop(0)()
        with self._one:
            for index, document in enumerate(documents):
                taken = {(one["series"], one["number"]) for one in self.kept}
                if (document["series"], document["number"]) in taken or self.find_one({"owner": document["owner"]}):
                    raise BulkWriteError({"writeErrors": [{"index": index, "code": 11000}]})
                self.kept.append(document)


def test_an_owner_has_one_number_and_owners_follow_each_other() -> None:
    series = Series(Numbers())
    assert [series.take("A", owner)[1] for owner in ("x", "y", "x", "z", "y")] == [1, 2, 1, 3, 2]
    assert series.take("B", "w") == ("B", 1)
    assert series.take("B", "x") == ("A", 1)


def test_numbers_that_others_took_are_not_taken_again() -> None:
    numbers = Numbers()
    one, other = Series(numbers), Series(numbers)
    taken = [one.take("A", "a"), other.take("A", "b"), one.take("A", "c"), other.take("A", "d")]
    assert taken == [("A", number) for number in (1, 2, 3, 4)]
    assert other.take("A", "a")[1] == 1


def test_who_took_a_number_that_others_had_is_counted_and_who_asks_again_is_not() -> None:
    numbers = Numbers("counted_numbers")
    one, other = Series(numbers), Series(numbers)
    one.take("A", "a")
    other.take("A", "a")
    assert counted("motcua_journal_conflicts_total", kind="counted_numbers") == 0
    other.take("A", "b")
    one.take("A", "c")
    assert counted("motcua_journal_conflicts_total", kind="counted_numbers") == 1


def test_whoever_was_interrupted_finds_his_number_again() -> None:
    numbers = Numbers()

    def cut() -> None:
        numbers.kept.append({"series": "A", "number": 1, "owner": "x"})
        raise AutoReconnect

    numbers.before_insert = [cut]
    series = Series(numbers)
    with pytest.raises(Unavailable):
        series.take("A", "x")
    assert series.take("A", "x")[1] == 1
    assert series.take("A", "y")[1] == 2


def test_many_at_once_in_two_processes_leave_no_gap() -> None:
    numbers = Numbers()
    processes = (Series(numbers), Series(numbers))
    threads = [
        threading.Thread(target=processes[place % 2].take, args=("A", f"owner {place % 40}")) for place in range(80)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(one["number"] for one in numbers.kept) == list(range(1, 41))


def test_those_who_ask_at_once_are_served_at_once_and_one_who_has_a_number_keeps_it() -> None:
    numbers, opened = Numbers(), threading.Event()
    series, answers = Series(numbers), dict[str, int]()
    assert series.take("A", "y")[1] == 1
    numbers.before_insert = [lambda: opened.wait(10)]

    def take(owner: str, of: str) -> None:
        answers[owner] = series.take(of, owner)[1]

    asked = {"first": "A", "x": "A", "y": "A", "z": "A", "w": "B"}
    threads = [threading.Thread(target=take, args=pair) for pair in asked.items()]
    threads[0].start()
    while len(numbers.batches) < 2:
        opened.wait(0.001)
    for thread in threads[1:]:
        thread.start()
    while len(series._takes._waiting) < 4:  # noqa: SLF001 – until all are in line
        opened.wait(0.001)
    opened.set()
    for thread in threads:
        thread.join(10)
    assert answers["y"] == 1
    assert sorted(answers[one] for one in ("first", "x", "z")) == [2, 3, 4]
    assert answers["w"] == 1
    assert max(numbers.batches) == 4
