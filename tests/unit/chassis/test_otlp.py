"""Spans leave beside the work, or not at all: whether the collector takes them is nobody else's affair."""

import subprocess
import sys
import threading
from time import perf_counter
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.chassis import otlp
from services.chassis.otlp import Batches, Exporting, Reporting
from services.chassis.tracing import Span
from tests.conftest import ROOT
from tests.unit.chassis.recorded import TRACE
from tests.unit.counts import counted


def recorder(ratio: float) -> Exporting:
    """Of new traces it keeps a share."""
    return Exporting("http://nowhere", ratio, "sample", SimpleSpanProcessor(InMemorySpanExporter()))


def test_of_new_traces_the_share_is_kept_that_was_asked_for_and_every_process_keeps_the_same() -> None:
    half, other = recorder(0.5), recorder(0.5)
    ids = [f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}" for number in range(1, 1001)]
    kept = [id_ for id_ in ids if half.keeps(id_)]
    assert 400 < len(kept) < 600
    assert kept == [id_ for id_ in ids if other.keeps(id_)]
    assert not any(recorder(0.0).keeps(id_) for id_ in ids)


class Collector(SpanExporter):
    """Takes batches or not."""

    def __init__(self) -> None:
        self.takes, self.asked = True, 0

    def export(self, _spans: Any) -> SpanExportResult:
        """Take a batch."""
        self.asked += 1
        return SpanExportResult.SUCCESS if self.takes else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Nothing."""


def test_a_collector_that_is_away_is_a_line_once_in_a_while_and_another_when_it_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines, before = heard(monkeypatch), counted("motcua_spans_lost_total")
    collector, batch = Collector(), [None, None]
    reporting = Reporting(collector, "127.0.0.1")
    collector.takes = False
    for _ in range(50):
        reporting.export(batch)  # type: ignore[arg-type]
    collector.takes = True
    reporting.export(batch)  # type: ignore[arg-type]
    reporting.export(batch)  # type: ignore[arg-type]
    assert collector.asked == 52
    assert lines == [("traces_not_exported", {"lost": 2}), ("traces_exported_again", {"lost": 100})]
    assert counted("motcua_spans_lost_total") == before + 100


def heard(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """What is logged from now on."""
    lines: list[tuple[str, Any]] = []
    told = SimpleNamespace(
        warning=lambda event, **known: lines.append((event, known)),
        info=lambda event, **known: lines.append((event, known)),
    )
    monkeypatch.setattr(otlp, "log", told)
    return lines


class Slow(Collector):
    """Holds its first batch until it `may_go_on`."""

    def __init__(self) -> None:
        super().__init__()
        self.has_begun, self.may_go_on, self.taken = threading.Event(), threading.Event(), 0

    def export(self, spans: Any) -> SpanExportResult:
        """Take a batch, in the end."""
        self.taken += len(spans)
        self.has_begun.set()
        assert self.may_go_on.wait(60)
        return super().export(spans)


def test_what_a_full_queue_pushes_out_is_lost_too_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    lines, before, slow = heard(monkeypatch), counted("motcua_spans_lost_total"), Slow()
    full = Exporting("http://nowhere", 1.0, "sample", Batches(Reporting(slow, "127.0.0.1")))
    one = Span("internal", "x", TRACE, None, perf_counter(), {})
    for _ in range(256):
        full.write(one)
    assert slow.has_begun.wait(60)
    for _ in range(2048 - (256 - slow.taken)):
        full.write(one)
    assert (lines, counted("motcua_spans_lost_total")) == ([], before)
    for _ in range(3):
        full.write(one)
    assert lines == [("traces_not_exported", {"lost": 1})]
    slow.may_go_on.set()
    full.close()
    assert slow.taken == 256 + 2048
    assert counted("motcua_spans_lost_total") == before + 3
    assert len(lines) == 1, "nobody was away who is back"


def test_whoever_records_nothing_loads_nothing_and_keeps_no_work() -> None:
    script = (
        "import services.chassis.patched, sys\n"
        "import services.intake.service, services.intake.http, services.notify.wiring, services.payment.wiring\n"
        "from services.chassis import spans, tracing\n"
        "from types import SimpleNamespace\n"
        "spans.enter(SimpleNamespace(cause=SimpleNamespace(trace='x')))\n"
        "assert tracing.current() is None and tracing.here() is None and spans.carried() == {}\n"
        "assert tracing.new_trace().endswith('-01')\n"
        "print([name for name in sys.modules if name.startswith(('opentelemetry', 'google.protobuf'))])\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.strip() == "[]"


def test_a_name_that_nobody_looks_up_holds_up_nobody_but_the_spans() -> None:
    script = (
        "import services.chassis.patched\n"
        "import eventlet, time\n"
        "from eventlet import patcher\n"
        "from services.chassis import otlp\n"
        "otlp._look_up = lambda host, found: patcher.original('time').sleep(600)\n"
        "steps = []\n"
        "def work():\n"
        "    while True:\n"
        "        steps.append(1)\n"
        "        time.sleep(0.01)\n"
        "eventlet.spawn(work)\n"
        "print(otlp.is_findable('collector.example.vn'), len(steps) > 5)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.split() == ["False", "True"]


def test_a_name_that_is_known_and_an_address_are_found() -> None:
    script = (
        "import services.chassis.patched\n"
        "from services.chassis import otlp\n"
        "print(otlp.is_findable('localhost'), otlp.is_findable('::1'), otlp.is_findable('collector.invalid'))\n"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.split() == ["True", "True", "False"]
