"""Other people's programs hear everything: with a stock nameko service as it happens, from the stream as it was."""

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.chassis.publish import connect
from services.contracts import events
from services.contracts.envelope import read_headers
from tests.conftest import Process, eventually
from tests.integration.world import World

pytestmark = pytest.mark.servers
HEARD = (
    *("intake.dossier_submitted", "intake.dossier_resolved", "routing.case_decided", "payment.fee_paid"),
    *("registry.record_issued", "notify.notice_sent"),
)


@dataclass(frozen=True)
class Told:
    """One message of the stream."""

    offset: int
    headers: dict[str, Any]
    body: bytes

    @property
    def data(self) -> Any:
        """What it says."""
        return json.loads(self.body)

    @property
    def type(self) -> str:
        """Its publisher and type."""
        return f"{self.headers['cloudEvents:source'][1:]}.{self.headers['cloudEvents:type']}"

    @property
    def history(self) -> tuple[str, str]:
        """Whose history it is part of: an order's, a notice's, an issuance's, a record's, a case's, a dossier's."""
        source, _, type_ = self.type.partition(".")
        own = {"payment": "order_id", "notify": "notice_id"}.get(source)
        kind = type_.split("_")[0] if source == "registry" else ""
        return source, kind + (self.data[own] if own else self.headers["cloudEvents:subject"])


def replayed(world: World, offset: Any = "first") -> list[Told]:
    """The stream from an offset to its end, over plain AMQP 0-9-1."""
    found: list[Told] = []

    def take(message: Any) -> None:
        headers = dict(message.headers)
        found.append(Told(headers.pop("x-stream-offset"), headers, _bytes(message.body)))
        message.channel.basic_ack(message.delivery_tag)

    with connect(world.stack.env["MOTCUA_AMQP_URI"]) as connection:
        channel: Any = connection.channel()
        channel.basic_qos(0, 500, False)
        channel.basic_consume("events.log", callback=take, arguments={"x-stream-offset": offset})
        while True:
            try:
                channel.connection.drain_events(timeout=0.5)
            except TimeoutError:
                return found


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)


@pytest.fixture
def book(world: World, tmp_path: Path) -> Iterator[Path]:
    """What the department's program has written down; it runs in a process of its own, with a stock nameko."""
    book = tmp_path / "book"
    broker = world.stack.env["MOTCUA_AMQP_URI"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOTCUA")}
    env = {**kept, "DEPARTMENT_BROKER": broker, "DEPARTMENT_BOOK": str(book)}
    program = Process("tests.integration.department", env, tmp_path / "department.log")
    program.start()
    eventually(book.exists)
    yield book
    program.end()
    with connect(broker) as connection:
        for heard in HEARD:
            for method in ("begin", "end", "decide", "earn", "keep", "tell"):
                connection.channel().queue_delete(f"evt-{heard.replace('.', '-')}--statistics.{method}")


def test_a_stock_nameko_service_hears_what_all_five_publish(world: World, book: Path) -> None:
    story = world.story("heard")
    story.submit()
    story.be_granted()
    world.rest()

    def heard() -> dict[str, list[Any]]:
        found = defaultdict(list)
        for line in book.read_text(encoding="utf-8").splitlines():
            type_, data = json.loads(line)
            if data.get("dossier_code") == story.code:
                found[type_].append(data)
        return found

    eventually(lambda: set(heard()) == set(HEARD) and len(heard()["notify.notice_sent"]) >= 3)
    published = [told for told in replayed(world) if told.headers["cloudEvents:subject"] == story.code]
    for type_, told in heard().items():
        said = [one.data for one in published if one.type == type_]
        assert sorted(map(json.dumps, told)) == sorted(map(json.dumps, said))
    (resolved,), (record,) = heard()["intake.dossier_resolved"], heard()["registry.record_issued"]
    assert (resolved["outcome"], resolved["number"]) == ("granted", record["number"])


def test_the_stream_gives_each_history_whole_and_in_order(world: World) -> None:
    assert world.granted
    assert world.companys
    histories: dict[tuple[str, str], list[int]] = defaultdict(list)
    by_id: dict[str, bytes] = {}
    for told in replayed(world):
        if told.type.startswith("sample."):  # a service of the chassis' own tests
            continue
        envelope = read_headers(told.headers)
        assert told.headers["cloudEvents:specversion"] == "1.0"
        assert events.read(envelope.source, envelope.type, envelope.v, told.data)
        if envelope.id not in by_id:
            histories[told.history].append(envelope.sequence)
        assert by_id.setdefault(envelope.id, told.body) == told.body, "the same event said two things"
    for history, sequence in histories.items():
        assert sequence == list(range(1, len(sequence) + 1)), history
    assert {source for source, _ in histories} == set(events.PUBLISHERS)


def test_the_stream_can_be_read_from_any_place(world: World) -> None:
    everything = replayed(world)
    middle = everything[len(everything) // 2]
    later = replayed(world, middle.offset)
    assert [told.offset for told in later] == [told.offset for told in everything if told.offset >= middle.offset]
    assert later[0] == middle
