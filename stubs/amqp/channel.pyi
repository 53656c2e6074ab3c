from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from amqp.basic_message import Message
from amqp.connection import Connection

class queue_declare_ok_t(NamedTuple):
    queue: str
    message_count: int
    consumer_count: int

class Channel:
    connection: Connection
    events: dict[str, set[Callable[..., Any]]]
    is_open: bool
    def close(self) -> None: ...
    def confirm_select(self, nowait: bool = False) -> None: ...
    def exchange_declare(
        self,
        exchange: str,
        type: str,
        passive: bool = False,
        durable: bool = False,
        auto_delete: bool = True,
        nowait: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> None: ...
    def exchange_delete(self, exchange: str, if_unused: bool = False, nowait: bool = False) -> None: ...
    def queue_declare(
        self,
        queue: str = "",
        passive: bool = False,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = True,
        nowait: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> queue_declare_ok_t: ...
    def queue_bind(
        self,
        queue: str,
        exchange: str = "",
        routing_key: str = "",
        nowait: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> None: ...
    def queue_unbind(
        self, queue: str, exchange: str, routing_key: str = "", arguments: Mapping[str, Any] | None = None
    ) -> None: ...
    def queue_delete(
        self, queue: str = "", if_unused: bool = False, if_empty: bool = False, nowait: bool = False
    ) -> int: ...
    def queue_purge(self, queue: str = "", nowait: bool = False) -> int: ...
    def basic_ack(self, delivery_tag: int, multiple: bool = False) -> None: ...
    def basic_reject(self, delivery_tag: int, requeue: bool) -> None: ...
    def basic_cancel(self, consumer_tag: str, nowait: bool = False) -> None: ...
    def basic_consume(
        self,
        queue: str = "",
        consumer_tag: str = "",
        no_local: bool = False,
        no_ack: bool = False,
        exclusive: bool = False,
        nowait: bool = False,
        callback: Callable[[Message], Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
    ) -> str: ...
    def basic_get(self, queue: str = "", no_ack: bool = False) -> Message | None: ...
    def basic_qos(self, prefetch_size: int, prefetch_count: int, a_global: bool) -> None: ...
    def basic_publish(
        self,
        msg: Message,
        exchange: str = "",
        routing_key: str = "",
        mandatory: bool = False,
        immediate: bool = False,
        timeout: float | None = None,
        confirm_timeout: float | None = None,
    ) -> None: ...
    # Without the wait for a confirm; what our batches and replies use.
    def _basic_publish(
        self,
        msg: Message,
        exchange: str = "",
        routing_key: str = "",
        mandatory: bool = False,
        immediate: bool = False,
        timeout: float | None = None,
    ) -> None: ...
