"""What is spoilt in the books on purpose is what it says, and only who is named with it counts as seen."""

from copy import deepcopy
from typing import Any

import pytest

from tests.chaos import damages
from tests.chaos.damages import DAMAGES, Damage, is_named
from tests.chaos.judge import JUDGED

CASE = {
    "_id": "A",
    "state": {"dossier_code": "A", "status": "decided"},
    "history": [{"id": "1", "seq": 1, "data": {}}, {"id": "2", "seq": 2, "data": {}}],
    "version": 2,
    "relayed": 2,
}
ORDER = {"_id": "A-S", "state": {"dossier_code": "A", "status": "paid", "attempts": [{"outcome": "captured"}]}}


def spoilt(sound: dict[str, Any], spoil: damages.Spoil) -> tuple[str, dict[str, Any]]:
    """Who must be named, and how it is then."""
    one = deepcopy(sound)
    return spoil(one), one


@pytest.mark.parametrize(
    ("spoil", "ids", "data"),
    [
        (damages._without_last, ["1"], {}),  # noqa: SLF001
        (damages._last_in_other_words, ["1", "2"], {"reason": "another"}),  # noqa: SLF001
    ],
)
def test_the_last_event_is_gone_or_other_words(spoil: damages.Spoil, ids: list[str], data: dict[str, str]) -> None:
    named, one = spoilt(CASE, spoil)
    assert named == "2"
    assert [entry["id"] for entry in one["history"]] == ids
    assert one["history"][-1]["data"] == data
    assert one["version"] == one["relayed"] == len(ids)


def test_an_event_more_is_the_next_one_and_counts_as_published() -> None:
    named, one = spoilt(CASE, damages._last_once_more)  # noqa: SLF001
    assert [(entry["id"], entry["seq"]) for entry in one["history"]] == [("1", 1), ("2", 2), (named, 3)]
    assert one["version"] == one["relayed"] == 3


def test_a_fee_that_was_paid_is_not() -> None:
    named, one = spoilt(ORDER, damages._unpay)  # noqa: SLF001
    assert (named, one["state"]["paid_at"]) == ("A-S", None)
    assert one["state"]["attempts"] == [{"outcome": "failed"}]


def test_what_is_said_of_another_or_for_another_reason_is_not_seen() -> None:
    lost: Damage = next(one for one in DAMAGES if one.what == "a case lost")
    said = ["routing.cases A: its unit has no case of it", "routing.cases B: its fees are not assessed"]
    assert is_named(lost, "A", said)
    assert not is_named(lost, "B", said)
    assert not is_named(lost, "A", said[1:])


def test_the_product_s_own_checker_is_looked_at_once() -> None:
    assert damages._STORY in JUDGED  # noqa: SLF001
