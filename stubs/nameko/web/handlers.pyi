from collections.abc import Callable
from typing import Any, TypeVar

_F = TypeVar("_F", bound=Callable[..., Any])

def http(method: str, url: str, **kwargs: Any) -> Callable[[_F], _F]: ...
