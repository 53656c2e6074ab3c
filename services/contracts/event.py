"""A fact, as domain code states it and as a history keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Event:
    """`type` in past tense snake case; `data` in native types (aware datetimes, whole đồng); `v` its schema version."""

    type: str
    data: Mapping[str, Any]
    v: int = 1
