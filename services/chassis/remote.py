"""Calling another service by RPC: always with a deadline, typed errors, safe under threads and greenlets.

nameko's own proxies wait for ever inside a service and are not thread-safe outside; this client takes a connection
from a small pool for one call at a time, and throws it away after any doubt but that the broker takes nothing: that one
is kept, and a late reply on it meets nobody. A connection that was lost while it lay idle costs no call.
"""

import copy
import queue
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from amqp import Message
from amqp.exceptions import AMQPError
from kombu import Connection

from services.chassis import brokers, codec, metrics, spans, topology
from services.chassis.actor import Actor
from services.chassis.errors import KINDS, Defect, Denied, Invalid, Unavailable
from services.chassis.logs import log
from services.chassis.publish import Standstill, bound_waits, dial, open_channel
from services.chassis.tokens import Issuer

LONGEST_REPLY = 16_000_000
_DISTRUST = ("actor.untrusted", "actor.expired", "actor.malformed")  # clocks or keys do not fit
_SECONDS_TO_HEAR = 0.005  # what the broker has said already


class Remote:
    """Calls to other services over a pool of connections, each call under a fresh token of `actor`.

    Of `most` connections, calls to one service use `most_of_one` at once (None: all), so that a service that is silent
    leaves some to the others; whoever is above that waits, within his deadline.

    Without an issuer and an actor only what needs no actor can be asked. `acting_as` gives the same pool to another:

        remote = Remote(uri, Issuer.of_file(key), most=8)
        remote.acting_as(Actor("citizen", "001801000001")).call("intake", "get", dossier_code=code)
    """

    def __init__(
        self,
        uri: str,
        issuer: Issuer | None = None,
        actor: Actor | None = None,
        *,
        most: int = 4,
        most_of_one: int | None = None,
        deadline_seconds: float = 5.0,
    ) -> None:
        self._pool = _Pool(uri, most, most_of_one or most, deadline_seconds)
        self._issuer, self._actor = issuer, actor

    def acting_as(self, actor: Actor | None) -> "Remote":
        """The same pool, under another actor; None: nobody. Costs nothing: make one for each request that comes in."""
        other = copy.copy(self)
        vars(other)["_actor"] = actor
        return other

    def call(self, service: str, method: str, /, **arguments: Any) -> Any:
        """The answer of `service.method`. Raises the ServiceError that it says, or Unavailable at the deadline."""
        token = self._issuer.fresh(self._actor) if self._issuer and self._actor else None
        with metrics.called(f"{service}.{method}"), spans.calling(f"{service}/{method}"):
            return _trusted(self._pool.call, service, method, arguments, token)

    def close(self) -> None:
        """Close the idle connections."""
        self._pool.close()


class _Pool:
    """Connections, each used by one call at a time."""

    def __init__(self, uri: str, most: int, most_of_one: int, deadline_seconds: float) -> None:
        self._uri, self._deadline = uri, deadline_seconds
        self._idle: queue.LifoQueue[_Line | None] = queue.LifoQueue(most)
        for _ in range(most):
            self._idle.put(None)
        metrics.show(metrics.LINES)
        metrics.show(metrics.LINES_MOST)
        metrics.LINES_MOST.inc(most)
        self._most_of_one = most_of_one
        self._turns: dict[str, threading.Semaphore] = {}

    def call(self, service: str, method: str, arguments: dict[str, Any], token: str | None) -> Any:
        until = time.monotonic() + self._deadline
        answer = None
        with self._turn(service):
            while answer is None:
                answer = self._over_a_line(
                    service, lambda line: line.ask(f"{service}.{method}", arguments, token, until), until
                )
        return _unwrapped(service, _read(answer))

    @contextmanager
    def _turn(self, service: str) -> Iterator[None]:
        turn = self._turns.setdefault(service, threading.Semaphore(self._most_of_one))
        if not turn.acquire(timeout=self._deadline):
            raise _unavailable(service)
        try:
            yield
        finally:
            turn.release()

    def _over_a_line(self, service: str, ask: Callable[["_Line"], bytes], until: float) -> bytes | None:
        """The answer; None where a line was lost since it was last used (a restarted broker, say): ask over another."""
        try:
            line = self._idle.get(timeout=max(0.0, until - time.monotonic()))
        except queue.Empty:
            raise _unavailable(service) from None
        healthy, was_kept = None, line is not None
        metrics.LINES.inc()
        try:
            line = line or _Line(self._uri, until)
            answer = ask(line)
            healthy = line
        except (AMQPError, OSError) as error:
            if line is not None and line.standstill.explains(error):
                healthy = line
            elif line is not None:
                line.shun()
            if was_kept and not isinstance(error, TimeoutError):
                return None
            raise _unavailable(service) from error
        finally:
            if healthy is None and line is not None:
                line.close()
            metrics.LINES.dec()
            self._idle.put(healthy)
        return answer

    def close(self) -> None:
        while not self._idle.empty():
            line = self._idle.get_nowait()
            if line is not None:
                line.close()


