"""What somebody typed into a form so far: JSON as a form has it, valid or not, that a store can keep."""

import re
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError, fields

from services.contracts.fields import say

DEEPEST: Final = 6  # a form holds tables, and a table rows
LARGEST_NUMBER: Final = 2**53
FIELD_NAME: Final = "[a-z][a-z0-9_]{0,39}"
_NAME: Final = re.compile(FIELD_NAME, re.ASCII)
_NOT_AN_OBJECT: Final = say("wrong_type", "Phải là một đối tượng.", "Must be an object.")
_TOO_DEEP: Final = say("too_deep", "Nội dung lồng nhau quá sâu.", "Is nested too deeply.")
_TOO_LARGE: Final = say("too_large", "Số quá lớn.", "Holds a number that is too large.")
_WRONG_NAME: Final = say("wrong_name", "Có tên trường không hợp lệ.", "Holds a name that no field can have.")


class Answers(fields.Dict):
    """The answers of a form, still unchecked."""

    default_error_messages = {"invalid": _NOT_AN_OBJECT}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=fields.String(), **kwargs)


class Typed(Answers):
    """Answers with names that could be a form's, not too deep, with numbers that a store can keep."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        typed = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        _look_into(typed, DEEPEST)
        return typed


def _look_into(typed: Any, deepest: int) -> None:
    """Raise a ValidationError for what no form can hold: names that a database would read, numbers it cannot keep."""
    if not deepest:
        raise ValidationError(_TOO_DEEP)
    if isinstance(typed, dict):
        if not all(_NAME.fullmatch(name) for name in typed):
            raise ValidationError(_WRONG_NAME)
        typed = list(typed.values())
    if isinstance(typed, list):
        for inner in typed:
            _look_into(inner, deepest - 1)
    elif isinstance(typed, int | float) and abs(typed) > LARGEST_NUMBER:
        raise ValidationError(_TOO_LARGE)
