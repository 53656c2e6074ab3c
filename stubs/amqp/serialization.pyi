from collections.abc import Callable
from typing import Any

PROPERTY_CLASSES: dict[int, Callable[[bytes, int], tuple[dict[str, Any], int]]]
pstr_t: Callable[[bytes | str], str]

def loads(format: str, buf: bytes, offset: int = 0) -> tuple[list[Any], int]: ...
def decode_properties_basic(buf: bytes, offset: int) -> tuple[dict[str, Any], int]: ...
