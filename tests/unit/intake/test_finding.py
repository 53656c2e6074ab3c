"""What a dossier is found by, and what is made of what somebody types."""

import re
from typing import Any

import pytest

from services.chassis.errors import Denied, Unavailable
from services.contracts.folding import fold, folded_words
from services.intake.finding import Finding, Typed, found_by
from tests.unit.intake.asking import submit
from tests.unit.intake.builders import CITIZEN, OFFICER, SYSTEM, UNIT
from tests.unit.intake.fakes import APPLICANT, World

CODE = "000.00.06.G14-260115-0007"
COMPANY = {"kind": "organisation", "name": "Công ty TNHH Mẫu–Việt 27/7", "tax_code": "0100109106-001"}


def fits(typed: str, applicant: dict[str, Any] = APPLICANT) -> bool:
    """Whether what is typed finds the dossier, as the store compares it."""
    words, conditions = found_by(applicant, CODE), Typed.read(typed).conditions
    wholes = [one in words for one in conditions if isinstance(one, str)]
    begun = [any(re.match(one.pattern, word) for word in words) for one in conditions if not isinstance(one, str)]
    return bool(conditions) and all(wholes + begun)


@pytest.mark.parametrize("typed", ["hoà thuý", "hòa thúy", "HOA THUY", "ho\u0061\u0300 thu\u0301y", "đ"])
def test_text_is_folded_whatever_its_marks_and_capitals(typed: str) -> None:
    assert fold(typed) in {"hoa thuy", "d"}


def test_words_are_letters_and_digits() -> None:
    assert folded_words("  Công ty “A-B_C”, (27/7) ") == ["cong", "ty", "a", "b", "c", "27", "7"]


def test_a_dossier_is_found_by_name_number_and_how_its_code_ends() -> None:
    assert found_by(APPLICANT, CODE) == ["nguyen", "thi", "mau", "001801000001", "0007"]
    assert found_by(COMPANY, CODE) == [
        *("cong", "ty", "tnhh", "mau", "viet", "27", "7"),
        *("0100109106001", "0007"),
    ]


@pytest.mark.parametrize(
    "typed",
    [
        *("Nguyễn Thị Mẫu", "nguyen thi mau", "mau", "thi ma", "MẪU NGUYỄN", "nguyen m", " nguyen  thi "),
        *("001801000001", "001 801 000 001", "001801", "0007"),
    ],
)
def test_an_applicant_is_found_by_words_in_any_order_the_last_one_begun(typed: str) -> None:
    assert fits(typed)


@pytest.mark.parametrize("typed", ["ngu thi", "thi mauu", "001802", "00180", "000", "07", "...", "“”", "$gt", ".*"])
def test_words_before_the_last_are_whole_and_short_numbers_too(typed: str) -> None:
    assert not fits(typed)


@pytest.mark.parametrize("typed", ["0100109106-001", "0100109106001", "0100109106", "01.0010", "mau viet", "tnhh 27"])
def test_a_company_is_found_by_its_tax_code_and_its_name(typed: str) -> None:
    assert fits(typed, COMPANY)


def test_a_submission_says_in_its_only_write_what_it_is_found_by() -> None:
    world = World()
    code = submit(world)["dossier_code"]
    kept = world.journal.get(code)
    assert kept.subject["found_by"] == found_by(kept.subject["applicant"], code)
    assert kept.version == 1
    assert all("found_by" not in str(entry) for entry in world.journal.history(code))


def test_officers_look_in_their_own_unit_and_nobody_else_does() -> None:
    world, asked = World(), list[Any]()

    def codes(*wanted: Any) -> tuple[list[str], bool]:
        asked.append(wanted)
        return [CODE], True

    world.finding.codes = codes
    assert world.cases.find_codes(OFFICER, "Mẫu", 7) == {"dossier_codes": [CODE], "more": True}
    assert asked == [(UNIT, Typed(begun="mau"), 7)]
    for other in (CITIZEN, SYSTEM):
        with pytest.raises(Denied):
            world.cases.find_codes(other, "Mẫu", 7)


def test_all_is_filled_in_once_and_then_the_last_day_whatever_fails_between() -> None:
    world, asked = World(), list[Any]()
    outcomes: list[Any] = [Unavailable("store.unavailable", "No.", "Không."), 3, 0]

    def fill(since: Any) -> int:
        asked.append(since)
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return int(outcome)

    world.finding.fill = fill
    with pytest.raises(Unavailable):
        world.cases.fill_found_by()
    world.cases.fill_found_by()
    world.cases.fill_found_by()
    assert asked[:2] == [None, None]
    assert asked[2] is not None


class Words:
    """A collection in which so many dossiers have each word."""

    def __init__(self, **counts: int) -> None:
        self.counts, self.pipelines = counts, list[Any]()

    def count_documents(self, wanted: Any, limit: int, hint: str) -> int:
        """How many have it, as far as the limit."""
        word = wanted["subject.found_by"]
        return min(limit, self.counts.get(word if isinstance(word, str) else word.pattern.removeprefix("^"), 0))

    def aggregate(self, pipeline: Any, hint: str) -> list[Any]:
        """Always the same two."""
        self.pipelines.append(pipeline)
        return [{"_id": "B"}, {"_id": "A"}]


def test_the_rarest_word_is_looked_up_and_the_others_are_compared() -> None:
    words = Words(nguyen=40_000, xuyen=30)
    assert Finding(words).codes("u", Typed.read("Nguyễn Xuyến"), 1) == (["B"], True)
    (pipeline,) = words.pipelines
    assert pipeline[0]["$match"]["subject.found_by"].pattern == "^xuyen"
    assert pipeline[2] == {"$match": {"$and": [{"subject.found_by": "nguyen"}]}}
    assert Finding(words).codes("u", Typed.read("nguyen xuyen"), 5) == (["B", "A"], False)


def test_of_words_that_all_have_there_may_be_more_than_was_looked_through() -> None:
    words = Words(nguyen=40_000, van=30_000)
    assert Finding(words).codes("u", Typed.read("nguyen van"), 5) == (["B", "A"], True)


def test_a_word_that_nobody_has_ends_the_search() -> None:
    words = Words(nguyen=40_000)
    assert Finding(words).codes("u", Typed.read("nguyen zz"), 5) == ([], False)
    assert Finding(words).codes("u", Typed.read("–"), 5) == ([], False)
    assert not words.pipelines
