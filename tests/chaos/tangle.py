"""Every event on its way to the services, in somebody else's hands: it comes late, in another order, twice, or never.

Each work queue is taken off its exchanges, and one of ours stands there in its place; what comes into that goes on to
the work queue when its time has come. Whoever else is bound (the stream, departments) hears everything as ever.

What becomes of an event follows from the seed, the queue, and its place in its history, not from when it comes.
"""

import heapq
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from itertools import count
from typing import Any, Final

from kombu import Queue

from services.chassis.publish import Outgoing, Publisher, connect, open_channel
from services.chassis.queues import work_queues
from services.cli.topology import service_classes
from tests.chaos.chance import Chance
from tests.chaos.stream import heard

LATE_SECONDS: Final = 1.0  # at most
TWICE: Final = 0.25  # of all, but for while all do
_TICK: Final = 0.1
_SILENCE_SECONDS: Final = 0.5
_END_SECONDS: Final = 60.0

_Due = tuple[float, int, Outgoing]  # when, a number of its own


class Tangle:
    """From when it is made until `end`. What was done is counted: `late`, `twice`, `doubled`, `lost`, `overtaken`.

    What is `doubled` came twice because everything did.
    """

    def __init__(self, uri: str, chance: Chance) -> None:
        self.done = Counter[str]()
        self._uri, self._chance = uri, chance
        self._queues = [queue for service in service_classes() for queue in work_queues(service)]
        self._due: list[_Due] = []
        self._numbers, self._last = count(), dict[tuple[str, str], int]()
        self._loses, self._doubles, self._over = threading.Event(), threading.Event(), threading.Event()
        with connect(uri) as connection:
            channel = open_channel(connection)
            for queue in self._queues:
                _declare(channel, _ours(queue))
                _unbind(channel, queue, queue.name)
        self._passing_on = ThreadPoolExecutor(1)
        self._passed = self._passing_on.submit(self._pass_on)

    @contextmanager
    def losing(self) -> Iterator[None]:
        """What comes meanwhile never arrives."""
        self._loses.set()
        try:
            yield
        finally:
            self._loses.clear()

    @contextmanager
    def doubling(self) -> Iterator[None]:
        """Whatever comes meanwhile comes twice."""
        self._doubles.set()
        try:
            yield
        finally:
            self._doubles.clear()

    def end(self) -> None:
        """Everything goes its own way again; what was under way has arrived.

        Raises TimeoutError where it has not, and whatever has kept events from being passed on.
        """
        try:
            with connect(self._uri) as connection:
                channel = open_channel(connection)
                for queue in self._queues:
                    _declare(channel, queue)
                    _unbind(channel, queue, _ours(queue).name)
        finally:
            self._over.set()
            self._passing_on.shutdown(wait=False)
        self._passed.result(_END_SECONDS)
        with connect(self._uri) as connection:
            channel = open_channel(connection)
            for queue in self._queues:
                channel.queue_delete(_ours(queue).name)

    def _pass_on(self) -> None:
        publisher = Publisher(self._uri)
        with connect(self._uri) as connection:
            channel: Any = open_channel(connection)
            for queue in self._queues:
                channel.basic_consume(_ours(queue).name, callback=partial(self._hold, queue.name), no_ack=True)
            while not (self._is_silent(connection) and self._over.is_set() and not self._due):
                if not all(publisher.publish(list(self._arrived()))):
                    raise RuntimeError("the broker refused an event that was passed on")
        publisher.close()

    def _is_silent(self, connection: Any) -> bool:
        """Whether nothing came for a moment; for a longer one when it is over."""
        came, until = self.done["late"], time.monotonic() + _TICK
        with suppress(TimeoutError):
            while time.monotonic() < until:
                connection.drain_events(timeout=_SILENCE_SECONDS if self._over.is_set() else _TICK)
        return self.done["late"] == came

    def _hold(self, queue: str, message: Any) -> None:
        """It has a time to arrive at, or two, or none."""
        self.done["late"] += 1
        if self._loses.is_set():
            self.done["lost"] += 1
            return
        event = Outgoing(message.properties["message_id"], "", queue, bytes(message.body), dict(message.headers))
        told = heard(event.id, event.headers, event.body)
        what = (queue, told.aggregate, told.sequence)
        doubles = self._doubles.is_set()
        is_twice = doubles or self._chance.share("twice", *what) < TWICE
        self.done["twice"] += is_twice
        self.done["doubled"] += doubles
        for copy in range(1 + is_twice):
            due = time.monotonic() + LATE_SECONDS * self._chance.share("late", copy, *what)
            heapq.heappush(self._due, (due, next(self._numbers), event))

    def _arrived(self) -> Iterator[Outgoing]:
        """Each whose time has come; one that is behind a later one of its own history was overtaken."""
        while self._due and self._due[0][0] <= time.monotonic():
            event = heapq.heappop(self._due)[-1]
            told = heard(event.id, event.headers, event.body)
            last = self._last.setdefault((event.routing_key, told.aggregate), told.sequence)
            self.done["overtaken"] += told.sequence < last
            self._last[event.routing_key, told.aggregate] = max(last, told.sequence)
            yield event


def _ours(queue: Queue) -> Queue:
    return Queue(f"chaos.{queue.name}", bindings=queue.bindings, durable=True)


def _declare(channel: Any, queue: Queue) -> None:
    queue(channel).declare()


def _unbind(channel: Any, queue: Queue, name: str) -> None:
    for one in queue.bindings:
        channel.queue_unbind(name, exchange=one.exchange.name, routing_key=one.routing_key)
