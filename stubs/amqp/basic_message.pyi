from typing import Any

from amqp.channel import Channel

class Message:
    body: bytes | str
    channel: Channel
    delivery_info: dict[str, Any]
    properties: dict[str, Any]
    def __init__(
        self, body: bytes | str = "", children: Any = None, channel: Any = None, **properties: Any
    ) -> None: ...
    @property
    def headers(self) -> dict[str, Any] | None: ...
    @property
    def delivery_tag(self) -> int | None: ...
