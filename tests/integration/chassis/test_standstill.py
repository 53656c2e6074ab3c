"""While the broker takes nothing, whoever tries again leaves no connection behind, and goes on when it takes again."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from services.chassis.errors import Unavailable
from services.chassis.publish import Outgoing, Publisher
from services.chassis.remote import Remote
from tests.conftest import Process, eventually
from tests.integration.chassis.conftest import Full

pytestmark = [pytest.mark.servers, pytest.mark.timeout(240)]
QUEUE = "standstill"
LINES = 2


@pytest.fixture
def publisher(broker: Any, environment: dict[str, str]) -> Iterator[Publisher]:
    """With a queue to publish into."""
    broker.queue_declare(QUEUE, durable=True, auto_delete=False)
    publisher = Publisher(environment["MOTCUA_AMQP_URI"])
    yield publisher
    publisher.close()
    broker.queue_delete(QUEUE)


@pytest.fixture
def remote(environment: dict[str, str]) -> Iterator[Remote]:
    """A caller of the sample service."""
    remote = Remote(environment["MOTCUA_AMQP_URI"], None, most=LINES, deadline_seconds=3)
    yield remote
    remote.close()


def one() -> Outgoing:
    return Outgoing(str(uuid.uuid4()), "", QUEUE, b"{}", {}, "application/json")


def done(act: Callable[[], Any]) -> Any:
    """What comes of it; nothing while the broker is in the way."""
    with suppress(Unavailable):
        return act()
    return None


def test_nobody_leaves_connections_behind_while_the_broker_takes_nothing(
    sample: Process, database: Any, publisher: Publisher, remote: Remote, disk: Full
) -> None:
    sample.start()
    eventually(lambda: done(lambda: remote.call("sample", "health")))
    assert publisher.publish([one()]) == [True]
    disk.begin()
    done(lambda: publisher.publish([one()]))  # the first message under an alarm may still be taken
    at_first = disk.connections()
    for _ in range(2):
        with pytest.raises(Unavailable):
            publisher.publish([one()])
        for _ in range(4 * LINES):
            with pytest.raises(Unavailable):
                remote.call("sample", "health")
    assert disk.connections() <= at_first + LINES
    disk.end()
    assert eventually(lambda: done(lambda: publisher.publish([one()]))) == [True]
    assert eventually(lambda: done(lambda: remote.call("sample", "health")))["service"] == "sample"
