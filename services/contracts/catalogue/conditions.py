"""When a rule applies: `{field, equals}` or `{field, in}` against the answers of a form.

And what a text must be for an answer to be chosen beside it: `{field, shortest, longest, letters}`.
"""

from collections.abc import Mapping
from typing import Any


def holds(condition: Mapping[str, Any] | None, answers: Mapping[str, Any]) -> bool:
    """Whether the condition is true of the answers; no condition always is, a missing answer never."""
    if condition is None:
        return True
    answer = answers.get(condition["field"])
    wanted = condition["in"] if "in" in condition else [condition["equals"]]
    return any(_same(answer, value) for value in wanted)


def fits(rule: Mapping[str, Any], text: str) -> bool:
    """Whether the text has as many characters and such letters as the rule says.

    `ascii` letters are those that every keyboard has; `vietnamese` is a text with at least one other.
    """
    is_long_enough = rule.get("shortest", 0) <= len(text) <= rule.get("longest", len(text))
    return is_long_enough and rule.get("letters") in (None, "ascii" if text.isascii() else "vietnamese")


def _same(answer: Any, value: Any) -> bool:
    return type(answer) is type(value) and bool(answer == value)  # true is not 1
