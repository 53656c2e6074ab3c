"""What is no event rests in the dead letters of its reader, with the reason, and those behind it are handled."""

from collections.abc import Iterator
from typing import Any

import pytest

from services.chassis import dead
from services.chassis.publish import connect
from services.chassis.queues import work_queues
from services.chassis.topology import dead_name
from services.cli.topology import service_classes
from tests.conftest import eventually
from tests.integration.world import Raw, World

pytestmark = pytest.mark.servers

HEADERS = {
    "cloudEvents:specversion": "1.0",
    "cloudEvents:id": "hostile-1",
    "cloudEvents:source": "/intake",
    "cloudEvents:type": "dossier_withdrawn",
    "cloudEvents:subject": "000.00.06.G14-260101-9999",
    "cloudEvents:time": "2026-01-01T00:00:00+00:00",
    "cloudEvents:dataschema": "urn:motcua:intake:dossier_withdrawn:v1",
    "cloudEvents:sequence": 2,
    "cloudEvents:correlationid": "c",
    "cloudEvents:causationid": "c",
    "cloudEvents:traceparent": "00-0-0-01",
}
BODY = b'{"dossier_code": "000.00.06.G14-260101-9999", "withdrawn_at": "2026-01-01T00:00:00+00:00"}'
NOT_ASKED_FOR = b'{"dossier_code": "x", "unit": "vnnic", "clock": "answer", "due_at": "2026-01-01T00:00:00+00:00"}'
OF_ANOTHER_TYPE = {
    "cloudEvents:type": "deadline_slipped",
    "cloudEvents:dataschema": "urn:motcua:routing:deadline_slipped:v1",
}
MALFORMED: tuple[tuple[bytes, dict[str, Any], dict[str, str]], ...] = (
    (BODY, {}, {}),
    (b"{", HEADERS, {}),
    (b"\xff\xfe", HEADERS, {}),
    (b'{"dossier_code": "\\ud800"}', HEADERS, {"content_encoding": "unicode_escape"}),
    (b'{"dossier_code": "\\ud800", "withdrawn_at": "2026-01-01T00:00:00+00:00"}', HEADERS, {}),
    (b"x" + BODY, HEADERS, {"content_encoding": "zlib"}),
    (BODY, {**HEADERS, "cloudEvents:type": "x", "cloudEvents:dataschema": "urn:motcua:intake:x:v1"}, {}),
    (BODY, {**HEADERS, "cloudEvents:dataschema": "urn:motcua:nobody:dossier_withdrawn:v1"}, {}),
    (NOT_ASKED_FOR, {**HEADERS, **OF_ANOTHER_TYPE}, {}),
    (b'{"dossier_code": {"$ne": null}, "withdrawn_at": "2026-01-01T00:00:00+00:00"}', HEADERS, {}),
    (b'{"dossier_code": "x", "withdrawn_at": "2026-02-30T00:00:00+00:00"}', HEADERS, {}),
    (b'{"dossier_code": "x", "withdrawn_at": "0001-01-01T00:00:00+14:00"}', HEADERS, {}),
    (b'{"dossier_code": "x\\u0000", "withdrawn_at": "2026-01-01T00:00:00+00:00"}', HEADERS, {}),
    (b"[" * 5000 + b"]" * 5000, HEADERS, {}),
    (b'{"x": "' + b"x" * 2_000_000 + b'"}', HEADERS, {}),
    (BODY, {**HEADERS, "cloudEvents:dataschema": "urn:motcua:intake:dossier_withdrawn:v99"}, {}),
    (BODY, {**HEADERS, "cloudEvents:sequence": True}, {}),
    (BODY, {**HEADERS, "cloudEvents:id": ""}, {}),
    (b"cos\nsystem\n(S'true'\ntR.", HEADERS, {"content_type": "application/x-python-serialize"}),
)
READERS = {service.name: next(iter(work_queues(service))).name for service in service_classes()}


@pytest.fixture
def clean(world: World) -> Iterator[str]:
    """The broker's address; the dead letters made here are swept away afterwards."""
    uri = world.stack.env["MOTCUA_AMQP_URI"]
    assert all(dead.count(uri, name) == 0 for name in READERS)
    yield uri
    with connect(uri) as connection:
        for name in READERS:
            connection.channel().queue_purge(dead_name(name))


def test_every_service_puts_aside_what_is_no_event_and_goes_on(clean: str, untouched: World, raw: Raw) -> None:
    for queue in READERS.values():
        for body, headers, properties in MALFORMED:
            raw.send("", queue, body, headers, **properties)
    for service in READERS:
        eventually(lambda service=service: dead.count(clean, service) == len(MALFORMED))  # type: ignore[misc]
        letters = dead.peek(clean, service)
        assert {letter.queue for letter in letters} == {READERS[service]}
        assert all(letter.reason.startswith("Invalid message.") for letter in letters), letters
    untouched.rest()


def test_what_comes_behind_is_handled(world: World) -> None:
    story = world.story("behind")
    story.submit()
    story.be_granted()
    assert story.dossier()["result"]["number"]
