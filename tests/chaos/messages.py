"""Messages as nobody should send them: said again, out of order, too big, too deep, of no version, for nobody."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from services.chassis import dead
from services.chassis.dead import DeadLetter
from services.chassis.publish import Outgoing, Publisher, connect, open_channel
from services.chassis.queues import work_queues
from services.chassis.topology import dead_name
from services.cli.topology import service_classes
from services.contracts.events import PUBLISHERS
from tests.integration.test_bad_events import BODY, HEADERS
from tests.integration.world import Raw

_AT_ONCE: Final = 200
_MEGABYTE: Final = 1_000_000


@dataclass(frozen=True)
class Poison:
    """A message that no service can make anything of, and a pattern of why."""

    name: str
    body: bytes
    headers: Mapping[str, Any]
    why: str


_NO_JSON: Final = r"^Invalid message\.not_json: "
_NO_EVENT: Final = r"^Invalid message\.not_an_event: "
_VERSION: Final = {"cloudEvents:dataschema": "urn:motcua:intake:dossier_withdrawn:v99"}
POISON: Final = (
    Poison("half a JSON text", b'{"dossier_code": ', HEADERS, _NO_JSON),
    Poison("no text", b"\xff\xfe\x00", HEADERS, _NO_JSON),
    Poison("no headers", BODY, {}, _NO_EVENT + "attribute id is missing"),
    Poison("a version to come", BODY, {**HEADERS, **_VERSION}, _NO_EVENT + "intake.dossier_withdrawn v99 is unknown"),
    Poison("10 MB", b'{"x": "' + b"x" * (10 * _MEGABYTE) + b'"}', HEADERS, r"^Invalid message\.too_large: "),
    Poison("100 brackets deep", b"[" * 100 + b"]" * 100, HEADERS, r"^Invalid message\.too_deep: "),
    Poison("5,000 brackets deep", b"[" * 5_000 + b"]" * 5_000, HEADERS, _NO_JSON),  # the parser itself gives up
    Poison(
        "a disguised object",
        b'{"dossier_code": {"__type__": "uuid", "__value__": "x"}}',
        HEADERS,
        _NO_EVENT + "intake.dossier_withdrawn: dossier_code: Must be text.; withdrawn_at: ",
    ),
    Poison(
        "an operator",
        b'{"dossier_code": {"$ne": null}, "withdrawn_at": "2026-01-01T00:00:00+00:00"}',
        HEADERS,
        _NO_EVENT + "intake.dossier_withdrawn: dossier_code: Must be text.$",
    ),
)
# To be answered to nobody: without `reply_to`, without anything, and not even JSON.
REQUESTS: Final = (
    json.dumps({"args": [], "kwargs": {}}).encode(),
    b"",
    b"[" * 5_000 + b"]" * 5_000,
    b'{"args": [], "kwargs": {"x": "' + b"x" * (10 * _MEGABYTE) + b'"}}',
)


def queues_of_work() -> list[tuple[str, str]]:
    """Every work queue, and whose it is."""
    return [(service.name, queue.name) for service in service_classes() for queue in work_queues(service)]


def deliveries(events: Sequence[Outgoing]) -> Counter[str]:
    """How many of these events each work queue gets that is bound to their kind."""
    told = Counter((event.exchange, event.routing_key) for event in events)
    queues = [queue for service in service_classes() for queue in work_queues(service)]
    return Counter(
        {queue.name: sum(told[one.exchange.name, one.routing_key] for one in queue.bindings) for queue in queues}
    )


def damage(uri: str, queue: str, spoil: Callable[[bytes], bytes]) -> Outgoing:
    """What waits first in this queue waits last now, with a spoilt body; gives the original. Raises LookupError."""
    with connect(uri) as connection:
        channel = open_channel(connection)
        message = channel.basic_get(queue)
        if message is None:
            raise LookupError(f"nothing waits in {queue}")
        told = message.delivery_info
        original = Outgoing(
            message.properties["message_id"], told["exchange"], told["routing_key"], message.body, message.headers
        )
        say(uri, [replace(original, exchange="", routing_key=queue, body=spoil(original.body))])
        channel.basic_ack(told["delivery_tag"])
    return original


def mend(uri: str, service: str, original: Outgoing) -> None:
    """The dead letter of this event, wherever it rests at this service, reads again as it was written."""

    def put_right(letter: DeadLetter) -> None:
        say(uri, [replace(original, exchange="", routing_key=dead_name(service), headers=letter.headers)])

    dead.discard(uri, service, [original.id], put_right)


def poison(uri: str, queues: Sequence[str], kinds: Sequence[Poison] = POISON) -> None:
    """Each kind into each of these queues."""
    raw = Raw(uri)
    for queue in queues:
        for kind in kinds:
            raw.send("", queue, kind.body, kind.headers)
    raw.close()


def ask_without_return(uri: str, services: Sequence[str] = tuple(PUBLISHERS)) -> int:
    """Requests to services that can be answered to nobody; how many."""
    raw = Raw(uri)
    for service in services:
        for body in REQUESTS:
            raw.send("nameko-rpc", f"{service}.health", body, {}, content_type="application/json")
    raw.close()
    return len(services) * len(REQUESTS)


def resting_count(uri: str) -> int:
    """How many dead letters there are."""
    return sum(dead.count(uri, service) for service in PUBLISHERS)


def resting(uri: str) -> dict[str, list[str]]:
    """Why each of the dead letters rests, by the queue it failed in."""
    found: dict[str, list[str]] = {}
    for service in PUBLISHERS:
        for letter in dead.peek(uri, service, 10_000):
            found.setdefault(letter.queue, []).append(letter.reason)
    return found


def otherwise(reasons: Sequence[str], kinds: Sequence[Poison] = POISON) -> Iterator[str]:
    """What is wrong where there must be one dead letter of each kind, with its own reason, and nothing else."""
    left = list(reasons)
    for kind in kinds:
        own = next((one for one in left if re.search(kind.why, one)), None)
        if own is None:
            yield f"{kind.name} does not rest for what is wrong with it"
        else:
            left.remove(own)
    yield from (f"one rests for another reason, or twice: {one}" for one in left)


def bury(uri: str) -> None:
    """Take all dead letters away."""
    with connect(uri) as connection:
        for service in PUBLISHERS:
            connection.channel().queue_purge(dead_name(service))


def say(uri: str, events: Sequence[Outgoing]) -> None:
    """Publish events in this order."""
    publisher = Publisher(uri)
    try:
        for start in range(0, len(events), _AT_ONCE):
            if not all(publisher.publish(events[start : start + _AT_ONCE])):
                raise RuntimeError("the broker refused what was said again")
    finally:
        publisher.close()