class _Line:
    """One connection with a reply queue of its own."""

    def __init__(self, uri: str, until: float) -> None:
        self._until = until  # of the call that it is made for: nothing on the way may take longer
        self._connection: Connection = dial(uri, self._left())
        self.standstill = Standstill()
        self.standstill.watch(self._connection)
        self._asked = ""
        self._answer: bytes | None = None
        self._lost = False
        self._key = str(uuid.uuid4())
        try:
            self._channel = self._listen()
        except BaseException:
            self.close()
            raise

    def _listen(self) -> Any:
        channel = open_channel(self._connection)
        name = f"rpc.reply-motcua-{self._key}"
        for step in (
            topology.RPC_EXCHANGE(channel).declare,
            partial(channel.queue_declare, name, exclusive=True, auto_delete=True),
            partial(channel.queue_bind, name, topology.RPC_EXCHANGE.name, self._key),
            partial(channel.basic_consume, name, no_ack=True, callback=self._received),
        ):
            bound_waits(self._connection, self._left())
            step()
        channel.events["basic_return"].add(self._returned)
        return channel

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def ask(self, target: str, arguments: dict[str, Any], token: str | None, until: float) -> bytes:
        self.standstill.outlast(self._connection, _SECONDS_TO_HEAR)
        self._asked, self._answer, self._lost = str(uuid.uuid4()), None, False
        request = Message(
            codec.encode({"args": [], "kwargs": arguments}),
            application_headers={**({"nameko.actor": token} if token else {}), **spans.carried()},
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=self._asked,
            reply_to=self._key,
            expiration=str(max(1, int((until - time.monotonic()) * 1000))),
        )
        with self.standstill.a_write():
            self._channel.basic_publish(
                request, exchange=topology.RPC_EXCHANGE.name, routing_key=target, mandatory=True
            )
        while self._answer is None:
            left = until - time.monotonic()
            if left <= 0 or self._lost:
                raise TimeoutError(target)
            self._connection.drain_events(timeout=left)
        return self._answer

    def close(self) -> None:
        self._connection.collect()

    def shun(self) -> None:
        """Its broker may be frozen: the next line shall lead to another one, where there is one."""
        brokers.shun(self._connection)

    def _received(self, message: Any) -> None:
        if message.properties.get("correlation_id") == self._asked:  # else to a question that nobody waits for any more
            self._answer = message.body

    def _returned(self, _exception: Any, _exchange: str, _routing_key: str, message: Any) -> None:
        self._lost = self._lost or message.properties.get("correlation_id") == self._asked


def _trusted(ask: Callable[..., Any], service: str, *request: Any) -> Any:
    """What `ask` answers. A token of ours that is refused is not the asker's fault: it is mended, and he asks again."""
    try:
        return ask(service, *request)
    except Denied as error:
        if error.code not in _DISTRUST:
            raise
        log.error("token_refused", service=service, reason=error.code)
        raise _unavailable(service) from error


def _read(answer: bytes) -> dict[str, Any]:
    """What is no answer at all is the callee's defect, never a mistake in what the caller was asked."""
    try:
        value = codec.decode(answer, LONGEST_REPLY)
    except Invalid:
        value = None
    if not isinstance(value, dict):
        raise Defect("rpc.bad_answer", "The service answered with what is no answer.", "Dịch vụ trả lời sai dạng.")
    return value


def _unwrapped(service: str, answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if not error:
        return answer.get("result")
    match error:
        case {"exc_type": str(name), "exc_args": [str(code), str(en), str(vi), list(errors)]} if name in KINDS:
            told = KINDS[name](code, en, vi, errors)
            told.said_by = service
            raise told
    raise Defect("rpc.foreign_error", "The service failed in a way of its own.", "Dịch vụ gặp lỗi.")


def _unavailable(service: str) -> Unavailable:
    return Unavailable(f"{service}.unavailable", f"{service} does not answer.", "Dịch vụ chưa sẵn sàng.")
