"""Somebody who publishes more than the broker can write: it slows him down, and whoever shares its disk."""

import threading
from contextlib import suppress
from types import SimpleNamespace
from typing import Any, Final

from amqp import Message
from amqp.exceptions import AMQPError
from amqp.method_framing import frame_writer

from services.chassis.publish import connect

QUEUE: Final = "chaos.flood"
_BODY: Final = b"x" * 1_024
_TOGETHER: Final = 500  # messages in one write: whoever publishes must not be what cannot keep up
_KEPT_BYTES: Final = 64_000_000
_AT_ONCE: Final = 4
_END_SECONDS: Final = 20


class Flood:
    """Some connections that publish into a queue of their own, unconfirmed and without a pause, until it ends."""

    def __init__(self, uri: str) -> None:
        self._uri, self._over = uri, threading.Event()
        arguments = {"x-queue-type": "quorum", "x-max-length-bytes": _KEPT_BYTES, "x-max-in-memory-length": 0}
        with connect(uri) as connection:
            connection.channel().queue_declare(QUEUE, durable=True, auto_delete=False, arguments=arguments)
        self._threads = [threading.Thread(target=self._pour, daemon=True) for _ in range(_AT_ONCE)]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Publish no more, and leave nothing behind."""
        self._over.set()
        for thread in self._threads:
            thread.join(_END_SECONDS)
        with connect(self._uri) as connection:
            connection.channel().queue_delete(QUEUE)

    def _pour(self) -> None:
        with suppress(AMQPError, OSError), connect(self._uri) as connection:
            channel: Any = connection.channel()
            line, some = channel.connection.transport, _on_the_wire(channel) * _TOGETHER
            while not self._over.is_set():
                line.write(some)


def _on_the_wire(channel: Any) -> bytes:
    """One message as it is written to the line of this channel, which can be used for nothing else afterwards."""
    written: list[bytes] = []
    line = SimpleNamespace(write=lambda piece: written.append(bytes(piece)))
    channel.connection.frame_writer = frame_writer(channel.connection, line)
    channel.basic_publish(Message(_BODY, delivery_mode=2), routing_key=QUEUE)
    return b"".join(written)
