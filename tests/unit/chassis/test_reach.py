"""Whether the broker takes messages: its answers, its silence, an alarm, a line that is lost between two looks."""

import math
from collections import defaultdict
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from amqp.exceptions import AccessRefused, NotFound
from nameko.containers import ServiceContainer
from prometheus_client import REGISTRY

from services.chassis import metrics, queues, topology
from services.chassis import reach as reaching
from services.chassis.bus import SETTINGS
from services.chassis.reach import Found, Reach
from services.chassis.rpc import RpcDoor
from services.chassis.subscribe import Forwarder, Subscribe
from services.routing.service import RoutingService
from tests.unit.chassis.world import SETTINGS_OF_SAMPLE

WELL = Found(answers=True, takes=True, dead_letters=3)
BLOCKED = Found(answers=True, takes=False, dead_letters=3)


class Broker:
    """A broker without a network. `mood` is well, full (confirms one more, and says that it was the last) or frozen."""

    def __init__(self) -> None:
        self.mood, self.dialled, self.published, self.lines = "well", 0, 0, []  # type: ignore[var-annotated]
        self.dead_queue: Exception | None = None  # what is said of the queue, instead of how much is in it

    def dial(self, _uri: str, _within: float) -> Any:
        """A new connection."""
        self.dialled += 1
        if self.mood == "gone":
            raise ConnectionRefusedError
        line = Line(self)
        self.lines.append(line)
        return SimpleNamespace(connection=line, hostname="nowhere", port=1, collect=lambda: None)

    def restart(self) -> None:
        """Every line is lost."""
        for line in self.lines:
            line.is_lost = True

    def recover(self) -> None:
        """There is room again."""
        self.mood = "well"
        for line in self.lines:
            line.news.append(line.on_unblocked)


class Line:
    """One connection; `news` is what the broker has to say on it."""

    def __init__(self, broker: Broker) -> None:
        self.broker, self.is_lost, self.news = broker, False, list[Any]()
        self.on_blocked: Any = None
        self.on_unblocked: Any = None

    def drain_events(self, timeout: float) -> None:
        """The next news. Raises TimeoutError where there is none."""
        assert timeout > 0
        if not self.news:
            raise TimeoutError
        self.news.pop(0)()


