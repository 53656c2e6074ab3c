"""Makes the reading of messages total: what any other program may put on a queue must not stop this one.

py-amqp raises in the middle of its read loop when it meets a property it cannot decode (text that is not UTF-8, an
instant past the year 9999, tables nested without end), and kombu unpacks whatever a header calls compressed, however
large it grows, or acks it when it cannot. Either way one message would stop each replica in turn. Here such text reads
as question marks, such properties as none at all (the message then rests in the dead letters for what it lacks), and a
body stays the bytes that came.
"""

from typing import Any

from amqp import abstract_channel, serialization, spec
from kombu.transport import pyamqp


class RawMessage(pyamqp.Message):
    """A message as it came: nothing is unpacked, and nothing decoded."""

    def __init__(self, message: Any, channel: Any = None, **kwargs: Any) -> None:
        headers = message.properties.pop("application_headers", None) or {}
        super().__init__(message, channel=channel, **kwargs)
        self.headers = headers


def leave_raw(channel: Any) -> Any:
    """The same channel, handing on messages as they come."""
    channel.auto_decode, channel.Message = False, RawMessage
    return channel


def _text(raw: bytes | str) -> str:
    """Never longer in UTF-8 than it came: what may be read must also fit where it is written again."""
    return raw if isinstance(raw, str) else raw.decode("utf-8", "replace").replace("\ufffd", "?")


class _Legible(bytes):
    """Bytes whose slices read as `_text`."""

    def __getitem__(self, at: Any) -> Any:
        part = super().__getitem__(at)
        return _Legible(part) if isinstance(at, slice) else part

    def decode(self, *_how: str) -> str:
        return _text(bytes(self))


def _arguments(form: str, frame: bytes, offset: int = 0) -> tuple[list[Any], int]:
    """A routing key is whatever its sender makes it."""
    try:
        return serialization.loads(form, frame, offset)
    except UnicodeDecodeError:
        return serialization.loads(form, _Legible(frame), offset)


def _properties(frame: bytes, offset: int) -> tuple[dict[str, Any], int]:
    try:
        properties, end = serialization.decode_properties_basic(frame, offset)
    except Exception:  # noqa: BLE001 – whatever is wrong with them, they are not properties
        return {}, len(frame)
    return properties, end


abstract_channel.loads = _arguments
serialization.pstr_t = _text
serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID] = _properties
