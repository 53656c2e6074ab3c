"""An OTLP/HTTP collector, by the protocol's own definitions and nothing of ours: what came, decoded."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.conftest import PATIENCE


@dataclass(frozen=True)
class Recorded:
    """A span as it came over the wire; ids in hex, `links` as (trace id, span id)."""

    service: str
    door: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    began: int
    ended: int
    attributes: dict[str, Any]
    links: tuple[tuple[str, str], ...]
    failed: bool


@dataclass
class Collector:
    """A collector on a loopback port; while it `hangs` it answers nobody, and while it `refuses` it takes nothing."""

    spans: list[Recorded] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    hangs: bool = False
    refuses: bool = False
    address: str = ""
    _released: threading.Event = field(default_factory=threading.Event)

    def of(self, dossier_code: str) -> list[Recorded]:
        """The spans that a search for this code finds."""
        return [span for span in self.spans if span.attributes.get("motcua.dossier_code") == dossier_code]

    def take(self, path: str, content_type: str, body: bytes) -> int:
        """One request; the status it is answered with."""
        if (path, content_type) != ("/v1/traces", "application/x-protobuf"):
            self.wrong.append(f"{path} {content_type}")
        self.bodies.append(body)
        if self.hangs:
            self._released.wait(PATIENCE)
            return 503
        if self.refuses:
            return 400
        self.spans.extend(_read(body))
        return 200

    def release(self) -> None:
        """Let those go that were kept waiting."""
        self.hangs = False
        self._released.set()


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = collector.take(self.path, self.headers["Content-Type"], body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            with suppress(BrokenPipeError):  # whoever asked waits no longer
                self.wfile.write(answer)

        def log_message(self, *_args: Any) -> None:
            """Nothing to say."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    collector.address = f"http://127.0.0.1:{server.server_port}"
    try:
        yield collector
    finally:
        collector.release()
        server.shutdown()
        server.server_close()


def _read(body: bytes) -> Iterator[Recorded]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    for resource in request.resource_spans:
        of = _attributes(resource.resource.attributes)
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield Recorded(
                    service=of["service.name"],
                    door=of["motcua.door"],
                    name=span.name,
                    kind=span.kind,
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    began=span.start_time_unix_nano,
                    ended=span.end_time_unix_nano,
                    attributes=_attributes(span.attributes),
                    links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                    failed=span.status.code == span.status.STATUS_CODE_ERROR,
                )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in pairs}
