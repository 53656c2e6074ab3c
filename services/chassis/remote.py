"""Calling another service by RPC: always with a deadline, typed errors, safe under threads and greenlets.

nameko's own proxies wait for ever inside a service and are not thread-safe outside; this client takes a connection
from a small pool for one call at a time, and throws it away after any doubt, so a late reply meets nobody.
"""

import queue
import time
import uuid
from typing import Any

from amqp import Message
from amqp.exceptions import AMQPError
from kombu import Connection

from services.chassis import codec, topology
from services.chassis.actor import Actor
from services.chassis.errors import KINDS, Defect, ServiceError, Unavailable
from services.chassis.publish import connect

LONGEST_REPLY = 16_000_000


class Remote:
    """A pool of connections for calls to other services."""

    def __init__(self, uri: str, actor: Actor, most: int = 4, deadline_seconds: float = 5.0) -> None:
        self._uri, self._actor, self._deadline = uri, actor, deadline_seconds
        self._idle: queue.LifoQueue[_Line | None] = queue.LifoQueue(most)
        for _ in range(most):
            self._idle.put(None)

    def call(self, service: str, method: str, **arguments: Any) -> Any:
        """The answer of `service.method`. Raises the callee's ServiceError, or Unavailable at the deadline."""
        until = time.monotonic() + self._deadline
        try:
            line = self._idle.get(timeout=self._deadline)
        except queue.Empty:
            raise _unavailable(service) from None
        healthy = None
        try:
            line = line or _Line(self._uri)
            answer = line.ask(f"{service}.{method}", arguments, self._actor, until)
            healthy = line
        except (AMQPError, OSError) as error:
            raise _unavailable(service) from error
        finally:
            if healthy is None and line is not None:
                line.close()
            self._idle.put(healthy)
        return _unwrapped(answer)

    def close(self) -> None:
        """Close the idle connections."""
        while not self._idle.empty():
            line = self._idle.get_nowait()
            if line is not None:
                line.close()


class _Line:
    """One connection with a reply queue of its own."""

    def __init__(self, uri: str) -> None:
        self._connection: Connection = connect(uri)
        self._connection.ensure_connection(max_retries=1, timeout=5, reraise_as_library_errors=False)
        self._channel: Any = self._connection.channel()
        self._replies: dict[str, bytes] = {}
        self._lost = False
        self._key = str(uuid.uuid4())
        name = f"rpc.reply-motcua-{self._key}"
        topology.RPC_EXCHANGE(self._channel).declare()
        self._channel.queue_declare(name, exclusive=True, auto_delete=True)
        self._channel.queue_bind(name, topology.RPC_EXCHANGE.name, self._key)
        self._channel.basic_consume(name, no_ack=True, callback=self._received)
        self._channel.events["basic_return"].add(self._returned)

    def ask(self, target: str, arguments: dict[str, Any], actor: Actor, until: float) -> Any:
        correlation = str(uuid.uuid4())
        claim = {"kind": actor.kind, "id": actor.id, **({"unit": actor.unit} if actor.unit else {})}
        request = Message(
            codec.encode({"args": [], "kwargs": arguments}),
            application_headers={"nameko.actor": claim},
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=correlation,
            reply_to=self._key,
            expiration=str(max(1, int((until - time.monotonic()) * 1000))),
        )
        self._channel.basic_publish(request, exchange=topology.RPC_EXCHANGE.name, routing_key=target, mandatory=True)
        while correlation not in self._replies:
            left = until - time.monotonic()
            if left <= 0 or self._lost:
                raise TimeoutError(target)
            self._connection.drain_events(timeout=left)
        return codec.decode(self._replies.pop(correlation), LONGEST_REPLY)

    def close(self) -> None:
        self._connection.collect(socket_timeout=1)

    def _received(self, message: Any) -> None:
        body = message.body
        self._replies[message.properties.get("correlation_id", "")] = body.encode() if isinstance(body, str) else body

    def _returned(self, *_args: Any) -> None:
        self._lost = True


def _unwrapped(answer: Any) -> Any:
    error = answer.get("error")
    if not error:
        return answer.get("result")
    kind: type[ServiceError] = KINDS.get(str(error.get("exc_type")), Defect)
    arguments = error.get("exc_args") or []
    if len(arguments) == 4:
        raise kind(*arguments)
    raise Defect("rpc.foreign_error", "The service failed in a way of its own.", "Dịch vụ gặp lỗi.")


def _unavailable(service: str) -> Unavailable:
    return Unavailable(f"{service}.unavailable", f"{service} does not answer.", "Dịch vụ chưa sẵn sàng.")
