"""The dead letters of a service: counted, looked at, sent back to the queue they failed in, or taken away."""

import hashlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Any

from amqp.exceptions import NotFound as NoSuchQueue

from services.chassis import retry, topology
from services.chassis.publish import Outgoing, Publisher, open_channel
from services.chassis.queues import opened

_PATIENCE = 2.0  # seconds; as long may a letter be in the hands of somebody else who looks at it
_OWN_HEADERS = (retry.ATTEMPT, retry.OUTAGES, retry.QUEUE, retry.REASON, retry.FAILED_AT, retry.REPLAY)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that rests: where it failed, why, and what it was."""

    id: str
    queue: str
    reason: str
    failed_at: str
    attempts: int
    type: str
    subject: str
    body: bytes
    headers: dict[str, Any]
    content_type: str


def count(uri: str, service: str) -> int:
    """How many messages rest in `<service>.dead` and are in nobody's hand at this moment. Raises Unavailable."""
    with _channel(uri) as channel:
        try:
            return int(channel.queue_declare(topology.dead_name(service), passive=True).message_count)
        except NoSuchQueue:
            return 0


def peek(uri: str, service: str, most: int = 100, skip: int = 0) -> list[DeadLetter]:
    """The oldest dead letters of a service behind the first `skip`; they stay where they are. Raises Unavailable."""
    with _channel(uri) as channel:
        letters = [_letter(message) for message in islice(_take(channel, service, skip + most), skip, None)]
        # Put back by word, before it is known that they were looked at: what a closed channel held returns some time
        # later, and whoever acts on what was seen here would find nothing.
        channel.basic_recover(requeue=True)
        return letters


def replay(uri: str, service: str, ids: Collection[str] | None = None, most: int = 10_000) -> int:
    """Send the dead letters of these ids, or all, back to their work queues, as if they came for the first time.

    An id that is named twice is looked for twice, since a message may rest twice; behind the last nobody looks. Each
    says under which name (the same for all that go back by one call) and leaves the dead letters only after the broker
    confirmed it in its work queue. Returns how many went. Raises Unavailable.
    """
    publisher, sent, name = Publisher(uri), 0, uuid.uuid4().hex
    try:
        with _channel(uri) as channel:
            for message, letter in _chosen(channel, service, ids, most):
                if letter.headers.get(retry.REPLAY) == name:  # it has failed again already, and is the first that did
                    break
                if letter.queue and publisher.publish([_fresh(letter, name)])[0]:
                    channel.basic_ack(message.delivery_info["delivery_tag"])
                    sent += 1
    finally:
        publisher.close()
    return sent


def discard(
    uri: str, service: str, ids: Collection[str], keep: Callable[[DeadLetter], None], most: int = 10_000
) -> int:
    """Take the dead letters of these ids away for good, each after `keep` has it; they are looked for as by `replay`.

    Returns how many went. Raises Unavailable.
    """
    gone = 0
    with _channel(uri) as channel:
        for message, letter in _chosen(channel, service, ids, most):
            keep(letter)
            channel.basic_ack(message.delivery_info["delivery_tag"])
            gone += 1
    return gone


def _chosen(channel: Any, service: str, ids: Collection[str] | None, most: int) -> Iterator[tuple[Any, DeadLetter]]:
    """All, or those of these ids: for what is missing, a while is waited."""
    left, until = Counter(ids or ()), time.monotonic() + _PATIENCE
    while True:
        for message in _take(channel, service, most):
            letter, most = _letter(message), most - 1
            if ids is None:
                yield message, letter
            elif left[letter.id]:
                left[letter.id] -= 1
                yield message, letter
                if not left.total():
                    return
        if not left.total() or not most or time.monotonic() > until:
            return
        time.sleep(0.1)


def _take(channel: Any, service: str, most: int) -> Iterator[Any]:
    """Messages that go back to the queue when the channel closes, unless acked. How many rest there is not asked: the
    broker's count may lag behind what others have just put back."""
    for _ in range(most):
        try:
            message = channel.basic_get(topology.dead_name(service))
        except NoSuchQueue:
            return
        if message is None:
            return
        yield message


def _letter(message: Any) -> DeadLetter:
    headers = dict(message.headers or {})
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
    return DeadLetter(
        id=str(message.properties.get("message_id") or _name_of(body)),
        queue=str(headers.get(retry.QUEUE) or _queue_of_death(headers)),
        reason=str(headers.get(retry.REASON) or "delivered too often without an answer"),
        failed_at=str(headers.get(retry.FAILED_AT) or ""),
        attempts=retry.count_of(headers, retry.ATTEMPT),
        type=str(headers.get("cloudEvents:type") or ""),
        subject=str(headers.get("cloudEvents:subject") or ""),
        body=body,
        headers=headers,
        content_type=str(message.properties.get("content_type") or "application/octet-stream"),
    )


def _name_of(body: bytes) -> str:
    """What came without an id must be named too, or nobody could choose it: by what it says."""
    return f"sha256-{hashlib.sha256(body).hexdigest()[:16]}"


def _queue_of_death(headers: dict[str, Any]) -> str:
    match headers.get("x-death"):
        case [{"queue": str(queue)}, *_]:
            return queue
    return ""


def _fresh(letter: DeadLetter, replay: str) -> Outgoing:
    headers = {name: value for name, value in letter.headers.items() if name not in (*_OWN_HEADERS, "x-death")}
    again = {**headers, retry.REPLAY: replay}
    return Outgoing(letter.id, "", letter.queue, letter.body, again, letter.content_type)


@contextmanager
def _channel(uri: str) -> Iterator[Any]:
    with opened(uri) as connection:
        yield open_channel(connection)
