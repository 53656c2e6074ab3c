from collections.abc import Callable
from typing import Any, TypeVar

_R = TypeVar("_R")

def execute(meth: Callable[..., _R], *args: Any, **kwargs: Any) -> _R: ...
