from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self

from amqp import Channel

class Exchange:
    name: str
    type: str
    durable: bool
    def __init__(
        self,
        name: str = "",
        type: str = "",
        channel: Channel | None = None,
        *,
        durable: bool = True,
        auto_delete: bool = False,
        delivery_mode: int | str | None = None,
        arguments: Mapping[str, Any] | None = None,
        no_declare: bool = False,
    ) -> None: ...
    def __call__(self, channel: Channel) -> Self: ...
    def declare(self, nowait: bool = False, passive: bool | None = None, channel: Channel | None = None) -> None: ...
    def delete(self, if_unused: bool = False, nowait: bool = False) -> None: ...

class binding:
    exchange: Exchange
    routing_key: str
    def __init__(
        self,
        exchange: Exchange | None = None,
        routing_key: str = "",
        arguments: Mapping[str, Any] | None = None,
        unbind_arguments: Mapping[str, Any] | None = None,
    ) -> None: ...

class Queue:
    name: str
    exchange: Exchange
    routing_key: str
    bindings: set[binding]
    durable: bool
    queue_arguments: dict[str, Any]
    consumer_arguments: dict[str, Any]
    def __init__(
        self,
        name: str = "",
        exchange: Exchange | str | None = None,
        routing_key: str = "",
        channel: Channel | None = None,
        bindings: Iterable[binding] | None = None,
        on_declared: Callable[..., Any] | None = None,
        *,
        durable: bool = True,
        exclusive: bool = False,
        auto_delete: bool = False,
        no_ack: bool = False,
        no_declare: bool = False,
        expires: float | None = None,
        message_ttl: float | None = None,
        queue_arguments: Mapping[str, Any] | None = None,
        consumer_arguments: Mapping[str, Any] | None = None,
        binding_arguments: Mapping[str, Any] | None = None,
    ) -> None: ...
    def __call__(self, channel: Channel) -> Self: ...
    def bind(self, channel: Channel) -> Self: ...
    def declare(self, nowait: bool = False, channel: Channel | None = None) -> str: ...
    def delete(self, if_unused: bool = False, if_empty: bool = False, nowait: bool = False) -> int: ...
    def get(self, no_ack: bool | None = None, accept: Iterable[str] | None = None) -> Any: ...
    def purge(self, nowait: bool = False) -> int: ...
