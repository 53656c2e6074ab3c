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
READ_SECONDS: Final = 1.0  # where something comes all the time
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
        self._after: Place | datetime | None = None
        self._heard_at = 0.0

    def stands_at(self, after: Place | datetime) -> bool:
        """Whether it is open, and has read nothing since it began there."""
        return self._line is not None and self._after == after

    def read(self, after: Place | datetime, most: int, seconds: float = READ_SECONDS) -> list[Said]:
        """What comes behind a place, or since about an instant; at most about `most`, nothing if all is silent.

        It takes about so many `seconds` where something comes all the time. Raises PlaceLost, Unavailable.
        """
        try:
            if not self.stands_at(after) or self._is_stale():
                self._open(after)
            said = self._gather(most, seconds)
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

    def _open(self, after: Place | datetime) -> None:
        self.close()
        self._connection = dial(self._uri)
        self._line = self._connection.connection
        channel = open_channel(self._connection)
        channel.basic_qos(0, _PREFETCH, False)
        start = after.offset if isinstance(after, Place) else after
        channel.basic_consume(topology.LOG, callback=self._take, arguments={"x-stream-offset": start})
        self._after, self._heard_at = after, time.monotonic()
        if isinstance(after, Place):
            self._insist(after)

    def _insist(self, place: Place) -> None:
        """The first that comes is what was read last."""
        with suppress(TimeoutError):
            until = time.monotonic() + _SECONDS_TO_FIRST
            while not self._came and (left := until - time.monotonic()) > 0:
                self._line.drain_events(timeout=left)
        if not self._came or self._came.pop(0).place != place:
            raise PlaceLost

    def _gather(self, most: int, seconds: float) -> list[Said]:
        with suppress(TimeoutError):
            until = time.monotonic() + seconds
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


class Lines:
    """Some lines to the stream, so that several places are read on in turn and none has to dial for each turn."""

    def __init__(self, uri: str, count: int) -> None:
        self._lines = [Stream(uri) for _ in range(count)]  # the one used last stands last

    def read(self, after: Place | datetime, most: int, seconds: float = READ_SECONDS) -> list[Said]:
        """As of one line: the one that stands there, else the one that was used the longest ago."""
        line = next((one for one in self._lines if one.stands_at(after)), self._lines[0])
        self._lines.remove(line)
        self._lines.append(line)
        return line.read(after, most, seconds)

    def keep(self, count: int) -> None:
        """Give back all connections but those of the `count` that were used last."""
        for line in self._lines[: max(0, len(self._lines) - count)]:
            line.close()
