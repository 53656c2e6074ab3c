"""Whether the broker takes messages: asked with one that nobody gets, on a connection that is kept for that.

That a broker answers does not say that it takes anything: under an alarm of memory or disk it goes on answering, and
reads no more from whoever publishes. Such a connection is kept and looked at again: the broker, which does not read,
would not notice that it was closed either, and keep one more of them each time.
"""

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from amqp import Message
from amqp.exceptions import AMQPError, ChannelError, NotFound
from kombu import Connection

from services.chassis import brokers, metrics, topology
from services.chassis.logs import log
from services.chassis.publish import Standstill, dial, open_channel

SECONDS_TO_ANSWER: Final = 5.0
_SECONDS_BLOCKED: Final = 1.0
_SECONDS_AFTER: Final = 0.05
_NOBODY: Final = "motcua.nobody"  # no queue has that name: the broker confirms, and drops it
watched: set[tuple[str, str]] = set()  # what waits where, as `queues.named` says it, to be shown as of each look


@dataclass(frozen=True, slots=True)
class Found:
    """The broker as of a look: whether it answers, takes messages, and how many dead letters it has of a service."""

    answers: bool = False
    takes: bool = False
    dead_letters: int | None = None


class Reach:
    """One connection to the broker, looked through from time to time by one thread."""

    def __init__(self, uri: str, service: str | None = None) -> None:
        self._uri, self._service = uri, service
        self._connection: Connection | None = None
        self._asking: Any = None
        self._probing: Any = None
        self._waits, self._standstill = False, Standstill()
        self._found = Found()

    def look(self) -> Found:
        """Ask it now; within seconds, whatever becomes of it."""
        was_open = self._connection is not None
        try:
            self._found = self._look()
        except TimeoutError:
            self._give_up()
        except (AMQPError, OSError):
            self._give_up()
            if was_open:  # lost since the last look: what counts is whether there can be another
                return self.look()
        except Exception:  # noqa: BLE001 – the next look may do better
            log.exception("broker_not_looked_at")
            self._give_up()
        return self._found

    def _look(self) -> Found:
        if self._connection is None:
            self._open()
        elif self._standstill.now:
            self._drain(_SECONDS_BLOCKED)
        if self._standstill.now:
            self._show_queues(known=False)
            return replace(self._found, takes=False)
        self._waits = True
        self._probing._basic_publish(Message(b""), exchange="", routing_key=_NOBODY)  # noqa: SLF001
        self._await_confirm()
        self._drain(_SECONDS_AFTER)  # the first message under an alarm is taken, and called the last
        if self._standstill.now:  # it reads no other question either
            self._show_queues(known=False)
            return Found(answers=True, takes=False, dead_letters=self._found.dead_letters)
        dead_letters = self._waiting(topology.dead_name(self._service)) if self._service else None
        self._show_queues(known=True)
        return Found(answers=True, takes=True, dead_letters=dead_letters)

    def _await_confirm(self) -> None:
        """Until the probe is confirmed, or the broker has said that it takes nothing. Raises TimeoutError."""
        until = time.monotonic() + SECONDS_TO_ANSWER
        while self._waits and not self._standstill.now:
            self._probing.connection.drain_events(timeout=max(_SECONDS_AFTER, until - time.monotonic()))

    def _drain(self, seconds: float) -> None:
        """Hear what the broker has to say, for no longer than that."""
        with suppress(TimeoutError):
            self._probing.connection.drain_events(timeout=seconds)

    def _show_queues(self, *, known: bool) -> None:
        for kind, name in sorted(watched):
            waiting = self._waiting(name) if known else None
            metrics.QUEUED.labels(name, kind).set(float("nan") if waiting is None else waiting)

    def _waiting(self, name: str) -> int | None:
        """How many; None where it cannot be told now: one queue that recovers, or hangs, says nothing of the broker."""
        if self._connection is None:  # dropped by the queue before
            return None
        try:
            return int(self._asking.queue_declare(name, passive=True).message_count)
        except ChannelError as error:
            is_absent = isinstance(error, NotFound) and topology.RECOVERING not in str(error.reply_text)
            return 0 if is_absent else None
        except TimeoutError:
            self._drop()  # the answer may come yet, to the next question
            return None

    def _open(self) -> None:
        self._waits = False
        self._connection = dial(self._uri, SECONDS_TO_ANSWER)
        self._asking, self._probing = open_channel(self._connection), open_channel(self._connection)
        self._probing.confirm_select()
        self._probing.events["basic_ack"].add(self._confirmed)
        self._standstill.watch(self._connection)

    def _confirmed(self, *_args: Any) -> None:
        self._waits = False

    def _give_up(self) -> None:
        self._found = Found()
        self._show_queues(known=False)
        if self._connection is not None:
            brokers.shun(self._connection)
        self._drop()

    def _drop(self) -> None:
        """Without a farewell: a broker in doubt may never answer it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect()
