"""Strict JSON: what we send any language can read, what we receive is plain data.

kombu's own JSON turns `{"__type__", "__value__"}` objects into Python values and so lets a citizen's form make an
event undecodable; this codec has no such hook, and refuses numbers that are none, duplicate keys, halves of letters
(lone surrogates, which nobody could write again), and bodies that are too long, too deep or too full.
"""

import json
import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from services.chassis.errors import Invalid

DEEPEST = 32
MOST_VALUES = 200_000  # to look at so many takes about a second, and nothing else is done meanwhile
_HALF_OF_A_LETTER = re.compile(r"\\u[dD][89a-fA-F]")


def encode(value: Any) -> bytes:
    """UTF-8 JSON; datetimes as ISO 8601 with offset. Raises TypeError or ValueError on what is not JSON."""
    return _STRICT.encode(value).encode()


def canonical(value: Any) -> bytes:
    """The same bytes for the same value, before it is stored and after: names in order, times in UTC with milliseconds.

    Raises TypeError or ValueError on what is not JSON.
    """
    return _CANONICAL.encode(value).encode()


def decode(body: bytes | str, longest: int) -> Any:
    """The value of a JSON body of at most `longest` bytes. Raises Invalid, naming the reason."""
    if len(body) > longest:
        raise _bad("too_large", f"The message is longer than {longest} bytes.", f"Nội dung dài quá {longest} byte.")
    try:
        text = body if isinstance(body, str) else body.decode()
        value = _READER.decode(text)
        if _HALF_OF_A_LETTER.search(text):
            encode(value)  # raises UnicodeEncodeError unless each half has its other half
    except (ValueError, RecursionError) as error:
        raise _bad("not_json", "The message is not strict JSON.", "Nội dung không phải JSON hợp lệ.") from error
    _measure(value)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _as_kept(value: Any) -> str:
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat(timespec="milliseconds")
    raise TypeError(f"{type(value).__name__} is not JSON")


_STRICT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain)
_CANONICAL = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True, default=_as_kept
)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number beyond all bounds")
    return number


_READER = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)


def _measure(value: Any) -> None:
    """Level by level, so that neither depth nor breadth can exhaust us."""
    level, depth, seen = [value], 1, 1
    while level := [inner for one in level for inner in _inside(one)]:
        depth, seen = depth + 1, seen + len(level)
        if depth > DEEPEST:
            raise _bad("too_deep", "The message is nested too deeply.", "Nội dung lồng nhau quá sâu.")
        if seen > MOST_VALUES:
            raise _bad("too_full", "The message holds too many values.", "Nội dung có quá nhiều giá trị.")


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _bad(code: str, en: str, vi: str) -> Invalid:
    return Invalid(f"message.{code}", en, vi)
