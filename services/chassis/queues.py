"""The queues of a service: which there are, and what waits in them as the broker counts it at that moment."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import AMQPError
from amqp.exceptions import NotFound as NoSuchQueue
from kombu import Connection, Queue

from services.chassis import topology
from services.chassis.errors import Unavailable
from services.chassis.publish import dial, open_channel
from services.chassis.subscribe import Subscribe

Named = tuple[str, str]  # what waits there (`requests`, `work`, `retry`, `dead`), and the queue's name


@dataclass(frozen=True, slots=True)
class Depth:
    """`waiting` are the messages that nobody has been given; None where the broker does not know the queue (yet)."""

    queue: str
    kind: str
    waiting: int | None
    consumers: int | None


def work_queues(service: type[Any]) -> Iterator[Queue]:
    """The queues of a service's subscriptions."""
    for name in dir(service):
        for entrypoint in getattr(getattr(service, name), "nameko_entrypoints", ()):
            if isinstance(entrypoint, Subscribe):
                yield topology.work_queue(service.name, name, entrypoint.source, entrypoint.types)


def named(service: type[Any], ladder: Sequence[float], uri: str) -> Iterator[Named]:
    """Every queue that a service has for itself."""
    yield "requests", topology.rpc_queue(service.name, uri).name
    yield from (("work", queue.name) for queue in work_queues(service))
    yield from (("retry", topology.rung_queue(service.name, seconds).name) for seconds in ladder)
    yield "dead", topology.dead_name(service.name)


def depths(uri: str, queues: Iterable[Named]) -> list[Depth]:
    """How much waits in each, and how many take from it. Raises Unavailable."""
    with opened(uri) as connection:
        return [Depth(name, kind, *_told(connection, name)) for kind, name in queues]


@contextmanager
def opened(uri: str) -> Iterator[Connection]:
    """A connection of its own to the broker. Raises Unavailable, also for what fails while it is used."""
    connection = None
    try:
        connection = dial(uri)
        yield connection
    except (AMQPError, OSError) as error:
        raise Unavailable(
            "broker.unavailable", "The message broker does not answer.", "Hệ thống truyền tin chưa sẵn sàng."
        ) from error
    finally:
        if connection is not None:
            connection.release()


def _told(connection: Connection, name: str) -> tuple[int | None, int | None]:
    """On a channel of its own: the broker closes one on which it is asked for a queue that is not there."""
    channel = open_channel(connection)
    try:
        told = channel.queue_declare(name, passive=True)
    except NoSuchQueue:
        return None, None
    else:
        channel.close()
        return int(told.message_count), int(told.consumer_count)