class Channel:
    """A channel of it."""

    def __init__(self, line: Line) -> None:
        self.connection, self.events = line, defaultdict[str, set[Any]](set)

    def confirm_select(self) -> None:
        """Confirms are on."""

    def queue_declare(self, _name: str, *, passive: bool) -> Any:
        """How much is in it."""
        assert passive
        self._insist()
        if self.connection.broker.dead_queue:
            raise self.connection.broker.dead_queue
        return SimpleNamespace(message_count=3)

    def _basic_publish(self, _message: Any, **_where: str) -> None:
        self._insist()
        broker = self.connection.broker
        broker.published += 1
        (confirm,) = self.events["basic_ack"]
        self.connection.news.append(lambda: confirm(1, False))
        if broker.mood == "full":
            self.connection.news.append(lambda: self.connection.on_blocked("low on disk"))

    def _insist(self) -> None:
        if self.connection.is_lost:
            raise ConnectionResetError
        if self.connection.broker.mood == "frozen":
            raise TimeoutError


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Nothing to be shown of work queues."""
    earlier = set(reaching.watched)
    reaching.watched.clear()
    yield
    reaching.watched |= earlier
    metrics.QUEUED.clear()


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    """One that is well."""
    broker = Broker()
    monkeypatch.setattr("services.chassis.reach.dial", broker.dial)
    monkeypatch.setattr("services.chassis.reach.open_channel", lambda connection: Channel(connection.connection))
    return broker


@pytest.fixture
def reach(broker: Broker) -> Reach:
    """Who looks at it."""
    return Reach("amqp://nowhere", "sample")


def test_a_broker_that_confirms_is_asked_on_the_same_connection_each_time(broker: Broker, reach: Reach) -> None:
    assert [reach.look() for _ in range(3)] == [WELL] * 3
    assert (broker.dialled, broker.published) == (1, 3)


def test_a_broker_that_is_full_answers_and_takes_nothing_until_it_says_so(broker: Broker, reach: Reach) -> None:
    reach.look()
    broker.mood = "full"
    assert [reach.look() for _ in range(3)] == [BLOCKED] * 3
    assert (broker.dialled, broker.published) == (1, 2)
    broker.recover()
    assert reach.look() == WELL
    assert broker.dialled == 1


def test_a_line_that_was_lost_between_two_looks_is_no_outage(broker: Broker, reach: Reach) -> None:
    reach.look()
    broker.restart()
    assert reach.look() == WELL
    assert broker.dialled == 2


def test_a_broker_that_is_gone_is_looked_for_anew_each_time(broker: Broker, reach: Reach) -> None:
    reach.look()
    broker.mood = "gone"
    broker.restart()
    assert reach.look() == Found()
    assert reach.look() == Found()
    broker.mood = "well"
    assert reach.look() == WELL


@pytest.mark.parametrize(
    ("said", "dead_letters", "dialled"),
    [
        (NotFound("NOT_FOUND - no queue 'sample.dead' in vhost '/'"), 0, 1),
        (NotFound("NOT_FOUND - home node 'n' of durable queue 'sample.dead' is down or inaccessible"), None, 1),
        (AccessRefused("ACCESS_REFUSED"), None, 1),
        (TimeoutError(), None, 2),
    ],
    ids=["absent", "recovers", "not ours to ask", "hangs"],
)
def test_a_queue_of_dead_letters_that_cannot_be_counted_is_not_empty_and_says_nothing_of_the_broker(
    broker: Broker, reach: Reach, said: Exception, dead_letters: int | None, dialled: int
) -> None:
    reach.look()
    broker.dead_queue = said
    assert reach.look() == Found(answers=True, takes=True, dead_letters=dead_letters)
    broker.dead_queue = None
    assert reach.look() == WELL
    assert broker.dialled == dialled


def test_a_broker_that_is_found_full_was_asked_for_nothing_more(broker: Broker, reach: Reach) -> None:
    broker.mood, broker.dead_queue = "full", TimeoutError()
    assert reach.look() == Found(answers=True, takes=False, dead_letters=None)
    assert broker.dialled == 1


def test_nobody_waits_twice_for_a_broker_that_is_frozen(broker: Broker, reach: Reach) -> None:
    reach.look()
    broker.mood = "frozen"
    assert reach.look() == Found()
    assert broker.dialled == 1


def queued(name: str) -> float | None:
    """How much is shown to wait in a queue."""
    return REGISTRY.get_sample_value("motcua_queue_messages", {"queue": name, "kind": "work"})


def test_what_waits_in_the_queues_of_a_process_is_shown_while_it_is_known(broker: Broker, reach: Reach) -> None:
    names = "sample.echo", "sample.mirror"
    reaching.watched |= {("work", name) for name in names}
    assert reach.look() == WELL
    assert [queued(name) for name in names] == [3, 3]
    broker.dead_queue = TimeoutError()
    reach.look()
    assert [math.isnan(queued(name) or 0) for name in names] == [True, True]
    broker.dead_queue = None
    reach.look()
    assert queued("sample.echo") == 3
    broker.mood = "full"
    reach.look()
    assert math.isnan(queued("sample.echo") or 0)
    broker.recover()
    reach.look()
    assert queued("sample.echo") == 3
    broker.mood = "gone"
    broker.restart()
    reach.look()
    assert math.isnan(queued("sample.echo") or 0)


def test_a_process_looks_at_every_queue_of_its_service_but_that_of_the_dead_which_is_counted_apart() -> None:
    settings = SETTINGS_OF_SAMPLE.model_copy(update={"service": "routing"})
    container: Any = ServiceContainer(RoutingService, {SETTINGS: settings})
    for extension in container.extensions:
        if isinstance(extension, (Subscribe, Forwarder, RpcDoor)):
            extension.setup()
    named = set(queues.named(RoutingService, settings.retry_ladder, settings.amqp_uri))
    assert reaching.watched == named - {("dead", topology.dead_name("routing"))}
    assert {kind for kind, _ in reaching.watched} == {"work", "requests", "retry"}
