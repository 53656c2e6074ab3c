"""`@command` and `@query`: methods that a stock nameko client calls, with named errors and no way to stop the service.

    @command(schemas.Submit)
    def submit(self, call: Call) -> dict: ...

Arguments come by keyword and pass a strict schema before any work begins. A command carries a `request_id`; with the
actor it makes the cause under which the change is written. The reply is nameko's own: `{result, error}`, where
`error.exc_type` is a class of `errors` and `error.value` its problem as JSON.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from amqp import Message as AmqpMessage
from amqp.exceptions import AMQPError
from kombu import Connection, Queue
from kombu.message import Message
from marshmallow import Schema, ValidationError
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint, ProviderCollector, SharedExtension

from services.chassis import cause, codec, metrics, reach, spans, topology, tracing
from services.chassis.actor import ANYBODY, Actor
from services.chassis.bus import Bus
from services.chassis.cause import Cause
from services.chassis.errors import Denied, Invalid, NotFound, ServiceError, unexpected
from services.chassis.failpoint import failpoint
from services.chassis.logs import about, log
from services.chassis.publish import dial
from services.chassis.subscribe import as_bytes
from services.chassis.tokens import Verifier
from services.contracts.fields import BY_THE_WAY, explain

F = TypeVar("F", bound=Callable[..., Any])
LONGEST_REQUEST = 14_000_000
LONGEST_ANSWER = 14_000_000  # the broker would close the channel over more, and the caller hear nothing
_LONGEST_NAME = 60
_NO_METHOD = "none"  # what a request is counted under that names none of ours
ACTOR_HEADER = "nameko.actor"
TRACE_HEADER = "nameko.traceparent"
VERIFIER = "MOTCUA_VERIFIER"  # in the container's configuration


@dataclass(frozen=True, slots=True)
class Call:
    """A request as its method gets it: checked arguments, who asks, and the cause it is."""

    actor: Actor
    cause: Cause
    args: dict[str, Any]


def read_call(method: str, schema: Schema, actor: Actor, content: Any, trace: str | None = None) -> Call:
    """Check `content` against `schema`. Raises Invalid with every field at fault. The same for RPC and HTTP."""
    try:
        args: dict[str, Any] = schema.load(content)
    except ValidationError as error:
        raise Invalid(
            f"{method.split('.')[0]}.invalid",
            "The request is not valid; see errors.",
            "Yêu cầu chưa hợp lệ; xem chi tiết từng trường.",
            explain(error.messages),
        ) from None
    request_id = args.pop("request_id", None) or tracing.new_trace()
    beside = {"request_id", *(name for name, field in schema.fields.items() if field.metadata.get(BY_THE_WAY))}
    stated = {key: value for key, value in content.items() if key not in beside}
    return Call(actor, cause.of_request(method, actor, request_id, stated, trace), args)


class Replies(SharedExtension):
    """Sends replies: transient, unconfirmed, on a connection of their own. A lost reply is asked for again.

    Nobody would notice that a frozen broker takes replies and keeps them. So they go to the broker that the requests
    come from, and are sent anew where the bus had to be.
    """

    bus = Bus()

    def __init__(self) -> None:
        self._life = 0
        self._connection: Connection | None = None
        self._channel: Any = None
        self._turn = threading.Lock()
        super().__init__()

    def stop(self) -> None:
        """Close the connection."""
        with self._turn:
            self._drop()

    def send(self, message: Message, payload: dict[str, Any]) -> None:
        """Reply to `message`; a lost reply is asked for again. Raises ValueError, TypeError for what cannot be one."""
        body = codec.encode(payload)
        if len(body) > LONGEST_ANSWER:
            raise ValueError("answer too long")
        reply = AmqpMessage(
            body,
            content_type="application/json",
            content_encoding="utf-8",
            correlation_id=str(message.properties.get("correlation_id") or ""),
            delivery_mode=1,
        )
        with self._turn:
            for _ in range(2):
                try:
                    self._open()._basic_publish(  # noqa: SLF001 – no confirm is wanted here
                        reply, exchange=topology.RPC_EXCHANGE.name, routing_key=message.properties["reply_to"]
                    )
                except (AMQPError, OSError) as error:
                    self._drop()
                    log.warning("reply_not_sent", reason=type(error).__name__)
                else:
                    return

    def _open(self) -> Any:
        if self._channel is None or not self._channel.is_open or self._life != self.bus.lives:
            self._drop()
            self._life = self.bus.lives
            self._connection = dial(self.bus.address or self.bus.settings.amqp_uri)
            self._channel = self._connection.channel()
        return self._channel

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect()


class RpcDoor(SharedExtension, ProviderCollector):
    """The one queue of a service's commands and queries."""

    bus = Bus()
    replies = Replies()
    queue: Queue | None = None

    def setup(self) -> None:
        """Register the queue once, for all methods."""
        if self.queue is None:
            self.queue = topology.rpc_queue(self.container.service_name, self.bus.settings.amqp_uri)
            reach.watched.add(("requests", self.queue.name))
            self.bus.register_provider(self)

    def unregister_provider(self, provider: Any) -> None:
        """The first method that stops closes the door for all."""
        self.bus.unregister_provider(self)
        super().unregister_provider(provider)

    def receive(self, message: Message) -> None:
        """Read one raw request and give it to the worker of its method; whatever is wrong with it is its own affair."""
        if not isinstance(message.properties.get("reply_to"), str):
            log.warning("request_without_reply_to_dropped")
            self.bus.ack(message)
            return
        began, name = perf_counter(), _NO_METHOD
        try:
            method = self._method(message.delivery_info["routing_key"])
            name = method.method_name
            method.begin(message)
        except ContainerBeingKilled:
            self.bus.hand_back(message)
        except Exception as error:  # noqa: BLE001 – one bad request may not stop the door
            metrics.REQUESTS.labels("rpc", name, metrics.outcome_of(error)).observe(perf_counter() - began)
            self.container.spawn_managed_thread(partial(self.answer, message, None, error))

    def answer(self, message: Message, result: Any, error: BaseException | None) -> None:
        """Reply, then ack."""
        try:
            payload = {"result": result, "error": serialized(error) if error else None}
            self.replies.send(message, payload)
        except (TypeError, ValueError):
            log.exception("answer_not_sendable")
            self.replies.send(message, {"result": None, "error": serialized(unexpected())})
        self.bus.ack(message)

    def _method(self, routing_key: str) -> "Method":
        service = self.container.service_name
        methods: dict[str, Method] = {method.method_name: method for method in self._providers}
        of_ours, _, name = routing_key.partition(".")
        if of_ours == service and name in methods:
            return methods[name]
        raise _unknown_method(service, name, sorted(methods))


