"""Where two values of plain data differ."""

from typing import Any


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """A line for each place where they do."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted({*one, *other}, key=str)
        return [line for name in names for line in differences(one.get(name), other.get(name), f"{path}/{name}")]
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [
            line
            for place, pair in enumerate(zip(one, other, strict=True))
            for line in differences(*pair, f"{path}/{place}")
        ]
    return [] if one == other else [f"{path}: {one!r} ≠ {other!r}"]
