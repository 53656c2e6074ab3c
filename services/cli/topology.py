"""The broker's topology as the services' own code states it: declared before any of them starts, and counted."""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib import import_module
from typing import Annotated, Any, Final, TypeVar

from amqp.exceptions import AMQPError, NotFound
from kombu.exceptions import OperationalError
from pydantic import Field, TypeAdapter, ValidationError

from services.chassis import bus, topology
from services.chassis.errors import Unavailable
from services.chassis.publish import connect
from services.chassis.queues import named, work_queues
from services.chassis.service import Service
from services.chassis.settings import BadSettings, Rung, Settings, find_given, parts_of
from services.cli.place import no_broker
from services.contracts.events import PUBLISHERS

T = TypeVar("T")
RECOVERY_SECONDS: Final = 30.0
Ladders = Mapping[str, tuple[float, ...]]
_LADDER: Final = TypeAdapter(Annotated[tuple[Rung, ...], Field(min_length=1)])
_AS_A_RULE: Final = tuple(Settings.model_fields["retry_ladder"].default)


@cache
def service_classes() -> tuple[type[Service], ...]:
    """The nameko service of each publisher."""
    return tuple(getattr(import_module(f"services.{name}.service"), f"{name.title()}Service") for name in PUBLISHERS)


def ladders_of(env: Mapping[str, str]) -> Ladders:
    """The retry ladder of each service that is started with `env`. Raises BadSettings."""
    return {service: _ladder_of(service, env) for service in PUBLISHERS}


def declare_all(uri: str, ladders: Ladders) -> list[str]:
    """Declare everything of every service, so that no event is missed by one that starts later. Raises Unavailable.

    Returns the services of which the broker knew nothing.
    """
    return _once_recovered(lambda: _declare(uri, ladders))


def depths(uri: str, ladders: Ladders) -> dict[str, int]:
    """How many messages wait in each work, retry and dead queue of every service. Raises Unavailable."""
    return _once_recovered(lambda: _depths(uri, ladders))


def purge(uri: str, queues: Iterable[str]) -> None:
    """Take away what waits in these queues. Raises Unavailable."""
    try:
        with connect(uri) as connection:
            for name in queues:
                connection.channel().queue_purge(name)
    except (AMQPError, OperationalError, OSError) as error:
        raise no_broker() from error


def _ladder_of(service: str, env: Mapping[str, str]) -> tuple[float, ...]:
    given = find_given(service, "retry_ladder", env)
    try:
        return _LADDER.validate_python(parts_of(given)) if given else _AS_A_RULE
    except ValidationError:
        raise BadSettings(f"{service.upper()}_RETRY_LADDER or MOTCUA_RETRY_LADDER is no ladder of seconds") from None


def _once_recovered(ask: Callable[[], T]) -> T:
    """The answer of the broker, which opens its door a moment before the queues of an earlier life have recovered."""
    until = time.monotonic() + RECOVERY_SECONDS
    while time.monotonic() < until:
        try:
            return ask()
        except NotFound as error:
            if topology.RECOVERING not in str(error.reply_text):
                raise
        except (AMQPError, OperationalError, OSError) as error:
            raise no_broker() from error
        time.sleep(0.1)
    raise Unavailable(
        "broker.recovering", "The broker does not recover its queues.", "Hệ thống truyền tin chưa khôi phục xong."
    )


def _declare(uri: str, ladders: Ladders) -> list[str]:
    with connect(uri) as connection:
        unknown = [service.name for service in service_classes() if bus.is_unknown(connection, service.name)]
        channel = connection.channel()
        for service in service_classes():
            bus.declare(channel, service.name, ladders[service.name], PUBLISHERS)
        for service in service_classes():
            bus.declare_requests(connection, topology.rpc_queue(service.name, uri))
            for queue in work_queues(service):
                queue(channel).declare()
        return unknown


def _depths(uri: str, ladders: Ladders) -> dict[str, int]:
    found: dict[str, int] = {}
    with connect(uri) as connection:
        for service in service_classes():
            for kind, name in named(service, ladders[service.name], uri):
                if kind != "requests":  # nobody misses an answer but who asks again
                    found[name] = _depth(connection, name)
    return found


def _depth(connection: Any, name: str) -> int:
    channel = connection.channel()
    try:
        return int(channel.queue_declare(name, passive=True).message_count)
    except NotFound as error:
        if topology.RECOVERING in str(error.reply_text):  # what cannot be counted yet is not nought
            raise
        return 0
    finally:
        if channel.is_open:
            channel.close()
