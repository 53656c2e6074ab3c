from collections.abc import Callable
from typing import Any, TypeVar

from nameko.extensions import DependencyProvider, Entrypoint

_F = TypeVar("_F", bound=Callable[..., Any])

BROADCAST: str
SERVICE_POOL: str
SINGLETON: str

def event_handler(
    source_service: str, event_type: str, handler_type: str = ..., **kwargs: Any
) -> Callable[[_F], _F]: ...

class EventDispatcher(DependencyProvider): ...

class EventHandler(Entrypoint):
    source_service: str
    event_type: str
