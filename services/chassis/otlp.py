"""Spans on their way to an OTLP collector over HTTP: in batches, beside the work, dropped where nobody takes them."""

import ipaddress
import os
import threading
import time
from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from eventlet import patcher
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import Decision, ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from services.chassis import metrics
from services.chassis.logs import log
from services.chassis.tracing import Span, parsed

_KINDS: Final = {kind.name.lower(): kind for kind in SpanKind}
_SECONDS_TO_EXPORT: Final = 3.0
_SECONDS_TO_END: Final = 2.0
_SECONDS_BETWEEN_WORDS: Final = 300.0  # about one outage of the collector
_SECONDS_TO_FIND: Final = 2.0
_LOOK_EVERY: Final = 0.02
_MOST_WAITING: Final = 2048


class Exporting:
    """Records spans and sends them to the collector at `endpoint`; of new traces the share `ratio`."""

    def __init__(self, endpoint: str, ratio: float, process: str, processor: SpanProcessor | None = None) -> None:
        self._ratio = TraceIdRatioBased(ratio)
        self._ids = _ChosenIds()
        self._provider = TracerProvider(
            sampler=ParentBased(self._ratio),
            resource=_resource(process),
            id_generator=self._ids,
            shutdown_on_exit=False,  # it would wait for half a minute
        )
        self._provider.add_span_processor(processor or _batches(endpoint))
        self._tracer = self._provider.get_tracer("motcua.chassis")

    def keeps(self, trace_id: str) -> bool:
        """Whether a new trace of this id is among the share."""
        return self._ratio.should_sample(None, int(trace_id, 16), "").decision is Decision.RECORD_AND_SAMPLE

    def write(self, span: Span) -> None:
        """Put a span into the queue; where that is full, the oldest one goes."""
        ended, lasted = time.time_ns(), int((time.perf_counter() - span.began) * 1e9)
        own = _context(span.trace)
        self._ids.choose(own)
        parent = Context() if span.parent is None else _inside(_context(span.parent))
        links = [Link(_context(one)) for one in span.links]
        made = self._tracer.start_span(
            span.name, parent, _KINDS[span.kind], dict(span.attributes), links, start_time=ended - lasted
        )
        if span.failed is not None:
            made.set_status(Status(StatusCode.ERROR, span.failed))
        made.end(ended)

    def close(self) -> None:
        """Send what is left, but not for long."""
        ending = threading.Thread(target=self._provider.shutdown, name="traces", daemon=True)
        ending.start()
        ending.join(_SECONDS_TO_END)


class Reporting(SpanExporter):
    """Sends batches, counts what is lost, and says so once in a while.

    Lost are batches that the collector does not take, and what more than `most` that wait push out: nobody else tells.
    """

    def __init__(self, exporter: SpanExporter, host: str, most: int = _MOST_WAITING) -> None:
        self._exporter, self._host, self._most = exporter, host, most
        self._turn = threading.Lock()
        self._waiting, self._lost, self._is_away = 0, 0, False
        self._said_at = -_SECONDS_BETWEEN_WORDS

    def await_one(self) -> None:
        """One more span waits to be sent."""
        with self._turn:
            is_full = self._waiting >= self._most
            self._waiting += not is_full
        if is_full:
            self._lose(1)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch, or lose it."""
        with self._turn:
            self._waiting -= len(spans)
        taken = is_findable(self._host) and self._exporter.export(spans) is SpanExportResult.SUCCESS
        if taken:
            self._say_found()
            return SpanExportResult.SUCCESS
        self._is_away = True
        self._lose(len(spans))
        return SpanExportResult.FAILURE

    def _lose(self, count: int) -> None:
        metrics.SPANS_LOST.inc(count)
        with self._turn:
            self._lost += count
            lost, present = self._lost, time.monotonic()
            is_time = present - self._said_at >= _SECONDS_BETWEEN_WORDS
            self._said_at = present if is_time else self._said_at
        if is_time:
            log.warning("traces_not_exported", lost=lost)

    def _say_found(self) -> None:
        if self._is_away:
            with self._turn:
                lost, self._lost, self._is_away = self._lost, 0, False
            log.info("traces_exported_again", lost=lost)

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()


class Batches(BatchSpanProcessor):
    """Collects spans into batches; where too many wait the oldest goes, which the SDK says in its own log only."""

    def __init__(self, reporting: Reporting) -> None:
        super().__init__(reporting, max_queue_size=_MOST_WAITING, schedule_delay_millis=1000, max_export_batch_size=256)
        self._reporting = reporting

    def on_end(self, span: ReadableSpan) -> None:
        """One more waits."""
        self._reporting.await_one()
        super().on_end(span)


class _ChosenIds(IdGenerator):
    """Gives a span the identity that was chosen for it when its work began."""

    def __init__(self) -> None:
        self._chosen = threading.local()

    def choose(self, context: SpanContext) -> None:
        self._chosen.context = context

    def generate_trace_id(self) -> int:
        return int(self._chosen.context.trace_id)

    def generate_span_id(self) -> int:
        return int(self._chosen.context.span_id)


def is_findable(host: str) -> bool:
    """Whether the name of a host can be looked up, so that the next look-up will not take long.

    Under eventlet a look-up that nobody answers would hold up everything else: here a thread of its own waits for it.
    """
    if not patcher.is_monkey_patched("socket") or _is_address(host):
        return True
    found: list[bool] = []
    patcher.original("threading").Thread(target=_look_up, args=(host, found), daemon=True).start()
    until = time.monotonic() + _SECONDS_TO_FIND
    while not found and time.monotonic() < until:
        time.sleep(_LOOK_EVERY)
    return bool(found and found[0])


def _look_up(host: str, found: list[bool]) -> None:
    try:
        patcher.original("socket").getaddrinfo(host, None)
    except OSError:
        found.append(False)
    else:
        found.append(True)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _batches(endpoint: str) -> SpanProcessor:
    exporter = OTLPSpanExporter(f"{endpoint.rstrip('/')}/v1/traces", timeout=_SECONDS_TO_EXPORT)
    return Batches(Reporting(exporter, urlsplit(endpoint).hostname or ""))


def _resource(process: str) -> Resource:
    service, _, door = process.partition("-")
    return Resource.create(
        {
            "service.namespace": "motcua",
            "service.name": service,
            "service.instance.id": f"{process}.{os.getpid()}@{os.uname().nodename}",
            "motcua.door": door or "bus",
        }
    )


def _context(trace: str) -> SpanContext:
    known = parsed(trace)
    if known is None:
        raise ValueError("not a traceparent")
    flags = TraceFlags(int(known["flags"], 16))
    return SpanContext(int(known["trace"], 16), int(known["span"], 16), is_remote=True, trace_flags=flags)


def _inside(parent: SpanContext) -> Context:
    return trace.set_span_in_context(NonRecordingSpan(parent), Context())
