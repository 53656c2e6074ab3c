"""Strict JSON: what we send any language can read, what we receive is plain data.

kombu's own JSON turns `{"__type__", "__value__"}` objects into Python values and so lets a citizen's form make an
event undecodable; this codec has no such hook, and refuses NaN, duplicate keys, over-deep and over-long bodies.
"""

import json
from datetime import date, datetime
from typing import Any

from services.chassis.errors import Invalid

DEEPEST = 32


def encode(value: Any) -> bytes:
    """UTF-8 JSON; datetimes as ISO 8601 with offset. Raises TypeError or ValueError on what is not JSON."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_plain).encode()


def decode(body: bytes | str, longest: int) -> Any:
    """The value of a JSON body of at most `longest` bytes. Raises Invalid, naming the reason."""
    if len(body) > longest:
        raise _bad("too_large", f"The message is longer than {longest} bytes.", f"Nội dung dài quá {longest} byte.")
    try:
        value = json.loads(body, object_pairs_hook=_unique, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise _bad("not_json", "The message is not strict JSON.", "Nội dung không phải JSON hợp lệ.") from error
    _measure(value, DEEPEST)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is not JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _measure(value: Any, left: int) -> None:
    if left == 0:
        raise _bad("too_deep", "The message is nested too deeply.", "Nội dung lồng nhau quá sâu.")
    if isinstance(value, dict):
        for inner in value.values():
            _measure(inner, left - 1)
    elif isinstance(value, list):
        for inner in value:
            _measure(inner, left - 1)


def _bad(code: str, en: str, vi: str) -> Invalid:
    return Invalid(f"message.{code}", en, vi)
