"""The stream `events.log` read on from a place, message by message: the past of all events, over plain AMQP 0-9-1.

A place is believed only while the stream still has the same message there: a broker that lost its disk begins to count
anew, and one that is short of room forgets its oldest. Both would be read over in silence.
"""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from amqp.exceptions import AMQPError
from kombu import Connection

from services.chassis import topology
from services.chassis.errors import Unavailable
from services.chassis.publish import BROKER_UNAVAILABLE, dial, open_channel
from services.contracts.envelope import BadEnvelope, Envelope, read_headers

_SILENCE_SECONDS: Final = 0.2
_LONGEST_READ: Final = 1.0  # where something comes all the time
_SECONDS_TO_FIRST: Final = 5.0
_SECONDS_BELIEVED: Final = 60.0  # a line on which nothing came for so long is opened anew: the broker may be another
_PREFETCH: Final = 500


class PlaceLost(Exception):
    """The stream does not have there what was read there; or it did not show it in time, which costs no more."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands: the last message it has read."""

    offset: int
    id: str


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the stream; `envelope` is None for what is no event."""

    place: Place
    envelope: Envelope | None
    body: bytes


class Stream:
    """One reader's line to the stream. Used by one thread."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self._connection: Connection | None = None
        self._line: Any = None
        self._came: list[Said] = []
        self._after: Place | None = None
        self._heard_at = 0.0

    def read(self, after: Place | None, since: datetime, most: int) -> list[Said]:
        """What comes behind `after`, else since about that instant; at most about `most`, nothing if all is silent.

        Raises PlaceLost, Unavailable.
        """
        try:
            if self._line is None or after != self._after or self._is_stale():
                self._open(after, since)
            said = self._gather(most)
        except (AMQPError, OSError) as error:
            self.close()
            raise Unavailable(
                BROKER_UNAVAILABLE, "The message broker does not answer.", "Hệ thống truyền tin chưa sẵn sàng."
            ) from error
        except BaseException:
            self.close()
            raise
        if said:
            self._after, self._heard_at = said[-1].place, time.monotonic()
        return said

    def close(self) -> None:
        """Give the connection back, without a farewell: a broker in doubt may never answer it."""
        connection, self._connection, self._line, self._came = self._connection, None, None, []
        if connection is not None:
            connection.collect()

    def _open(self, after: Place | None, since: datetime) -> None:
        self.close()
        self._connection = dial(self._uri)
        self._line = self._connection.connection
        channel = open_channel(self._connection)
        channel.basic_qos(0, _PREFETCH, False)
        start = since if after is None else after.offset
        channel.basic_consume(topology.LOG, callback=self._take, arguments={"x-stream-offset": start})
        self._after, self._heard_at = after, time.monotonic()
        if after is not None:
            self._insist(after)

    def _insist(self, place: Place) -> None:
        """The first that comes is what was read last."""
        with suppress(TimeoutError):
            until = time.monotonic() + _SECONDS_TO_FIRST
            while not self._came and (left := until - time.monotonic()) > 0:
                self._line.drain_events(timeout=left)
        if not self._came or self._came.pop(0).place != place:
            raise PlaceLost

    def _gather(self, most: int) -> list[Said]:
        with suppress(TimeoutError):
            until = time.monotonic() + _LONGEST_READ
            while len(self._came) < most and time.monotonic() < until:
                self._line.drain_events(timeout=_SILENCE_SECONDS)
        came, self._came = self._came, []
        return came

    def _is_stale(self) -> bool:
        return time.monotonic() - self._heard_at > _SECONDS_BELIEVED

    def _take(self, message: Any) -> None:
        message.channel.basic_ack(message.delivery_tag)
        headers = message.headers or {}
        try:
            envelope = read_headers(headers)
        except BadEnvelope:
            envelope = None
        id_ = str(message.properties.get("message_id") or "")
        body = message.body
        self._came.append(
            Said(
                Place(int(headers["x-stream-offset"]), id_),
                envelope,
                body.encode() if isinstance(body, str) else bytes(body),
            )
        )
