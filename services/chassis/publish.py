"""Confirmed publishing in batches: every message persistent and mandatory, every confirm awaited, never for ever."""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from amqp import Message
from amqp.exceptions import AMQPError
from kombu import Connection

from services.chassis import brokers, wire
from services.chassis.errors import Unavailable

T = TypeVar("T")
SECONDS_TO_CONFIRM = 10.0
SECONDS_TO_CONNECT = 5.0
_AT_ONCE = 0.001
BROKER_UNAVAILABLE = "broker.unavailable"
_LEAST_SECONDS = 1.0  # for each of several brokers


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message on its way; `id` is its AMQP message-id."""

    id: str
    exchange: str
    routing_key: str
    body: bytes
    headers: dict[str, Any]
    content_type: str = "application/json"


def connect(uri: str, heartbeat: float = 0, within: float = SECONDS_TO_CONNECT) -> Connection:
    """A connection of our own: its options belong to nobody else and cannot leak.

    `uri` may name several brokers of one cluster, with `;` between them. They share the time: a frozen one takes its
    part of it only.
    """
    addresses = brokers.in_turn(uri)
    each = within if len(addresses) == 1 else max(within / len(addresses), min(within, _LEAST_SECONDS))
    secure = {"server_hostname": None} if uri.startswith("amqps:") else False  # None: the name in the address
    options = {"connect_timeout": each, "socket_settings": {socket.TCP_USER_TIMEOUT: 10_000}}
    return Connection(
        brokers.joined(addresses), transport_options=options, heartbeat=heartbeat, connect_timeout=each, ssl=secure
    )


def dial(uri: str, within: float = SECONDS_TO_CONFIRM) -> Connection:
    """An open connection, after one try of each broker that `uri` names, on which no wait is longer than `within`."""
    connection = connect(uri, within=min(within, SECONDS_TO_CONNECT))
    others = max(len(connection.alt), 1) - 1
    connection.ensure_connection(
        lambda *_: brokers.shun(connection), max_retries=others, timeout=within, reraise_as_library_errors=False
    )
    return bound_waits(connection, within)


def bound_waits(connection: Connection, within: float = SECONDS_TO_CONFIRM) -> Connection:
    """The same open connection; py-amqp itself would wait without end for a broker that is blocked or frozen."""
    connection.connection.sock.settimeout(within)
    return connection


def open_channel(connection: Connection) -> Any:
    """A channel of an open connection, on which a body is the bytes that came."""
    return wire.leave_raw(connection.channel())


class Standstill:
    """Whether the broker takes nothing more from a connection, for want of memory or disk, as it has said itself.

    Such a connection is kept: the broker does not even see that one is closed before the want is over, and whoever
    tries again on new ones would leave it ever more of them.
    """

    def __init__(self) -> None:
        self.now = self.writing = False

    def watch(self, connection: Connection) -> None:
        """Listen to what the broker says of this open connection."""
        self.now = False
        line: Any = connection.connection
        line.on_blocked, line.on_unblocked = partial(self._note, True), partial(self._note, False)

    def explains(self, error: BaseException) -> bool:
        """Whether a wait ended in vain because of it, and not in the middle of a frame."""
        return self.now and not self.writing and isinstance(error, TimeoutError)

    def outlast(self, connection: Any, within: float) -> None:
        """Wait for the end of it. Raises TimeoutError when it lasts longer."""
        until = time.monotonic() + within
        while self.now:
            connection.drain_events(timeout=max(_AT_ONCE, until - time.monotonic()))

    @contextmanager
    def a_write(self) -> Iterator[None]:
        """Frames are written meanwhile: one that is broken off spoils the connection."""
        self.writing = True
        yield
        self.writing = False

    def _note(self, now: bool, *_reason: Any) -> None:
        self.now = now


class Publisher:
    """A connection and a channel in confirm mode, used by one batch at a time, made anew after any doubt."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._connection: Connection | None = None
        self._channel: Any = None
        self._turn = threading.Lock()
        self._standstill = Standstill()
        self._tag = 0
        self._unconfirmed: dict[int, str] = {}
        self._refused: set[str] = set()

    def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        """Publish and wait: for each message, whether the broker has it in a queue. Raises Unavailable in doubt."""
        return self._in_turn(lambda: self._publish(messages))

    def check(self) -> None:
        """Notice a connection that was lost since it was last used. Raises Unavailable then."""
        self._in_turn(self._look)

    def close(self) -> None:
        """Give the connection back."""
        with self._turn:
            self._drop()

    def _in_turn(self, act: Callable[[], T]) -> T:
        with self._turn:
            try:
                return act()
            except (AMQPError, OSError) as error:
                if not self._standstill.explains(error):
                    if self._connection is not None:
                        brokers.shun(self._connection)
                    self._drop()
                raise Unavailable(
                    BROKER_UNAVAILABLE, "The message broker does not answer.", "Hệ thống truyền tin chưa sẵn sàng."
                ) from error
            except BaseException:
                self._drop()
                raise

    def _look(self) -> None:
        if self._channel is not None:
            with suppress(TimeoutError):
                self._channel.connection.drain_events(timeout=_AT_ONCE)

    def _publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        channel = self._open()
        self._standstill.outlast(channel.connection, SECONDS_TO_CONFIRM)
        self._unconfirmed, self._refused = {}, set()
        with self._standstill.a_write():
            for message in messages:
                self._send(channel, message)
        while self._unconfirmed:
            channel.connection.drain_events(timeout=SECONDS_TO_CONFIRM)
        return [message.id not in self._refused for message in messages]

    def _send(self, channel: Any, message: Outgoing) -> None:
        self._tag += 1
        self._unconfirmed[self._tag] = message.id
        channel._basic_publish(  # noqa: SLF001 – `basic_publish` would wait for each confirm by itself
            Message(
                message.body,
                application_headers=message.headers,
                delivery_mode=2,
                message_id=message.id,
                content_type=message.content_type,
                content_encoding="utf-8",
            ),
            exchange=message.exchange,
            routing_key=message.routing_key,
            mandatory=True,
        )

    def _open(self) -> Any:
        if self._channel is None:
            self._connection = dial(self._uri)
            self._standstill = Standstill()
            self._standstill.watch(self._connection)
            channel = open_channel(self._connection)
            channel.confirm_select()
            channel.events["basic_ack"].add(self._acked)
            channel.events["basic_nack"].add(self._nacked)
            channel.events["basic_return"].add(self._returned)
            self._channel, self._tag = channel, 0
        return self._channel

    def _acked(self, tag: int, multiple: bool) -> None:
        for done in self._upto(tag, multiple):
            self._unconfirmed.pop(done, None)

    def _nacked(self, tag: int, multiple: bool) -> None:
        for done in self._upto(tag, multiple):
            id_ = self._unconfirmed.pop(done, None)
            if id_ is not None:
                self._refused.add(id_)

    def _returned(self, _exception: Any, _exchange: str, _routing_key: str, message: Any) -> None:
        self._refused.add(message.properties["message_id"])

    def _upto(self, tag: int, multiple: bool) -> Iterable[int]:
        return [waiting for waiting in self._unconfirmed if waiting <= tag] if multiple else [tag]

    def _drop(self) -> None:
        """Without a farewell: a broker in doubt may never answer it."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()
