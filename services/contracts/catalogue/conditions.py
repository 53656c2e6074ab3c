"""When a rule applies: `{field, equals}` or `{field, in}` against the answers of a form."""

from collections.abc import Mapping
from typing import Any


def holds(condition: Mapping[str, Any] | None, answers: Mapping[str, Any]) -> bool:
    """Whether the condition is true of the answers; no condition always is, a missing answer never."""
    if condition is None:
        return True
    answer = answers.get(condition["field"])
    wanted = condition["in"] if "in" in condition else [condition["equals"]]
    return any(_same(answer, value) for value in wanted)


def _same(answer: Any, value: Any) -> bool:
    return type(answer) is type(value) and bool(answer == value)  # true is not 1
