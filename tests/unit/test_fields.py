"""What is text at any door, over all the letters that there are."""

import sys

import pytest
from marshmallow import ValidationError

from services.contracts.fields import Text, explain

MARK = "\u0301"
MOST = 30


def refused(text: str) -> str:
    """The code of what is wrong with it, or nothing."""
    try:
        Text(longest=1000).deserialize(text)
    except ValidationError as error:
        return explain(error.messages)[0]["code"]
    return ""


def test_what_no_eye_sees_is_refused_and_whatever_prints_is_taken() -> None:
    seen = [letter for letter in map(chr, range(sys.maxunicode + 1)) if letter.isprintable()]
    assert {letter for letter in seen if refused(f"a{letter}b")} == set()
    unseen = [
        "\x00",
        "\t",
        "\n",
        "\r",
        "\x7f",
        "\x9f",
        "\u200b",
        "\u200f",
        "\u2028",
        "\u202e",
        "\u2060",
        "\ufeff",
        "\ud800",
    ]
    assert {refused(f"a{letter}b") for letter in unseen} == {"control_characters"}


@pytest.mark.parametrize("before", range(MOST + 2))
def test_a_run_of_marks_is_too_long_wherever_it_stands(before: int) -> None:
    assert refused("a" * before + "e" + MARK * (MOST + 1) + "z") == "too_many_marks"
    assert refused("a" * before + "e" + MARK * MOST + "z" + MARK * MOST) == ""
