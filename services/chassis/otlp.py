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

from services.chassis.logs import log
from services.chassis.tracing import Span, parsed

_KINDS: Final = {kind.name.lower(): kind for kind in SpanKind}
_SECONDS_TO_EXPORT: Final = 3.0
_SECONDS_TO_END: Final = 2.0
_SECONDS_BETWEEN_WORDS: Final = 300.0  # about one outage of the collector
_SECONDS_TO_FIND: Final = 2.0
_LOOK_EVERY: Final = 0.02


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
    """Sends batches, and says once in a while that they are lost, and how many."""

    def __init__(self, exporter: SpanExporter, host: str) -> None:
        self._exporter, self._host = exporter, host
        self._lost = 0
        self._said_at = -_SECONDS_BETWEEN_WORDS

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch, or lose it."""
        taken = is_findable(self._host) and self._exporter.export(spans) is SpanExportResult.SUCCESS
        if taken:
            self._say_found()
            return SpanExportResult.SUCCESS
        self._lost += len(spans)
        if time.monotonic() - self._said_at >= _SECONDS_BETWEEN_WORDS:
            log.warning("traces_not_exported", lost=self._lost)
            self._said_at = time.monotonic()
        return SpanExportResult.FAILURE

    def _say_found(self) -> None:
        if self._lost:
            log.info("traces_exported_again", lost=self._lost)
            self._lost = 0

    def shutdown(self) -> None:
        """Send no more."""
        self._exporter.shutdown()


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
    reporting = Reporting(exporter, urlsplit(endpoint).hostname or "")
    return BatchSpanProcessor(reporting, max_queue_size=2048, schedule_delay_millis=1000, max_export_batch_size=256)


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
