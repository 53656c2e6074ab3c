from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from eventlet.greenthread import GreenThread

_P = ParamSpec("_P")
_R = TypeVar("_R")

class GreenPool:
    size: int
    def __init__(self, size: int = 1000) -> None: ...
    def spawn(self, function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> GreenThread[_R]: ...
    def spawn_n(self, function: Callable[_P, Any], *args: _P.args, **kwargs: _P.kwargs) -> None: ...
    def waitall(self) -> None: ...
