"""What the five services have in common: their database, who calls, and events as they are said and heard."""

import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from marshmallow import Schema
from nameko.events import EventDispatcher, event_handler
from nameko.extensions import DependencyProvider
from nameko.rpc import rpc
from pymongo import MongoClient

from services.contracts import events
from services.contracts.event import Event

PREFIX: Final = "stock_"
Document = dict[str, Any]
Handler = Callable[..., Any]


class Database(DependencyProvider):
    """The service's own database."""

    def setup(self) -> None:
        """One client a process."""
        client: MongoClient[Document] = MongoClient(
            self.container.config["MONGO_URI"], tz_aware=True, tzinfo=UTC, maxPoolSize=self.container.max_workers
        )
        self._database = client[self.container.service_name]

    def get_dependency(self, _worker_ctx: Any) -> Any:
        """The database."""
        return self._database


class Caller(DependencyProvider):
    """The actor that the call's context names."""

    def get_dependency(self, worker_ctx: Any) -> Any:
        """Its claim, or nothing."""
        return worker_ctx.context_data.get("actor") or {}


class Stock:
    """The base of a service: `say` dispatches one event."""

    name = ""
    database: Any = Database()
    caller: Any = Caller()
    dispatch: Any = EventDispatcher()

    def say(self, type_: str, subject: str, data: Mapping[str, Any], cause: str = "") -> None:
        """Dispatch an event, with as much about it as ours carry in headers."""
        source = self.name.removeprefix(PREFIX)
        written = events.write(source, Event(type_, data))
        self.dispatch(type_, {**written, "about": _about(source, type_, subject, cause)})

    @rpc
    def ready(self) -> str:
        """Whether anybody is there."""
        return self.name


def hear(service: str, *types: str) -> Callable[[Handler], Handler]:
    """One handler for several events of a service: a nameko event handler of each."""

    def decorate(handler: Handler) -> Handler:
        for type_ in types:
            handler = event_handler(PREFIX + service, type_)(handler)
        return handler

    return decorate


def read(payload: Mapping[str, Any]) -> Event:
    """The event that a payload is, checked by its schema. Raises BadEvent."""
    about = payload["about"]
    return events.read(about["source"].removeprefix("/"), about["type"], 1, dict(payload))


def checked(schema: Schema, request: Mapping[str, Any]) -> Document:
    """The arguments of a call. Raises ValidationError."""
    loaded: Document = schema.load(request)
    return loaded


def now() -> datetime:
    """The present instant, to the millisecond."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def entry(type_: str, data: Mapping[str, Any]) -> Document:
    """One line of the history that a document keeps."""
    return {"id": str(uuid.uuid4()), "type": type_, "at": now(), "data": dict(data)}


def _about(source: str, type_: str, subject: str, cause: str) -> Document:
    id_ = str(uuid.uuid4())
    return {
        "specversion": "1.0",
        "id": id_,
        "source": f"/{source}",
        "type": type_,
        "subject": subject,
        "time": now().isoformat(),
        "dataschema": f"urn:motcua:{source}:{type_}:v1",
        "sequence": 1,
        "correlationid": cause or id_,
        "causationid": cause or id_,
        "traceparent": f"00-{uuid.uuid4().hex}-{uuid.uuid4().hex[:16]}-01",
        "aggregate": f"{source}/{subject}",
    }
