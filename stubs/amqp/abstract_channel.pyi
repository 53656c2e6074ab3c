from collections.abc import Callable
from typing import Any

loads: Callable[[str, bytes, int], tuple[list[Any], int]]
