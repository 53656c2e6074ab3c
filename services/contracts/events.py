"""Every event that may be published, by publisher, type and version, and the two ways through its schema."""

from collections.abc import Mapping
from typing import Any, NoReturn

from marshmallow import Schema, ValidationError

from services.contracts import intake, notify, payment, registry, routing
from services.contracts.event import Event
from services.contracts.fields import Versions, explain

PUBLISHERS: dict[str, Mapping[str, Versions]] = {
    "intake": intake.EVENTS,
    "routing": routing.EVENTS,
    "payment": payment.EVENTS,
    "registry": registry.EVENTS,
    "notify": notify.EVENTS,
}
_INSTANCES: dict[type[Schema], Schema] = {}


class UnknownEvent(ValueError):
    """No schema is known under this publisher, type and version."""


class BadEvent(ValueError):
    """The data does not fit the event's schema; the message names the fields, never their values."""


def write(source: str, event: Event) -> dict[str, Any]:
    """The JSON data of `event` as `source` publishes it. Raises UnknownEvent, BadEvent."""
    schema = _schema(source, event.type, event.v)
    unknown = set(event.data) - set(schema.fields)
    if unknown:
        raise BadEvent(f"{source}.{event.type}: {', '.join(sorted(unknown))} not in the schema")
    written: dict[str, Any] = schema.dump(event.data)
    return written


def read(source: str, type_: str, v: int, data: Any) -> Event:
    """The event that `data` carries, in native types. Raises UnknownEvent, BadEvent."""
    try:
        loaded: dict[str, Any] = _schema(source, type_, v).load(data)
    except ValidationError as error:
        _refuse(source, type_, error)
    return Event(type_, loaded, v)


def _refuse(source: str, type_: str, error: ValidationError) -> NoReturn:
    problems = "; ".join(f"{problem['field']}: {problem['en']}" for problem in explain(error.messages))
    raise BadEvent(f"{source}.{type_}: {problems}") from None


def _schema(source: str, type_: str, v: int) -> Schema:
    try:
        kind = PUBLISHERS[source][type_][v]
    except KeyError:
        raise UnknownEvent(f"{source}.{type_} v{v} is unknown") from None
    if kind not in _INSTANCES:
        _INSTANCES[kind] = kind()
    return _INSTANCES[kind]
