from collections.abc import Callable
from typing import Any, TypeVar

from nameko.extensions import DependencyProvider

_F = TypeVar("_F", bound=Callable[..., Any])

def rpc(method: _F) -> _F: ...

class RpcProxy(DependencyProvider):
    def __init__(self, target_service: str, **options: Any) -> None: ...
