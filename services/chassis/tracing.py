"""Traces: which work led to which, through every process. Nothing is recorded unless `MOTCUA_OTLP_ENDPOINT` is set.

A span is written down when its work is done, like a line of a log. Its identity, a W3C traceparent, was chosen when
the work began and travels anyway: in causes, in histories, in headers. So a history that is published a day later, a
message that climbed the ladder or was replayed, and each message of a batch name their true parent, and no span is
carried about open. `Work` is what is done here and now, in this thread or greenlet, for calls that lead out of it.
"""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Literal, Protocol

from services.chassis.errors import ServiceError
from services.chassis.logs import log
from services.chassis.settings import Settings

Attribute = str | int | float | bool
Kind = Literal["server", "client", "producer", "consumer", "internal"]
_W3C = re.compile(r"00-(?P<trace>(?!0{32})[0-9a-f]{32})-(?P<span>(?!0{16})[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})")
_OUR_FAULT = 500


@dataclass(slots=True)
class Work:
    """What is being done: its own traceparent, and what is known so far of what it is about.

    Work on `many` things (a timer's round) is recorded only if it led to something, and is about none of them.
    """

    trace: str
    noted: dict[str, Attribute] = field(default_factory=dict)
    outer: "Work | None" = None
    many: bool = False
    led_on: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """Work that is done. `trace` and `parent` are traceparents, as are `links`; `began` is of `perf_counter`."""

    kind: Kind
    name: str
    trace: str
    parent: str | None
    began: float
    attributes: Mapping[str, Attribute]
    failed: str | None = None
    links: Sequence[str] = ()


class Recorder(Protocol):
    """Where spans go. Nothing of it may wait for anybody."""

    def keeps(self, trace_id: str) -> bool:
        """Whether a new trace of this id is recorded: the same answer in every process."""

    def write(self, span: Span) -> None:
        """Record a span that is to be kept."""

    def close(self) -> None:
        """Send what is left; returns within a few seconds."""


_recorder: Recorder | None = None
_here: ContextVar[Work | None] = ContextVar("motcua_work", default=None)
OFF: AbstractContextManager[None] = nullcontext()  # work of which nothing is recorded


def start(settings: Settings, process: str) -> None:
    """Record from now on, if an endpoint is set; in a worker of gunicorn, after the fork."""
    if settings.otlp_endpoint is not None:
        from services.chassis.otlp import Exporting  # whoever records nothing need not load it

        record_with(Exporting(settings.otlp_endpoint, settings.trace_ratio, process))
        log.info("traces_exported", ratio=settings.trace_ratio)


def stop() -> None:
    """Send what is left, and record no more."""
    if _recorder is not None:
        recorder = _recorder
        record_with(None)
        recorder.close()


def record_with(recorder: Recorder | None) -> None:
    """Give spans to this recorder, or to none."""
    global _recorder
    _recorder = recorder


def is_on() -> bool:
    """Whether anything is recorded."""
    return _recorder is not None


def parsed(trace: Any) -> re.Match[str] | None:
    """The parts of a traceparent; None for what is none."""
    return _W3C.fullmatch(trace) if isinstance(trace, str) else None


def new_trace() -> str:
    """A fresh W3C traceparent."""
    trace_id = secrets.token_hex(16)
    kept = _recorder is None or _recorder.keeps(trace_id)
    return f"00-{trace_id}-{secrets.token_hex(8)}-{'01' if kept else '00'}"


def next_span(trace: Any) -> str:
    """The same trace, one step on; a fresh one for what is no traceparent: what is kept here is published again."""
    known = parsed(trace)
    return f"00-{known['trace']}-{secrets.token_hex(8)}-{known['flags']}" if known else new_trace()


def here() -> str | None:
    """The work that is being done here, as the parent of what it leads to; None where nothing is recorded."""
    work = _here.get() if _recorder is not None else None
    if work is None:
        return None
    work.led_on = True
    return work.trace


def current() -> Work | None:
    """The work that is being done here."""
    return _here.get() if _recorder is not None else None


def enter(work: Work) -> None:
    """From now on this greenlet or thread does `work`, until it ends or does other work."""
    _here.set(work)


def leave() -> None:
    """The work of this thread is done."""
    _here.set(None)


def note(attribute: str, value: Attribute) -> None:
    """Say of the work here, and of the work that it is part of, what it is about."""
    work = _here.get() if _recorder is not None else None
    while work is not None and not work.many:
        work.noted.setdefault(attribute, value)
        work = work.outer


def doing(
    kind: Kind,
    name: str,
    attributes: Mapping[str, Attribute],
    parent: str | None = None,
    links: Sequence[str] = (),
) -> AbstractContextManager[Work | None]:
    """Work that is done inside, part of `parent` or of the work here; where there is neither, nobody asks about it."""
    if _recorder is None or (parent is None and _here.get() is None):
        return OFF
    return _doing(kind, name, attributes, parent or here(), links)


def round_of(name: str) -> AbstractContextManager[Work | None]:
    """A round of a timer: a trace of its own if it leads to anything."""
    return _doing("internal", name, {}, None, (), many=True) if _recorder is not None else OFF


@contextmanager
def _doing(
    kind: Kind,
    name: str,
    attributes: Mapping[str, Attribute],
    parent: str | None,
    links: Sequence[str],
    *,
    many: bool = False,
) -> Iterator[Work]:
    outer = _here.get()
    work = Work(next_span(parent), {}, outer, many)
    before, began, failed = _here.set(work), perf_counter(), None
    try:
        yield work
    except BaseException as error:
        failed = error
        raise
    finally:
        _here.reset(before)
        if work.led_on or not many:
            known = {**(outer.noted if outer is not None else {}), **work.noted, **attributes}
            record(kind, name, work.trace, parent, began, known, failed, links)


def record(
    kind: Kind,
    name: str,
    trace: str,
    parent: Any,
    began: float,
    attributes: Mapping[str, Attribute],
    error: BaseException | str | None = None,
    links: Sequence[str] = (),
) -> None:
    """Write down work that is done, if its trace is kept; `error` is what ended it, or a word for that.

    Never raises: nobody's work may end over this.
    """
    recorder, known = _recorder, parsed(trace)
    if recorder is None or known is None or not int(known["flags"], 16) & 1:
        return
    said, failed = (attributes, None) if error is None else ({**attributes, **_told(error)}, _failure(kind, error))
    whose = parent if parsed(parent) else None
    try:
        recorder.write(Span(kind, name, trace, whose, began, said, failed, links))
    except Exception:  # noqa: BLE001
        log.exception("span_not_recorded")


def _told(error: BaseException | str) -> dict[str, Attribute]:
    """An error as attributes: names of our own, never its words, which may quote somebody's data."""
    if isinstance(error, str):
        return {"error.type": error}
    code = {"motcua.error_code": error.code} if isinstance(error, ServiceError) else {}
    return {"error.type": type(error).__name__, **code}


def _failure(kind: Kind, error: BaseException | str) -> str | None:
    """What failed, in a word; who refused what he was asked has not failed (as with the statuses of HTTP)."""
    if isinstance(error, str):
        return error
    if kind == "server" and isinstance(error, ServiceError) and error.status < _OUR_FAULT:
        return None
    return error.code if isinstance(error, ServiceError) else type(error).__name__
