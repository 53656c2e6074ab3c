from typing import Any

from amqp import Channel

class Message:
    body: bytes | str
    channel: Channel
    content_encoding: str | None
    content_type: str | None
    delivery_info: dict[str, Any]
    delivery_tag: int
    headers: dict[str, Any]
    properties: dict[str, Any]
    @property
    def acknowledged(self) -> bool: ...
    @property
    def payload(self) -> Any: ...
    def ack(self, multiple: bool = False) -> None: ...
    def decode(self) -> Any: ...
    def reject(self, requeue: bool = False) -> None: ...
    def requeue(self) -> None: ...
