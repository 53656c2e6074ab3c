"""Spans recorded in memory, and a broker, a store and a door that lead to some."""

from collections.abc import Sequence
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from flask import Flask
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis.counted import counted
from services.chassis.http import _problem, answer
from services.chassis.otlp import Exporting
from services.chassis.publish import Outgoing
from services.chassis.relay import Relay
from services.chassis.rpc import VERIFIER
from services.chassis.subscribe import Received, read_event
from services.chassis.traced import traced
from services.contracts.event import Event
from tests.keys import verifier
from tests.unit.fakes import FakeCollection

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
UNKEPT = f"00-{'c' * 32}-{'d' * 16}-00"
CODE = "000.00.06.G14-261126-0001"


class Seen:
    """What was recorded, in the order of its end."""

    def __init__(self, ratio: float = 1.0) -> None:
        self._exporter = InMemorySpanExporter()
        self.recorder = Exporting("http://nowhere", ratio, "sample-http", SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        """All spans."""
        return self._exporter.get_finished_spans()

    def named(self, name: str) -> list[ReadableSpan]:
        """The spans of a name."""
        return [span for span in self.spans if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        """The only span of a name."""
        (found,) = self.named(name)
        return found


class Broker:
    """Confirms everything, or refuses it."""

    def __init__(self, *, takes: bool = True) -> None:
        self.takes, self.messages = takes, list[Outgoing]()

    def publish(self, messages: Sequence[Outgoing]) -> list[bool]:
        self.messages.extend(messages)
        return [self.takes] * len(messages)

    def check(self) -> None:
        """The line stands."""

    def close(self) -> None:
        """Nothing to close."""


class Marked(FakeCollection):
    """Takes the relay's marks for written."""

    def bulk_write(self, operations: Sequence[Any], *, ordered: bool) -> Any:
        is_mark = "relayed" in getattr(operations[0], "_filter", ())
        return None if is_mark else super().bulk_write(operations, ordered=ordered)


def withdrawn(code: str = CODE) -> Any:
    """One more withdrawal of a dossier."""
    at = datetime(2026, 11, 26, tzinfo=UTC)
    return lambda _state: [Event("dossier_withdrawn", {"dossier_code": code, "withdrawn_at": at})]


def identity(span: ReadableSpan) -> str:
    """A span's own traceparent."""
    assert span.context is not None
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"


def parent_of(span: ReadableSpan) -> str | None:
    """The traceparent of its parent."""
    return f"00-{span.parent.trace_id:032x}-{span.parent.span_id:016x}-01" if span.parent else None


def said(span: ReadableSpan) -> dict[str, Any]:
    """Its attributes."""
    return dict(span.attributes or {})


def received(message: Outgoing) -> tuple[Received, dict[str, Any]]:
    """The event that a message brings, and its headers."""
    raw: Any = SimpleNamespace(headers=message.headers, body=message.body)
    return read_event(raw), message.headers


def door(serve: Any, *, knows_keys: bool = True) -> Any:
    """A client of a door with one route; one of the portal's kind knows no keys."""
    app = Flask("sample")
    app.extensions |= {VERIFIER: verifier()} if knows_keys else {}
    app.register_error_handler(Exception, _problem)
    app.add_url_rule("/tally/<ticket>", "tally", serve, methods=["POST"])
    app.add_url_rule("/health/ready", "ready", lambda ticket="": answer({"ready": True}))
    return traced(counted(app)).test_client()


def relay(journal: Any, broker: Any) -> None:
    """What the journal holds is published."""
    relaying = Relay("intake", broker)
    relaying.add(journal)
    for id_ in journal.collection.documents:
        relaying.wake(journal, id_)
    relaying.stop()
