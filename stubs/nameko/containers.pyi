from collections.abc import Callable, Mapping, Sequence
from typing import Any

from eventlet.greenthread import GreenThread
from nameko.extensions import Entrypoint, Extension

class WorkerContext:
    args: Sequence[Any]
    kwargs: Mapping[str, Any]
    config: Mapping[str, Any]
    container: ServiceContainer
    data: dict[str, Any]
    entrypoint: Entrypoint
    service: Any
    service_name: str
    @property
    def call_id(self) -> str: ...
    @property
    def context_data(self) -> dict[str, Any]: ...

class ServiceContainer:
    config: dict[str, Any]
    max_workers: int
    service_cls: type[Any]
    started: bool
    service_name: str
    shared_extensions: dict[type[Extension], Extension]
    def __init__(self, service_cls: type[Any], config: Mapping[str, Any]) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def kill(self, exc_info: Any = None) -> None: ...
    def wait(self) -> None: ...
    def spawn_worker(
        self,
        entrypoint: Entrypoint,
        args: Sequence[Any],
        kwargs: Mapping[str, Any],
        context_data: Mapping[str, Any] | None = None,
        handle_result: Callable[[WorkerContext, Any, Any], tuple[Any, Any]] | None = None,
    ) -> WorkerContext: ...
    def spawn_managed_thread(self, fn: Callable[[], Any], identifier: str | None = None) -> GreenThread[Any]: ...
