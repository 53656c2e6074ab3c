"""Bounded, bilingual marshmallow fields: what may come through any door.

Every message is a triple (code, Vietnamese, English), so that a door can name the mistake to a program, a citizen and
a developer alike. `explain` turns marshmallow's nested messages into a flat list of them.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate

BY_THE_WAY = "by_the_way"  # metadata of a field that makes no other request: where somebody happened to ask from
_SEPARATOR = "\x1f"
# Also what no eye can see and what turns the order of letters around: a name must read as it is.
INVISIBLE = r"\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
_CONTROL = re.compile(rf"[{INVISIBLE}\ud800-\udfff]")
_LINES = re.compile(r"[\r\n\t]")
_LONGEST_NAME = 120
_MOST_PROBLEMS = 200
_MOST_MARKS = 30  # on one letter: Unicode's Stream-Safe Text Format; to put long runs in order takes for ever
_CHARACTERS, _ITEMS = ("ký tự", "characters"), ("mục", "items")
_COMPOSED_OF = 4  # so many letters at most become one in NFC

Versions = Mapping[int, type[Schema]]  # the schemas of one event type, by version


def say(code: str, vi: str, en: str) -> str:
    """Pack one message; `{placeholders}` are filled by marshmallow. Undone by `explain`."""
    return _SEPARATOR.join((code, vi, en))


_UNKNOWN = say("unknown_field", "Không có trường này.", "There is no such field.")
_NOT_AN_OBJECT = say("wrong_type", "Phải là một đối tượng.", "Must be an object.")
_MESSAGES = {
    "required": say("required", "Bắt buộc phải có.", "Is required."),
    "null": say("required", "Không được để trống.", "May not be empty."),
    "validator_failed": say("invalid", "Giá trị không hợp lệ.", "The value is not valid."),
    "type": _NOT_AN_OBJECT,
    "unknown": _UNKNOWN,
}
_NOT_TEXT = say("wrong_type", "Phải là văn bản.", "Must be text.")
_NOT_WHOLE = say("wrong_type", "Phải là số nguyên.", "Must be a whole number.")
_NOT_FLAG = say("wrong_type", "Phải là đúng hoặc sai.", "Must be true or false.")
_NOT_LIST = say("wrong_type", "Phải là một danh sách.", "Must be a list.")
_NOT_A_DAY = say(
    "wrong_format",
    "Ngày phải viết NNNN-TT-NN, năm từ 1000 đến 2999.",
    "Must be written YYYY-MM-DD, years 1000 to 2999.",
)
_NO_SUCH_DAY = say("impossible_date", "Ngày không có thật.", "Not a real date.")
_TOO_MANY_MARKS = say("too_many_marks", "Quá nhiều dấu trên một chữ.", "Too many marks on one letter.")
_NOT_A_MOMENT = say(
    "impossible_time", "Thời điểm phải theo ISO 8601, có múi giờ.", "Must be an ISO 8601 time with an offset."
)

fields.Field.default_error_messages = {**fields.Field.default_error_messages, **_MESSAGES}


class Strict(Schema):
    """A schema that refuses what it does not know."""

    class Meta:
        """Refuse unknown fields; keep the declared order."""

        unknown = RAISE

    error_messages = {"unknown": _UNKNOWN, "type": _NOT_AN_OBJECT}


class Lenient(Schema):
    """A schema for events: a newer publisher may say more than this reader knows."""

    class Meta:
        """Leave unknown fields out."""

        unknown = "exclude"

    error_messages = {"type": _NOT_AN_OBJECT}


def length(minimum: int, maximum: int, what: tuple[str, str] = _ITEMS) -> list[validate.Length]:
    """Between `minimum` and `maximum` items, or what else is counted."""
    short = say("too_short", f"Ít nhất {minimum} {what[0]}.", f"At least {_so_many(minimum, what[1])}.")
    return [validate.Length(min=minimum, error=short), validate.Length(max=maximum, error=_too_long(maximum, what))]


def _too_long(most: int, what: tuple[str, str]) -> str:
    return say("too_long", f"Nhiều nhất {most} {what[0]}.", f"At most {_so_many(most, what[1])}.")


def _so_many(count: int, what: str) -> str:
    return f"{count} {what.removesuffix('s') if count == 1 else what}"


def between(minimum: int | None, maximum: int | None) -> list[validate.Range]:
    """A number from `minimum` to `maximum`, both allowed, either open when None."""
    low = say("too_small", "Nhỏ nhất là {min}.", "Must be at least {min}.")
    high = say("too_large", "Lớn nhất là {max}.", "Must be at most {max}.")
    return [validate.Range(min=minimum, error=low), validate.Range(max=maximum, error=high)]


def matching(pattern: str, vi: str, en: str, code: str = "wrong_format") -> validate.Regexp:
    """The whole text matches `pattern`."""
    return validate.Regexp(rf"(?:{pattern})\Z", error=say(code, vi, en))


class Text(fields.String):
    """Text in NFC without control characters, trimmed, at most `longest` characters; line breaks only if `lines`."""

    default_error_messages = {"invalid": _NOT_TEXT, "invalid_utf8": _NOT_TEXT}

    def __init__(self, *, longest: int = 300, shortest: int = 1, lines: bool = False, **kwargs: Any) -> None:
        checks = [*length(shortest, longest, _CHARACTERS), *_as_list(kwargs.pop("validate", None))]
        super().__init__(validate=checks, **kwargs)
        self.longest, self.shortest, self.lines = longest, shortest, lines

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        raw = super()._deserialize(value, attr, data, **kwargs)
        if len(raw) > self.longest * _COMPOSED_OF:
            raise ValidationError(_too_long(self.longest, _CHARACTERS))
        if not raw.isascii() and _has_too_many_marks(raw):
            raise ValidationError(_TOO_MANY_MARKS)
        if not raw.isprintable() and (_CONTROL.search(raw) or (not self.lines and _LINES.search(raw))):
            raise ValidationError(say("control_characters", "Có ký tự điều khiển.", "Contains control characters."))
        return unicodedata.normalize("NFC", raw).strip()


class Whole(fields.Integer):
    """A whole number: no text, no fraction, no boolean."""

    default_error_messages = {"invalid": _NOT_WHOLE, "too_large": _NOT_WHOLE}

    def __init__(self, *, low: int | None = None, high: int | None = 10**15, **kwargs: Any) -> None:
        super().__init__(strict=True, validate=between(low, high), **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(value, attr, data, **kwargs)


class Flag(fields.Boolean):
    """True or false, nothing else."""

    default_error_messages = {"invalid": _NOT_FLAG}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Day(fields.Date):
    """A calendar day, `YYYY-MM-DD`, of a year that a store and a clock can hold: 1000 to 2999."""

    default_error_messages = {"invalid": _NO_SUCH_DAY, "format": _NOT_A_DAY}

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> date:
        if not isinstance(value, str) or not re.fullmatch(r"[12]\d{3}-\d{2}-\d{2}", value, re.ASCII):
            raise self.make_error("format", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, attr, data, **kwargs)


class Moment(fields.AwareDateTime):
    """An instant, ISO 8601 with an offset; kept in UTC to the millisecond, as the store keeps it."""

    default_error_messages = {
        "invalid": _NOT_A_MOMENT,
        "invalid_awareness": _NOT_A_MOMENT,
        "format": _NOT_A_MOMENT,
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or len(value) > 40:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        try:
            moment: datetime = super()._deserialize(value, attr, data, **kwargs).astimezone(UTC)
        except OverflowError:  # before the first or after the last day there is, in UTC
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE) from None
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


class Choice(Text):
    """One of the given words."""

    def __init__(self, *words: str, **kwargs: Any) -> None:
        known = validate.OneOf(words, error=say("not_a_choice", "Chỉ nhận: {choices}.", "Must be one of: {choices}."))
        super().__init__(longest=100, validate=known, **kwargs)


class Items(fields.List[Any]):
    """A list of `inner`, between `fewest` and `most` long."""

    default_error_messages = {"invalid": _NOT_LIST}

    def __init__(self, inner: fields.Field[Any], *, fewest: int = 0, most: int = 100, **kwargs: Any) -> None:
        super().__init__(inner, validate=length(fewest, most), **kwargs)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, list) and len(value) > self.most:  # before it is looked at item by item
            raise ValidationError(_too_long(self.most, _ITEMS))
        return super()._deserialize(value, attr, data, **kwargs)


class Part(fields.Nested):
    """An object inside an object."""

    default_error_messages = {"type": _NOT_AN_OBJECT}


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _has_too_many_marks(text: str) -> bool:
    if not any(map(unicodedata.combining, text[_MOST_MARKS :: _MOST_MARKS + 1])):
        return False  # a longer run would hold one of these
    run = 0
    for letter in text:
        run = run + 1 if unicodedata.combining(letter) else 0
        if run > _MOST_MARKS:
            return True
    return False


def explain(messages: Any, prefix: str = "") -> list[dict[str, str]]:
    """Flatten marshmallow's messages to `[{field, code, vi, en}]`, dotted paths in order of appearance, 200 at most."""
    return [
        {"field": path[:_LONGEST_NAME], "code": code, "vi": vi, "en": en}
        for path, message in islice(_leaves(messages, prefix), _MOST_PROBLEMS)
        for code, vi, en in [_unpack(message)]
    ]


def _leaves(messages: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            name = path if key == "_schema" else f"{path}.{key}" if path else str(key)
            yield from _leaves(inner, name)
    elif isinstance(messages, (list, tuple)):
        for inner in messages:
            yield from _leaves(inner, path)
    else:
        yield path, str(messages)


def _unpack(message: str) -> tuple[str, str, str]:
    parts = message.split(_SEPARATOR)
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    return "invalid", "Giá trị không hợp lệ.", message
