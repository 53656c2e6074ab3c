from typing import Any

from kombu.message import Message as KombuMessage

class Message(KombuMessage):
    def __init__(self, msg: Any, channel: Any = None, **kwargs: Any) -> None: ...