class Method(Entrypoint):
    """The entrypoint behind `@command` and `@query`."""

    door = RpcDoor()

    def __init__(self, schema: type[Schema], *, needs_actor: bool = True, operators: bool = False) -> None:
        super().__init__()
        self._schema = schema()
        self._needs_actor, self._operators = needs_actor, operators

    @property
    def schema(self) -> Schema:
        """What a call must state."""
        return self._schema

    @property
    def needs_actor(self) -> bool:
        """Whether a call must say who asks."""
        return self._needs_actor

    @property
    def lets_operators(self) -> bool:
        """Whether operators may ask, whom everything is closed to that does not say so."""
        return self._operators or not self._needs_actor

    def asked_by(self, token: Any, verifier: Verifier) -> Actor:
        """Who asks: a token that is given must be good, also where none is needed. Raises Denied."""
        if token is None and not self._needs_actor:
            return ANYBODY
        actor = verifier.read(token)
        if actor.kind == "operator" and not self.lets_operators:
            raise Denied("actor.operator", "This is not for operators.", "Người vận hành không được hỏi điều này.")
        return actor

    def setup(self) -> None:
        """Register with the door."""
        self.door.register_provider(self)

    def stop(self) -> None:
        """Close the door."""
        self.door.unregister_provider(self)

    def begin(self, message: Message) -> None:
        """Check one request and spawn its worker. Raises ServiceError."""
        headers = message.headers or {}
        content = _keywords(codec.decode(as_bytes(message.body), LONGEST_REQUEST))
        actor = self.asked_by(headers.get(ACTOR_HEADER), self.container.config[VERIFIER])
        name = f"{self.container.service_name}.{self.method_name}"
        call = read_call(name, self._schema, actor, content, headers.get(TRACE_HEADER))
        settle = partial(self._settle, message, call, perf_counter())
        self.container.spawn_worker(self, (call,), {}, context_data={}, handle_result=settle)

    def _settle(self, message: Message, call: Call, began: float, _worker: Any, result: Any, exc_info: Any) -> Any:
        error = exc_info[1] if exc_info else None
        metrics.REQUESTS.labels("rpc", self.method_name, metrics.outcome_of(error)).observe(perf_counter() - began)
        with about(correlation=call.cause.correlation, method=self.method_name):
            if error is not None and not isinstance(error, ServiceError):
                log.error("request_failed", exc_info=exc_info)
            failpoint("rpc.before_reply")
            self.door.answer(message, result, error)
        target, parent = f"{self.container.service_name}/{self.method_name}", (message.headers or {}).get(TRACE_HEADER)
        spans.served(target, call.cause.trace, parent, began, error)
        return result, None


def command(schema: type[Schema], *, operators: bool = False) -> Callable[[F], F]:
    """A method that changes something; its schema has a `request_id`."""
    return Method.decorator(schema, operators=operators)


def query(schema: type[Schema], *, needs_actor: bool = True, operators: bool = False) -> Callable[[F], F]:
    """A method that only answers."""
    return Method.decorator(schema, needs_actor=needs_actor, operators=operators)


def methods_of(service: type[Any]) -> dict[str, Method]:
    """Every `@command` and `@query` of a service class by its name: the one table behind all doors of the service."""
    return {
        name: entrypoint
        for name in dir(service)
        for entrypoint in getattr(getattr(service, name), "nameko_entrypoints", ())
        if isinstance(entrypoint, Method)
    }


def serialized(error: BaseException) -> dict[str, Any]:
    """An error in nameko's wire form. What is not ours is told as a Defect, without its words."""
    known = error if isinstance(error, ServiceError) else unexpected()
    kind = type(known)
    return {
        "exc_type": kind.__name__,
        "exc_path": f"{kind.__module__}.{kind.__name__}",
        "exc_args": [known.code, known.en, known.vi, known.errors],
        "value": str(known),
    }


def _unknown_method(service: str, name: str, known: list[str]) -> NotFound:
    """A name may be anything: only one that could be a method's is repeated."""
    named = name if name.isidentifier() and name.isascii() and len(name) <= _LONGEST_NAME else ""
    there = ", ".join(known)
    return NotFound(
        "rpc.unknown_method",
        f"{service} has no method {named or 'of that name'}; it has: {there}.",
        f"{service} không có chức năng {named or 'này'}; có: {there}.",
    )


def _keywords(body: Any) -> dict[str, Any]:
    if not isinstance(body, dict) or not isinstance(body.get("kwargs"), dict) or body.get("args"):
        raise Invalid("rpc.keywords_only", "Call with keyword arguments only.", "Chỉ gọi bằng tham số có tên.", [])
    kwargs: dict[str, Any] = body["kwargs"]
    return kwargs
