from collections.abc import Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from amqp import Channel
from kombu.connection import Connection
from kombu.entity import Exchange, Queue
from kombu.message import Message

class Consumer:
    channel: Channel
    queues: list[Queue]
    callbacks: list[Callable[[Any, Message], Any]]
    def __init__(
        self,
        channel: Channel | Connection,
        queues: Iterable[Queue] | Queue | None = None,
        no_ack: bool | None = None,
        auto_declare: bool | None = None,
        callbacks: Iterable[Callable[[Any, Message], Any]] | None = None,
        on_decode_error: Callable[[Message, Exception], Any] | None = None,
        on_message: Callable[[Message], Any] | None = None,
        accept: Iterable[str] | None = None,
        prefetch_count: int | None = None,
        tag_prefix: str | None = None,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    @property
    def connection(self) -> Connection: ...
    def cancel(self) -> None: ...
    def consume(self, no_ack: bool | None = None) -> None: ...
    def qos(self, prefetch_size: int = 0, prefetch_count: int = 0, apply_global: bool = False) -> None: ...

class Producer:
    def __init__(
        self,
        channel: Channel | Connection,
        exchange: Exchange | str | None = None,
        routing_key: str | None = None,
        serializer: str | None = None,
    ) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def publish(
        self,
        body: Any,
        routing_key: str | None = None,
        delivery_mode: int | str | None = None,
        mandatory: bool = False,
        *,
        content_type: str | None = None,
        content_encoding: str | None = None,
        serializer: str | None = None,
        headers: Mapping[str, Any] | None = None,
        exchange: Exchange | str | None = None,
        retry: bool = False,
        declare: Sequence[Exchange | Queue] | None = None,
        timeout: float | None = None,
        confirm_timeout: float | None = None,
        **properties: Any,
    ) -> Any: ...
    def release(self) -> None: ...
