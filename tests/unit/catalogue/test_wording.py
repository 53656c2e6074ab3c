"""What a citizen is told says what is counted, and which mistake it is."""

from typing import Any

import pytest
from marshmallow import ValidationError

from services.contracts.fields import Day, Items, Strict, Text, explain


class Sample(Strict):
    """One of each."""

    text = Text(longest=3)
    day = Day()
    items = Items(Text(), fewest=1, most=2)


@pytest.mark.parametrize(
    ("given", "vi", "en"),
    [
        ({"text": "  "}, "Ít nhất 1 ký tự.", "At least 1 character."),
        ({"text": "abcd"}, "Nhiều nhất 3 ký tự.", "At most 3 characters."),
        ({"text": "a" * 1000}, "Nhiều nhất 3 ký tự.", "At most 3 characters."),
        ({"items": []}, "Ít nhất 1 mục.", "At least 1 item."),
        ({"items": ["a"] * 3}, "Nhiều nhất 2 mục.", "At most 2 items."),
        ({"day": "2026-02-30"}, "Ngày không có thật.", "Not a real date."),
        (
            {"day": "30/01/2026"},
            "Ngày phải viết NNNN-TT-NN, năm từ 1000 đến 2999.",
            "Must be written YYYY-MM-DD, years 1000 to 2999.",
        ),
        ({"titel": 1}, "Không có trường này.", "There is no such field."),
    ],
)
def test_the_sentence_says_what_is_wrong(given: dict[str, Any], vi: str, en: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Sample().load(given)
    (told,) = explain(caught.value.messages)
    assert (told["vi"], told["en"]) == (vi, en)
